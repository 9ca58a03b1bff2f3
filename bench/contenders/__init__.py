"""One module per library, each with a class `Contender` that does the same work in its best documented form.

    one(key)             read one row by its key into what the library calls a row or object
    insert_one(), update_one(), delete_one()    one row each, autocommitted
    find()               all 10 000 rows of `journal`, four columns, one of them a time
    save(rows)           insert new rows and know their keys; `rows` is a list of (moment, level, text)
    prepare_update(), update()    10 000 loaded rows, one changed column each
    children()           1 000 parents, each with its 10 children

Every contender works on a database of its own in memory, with the same tables, filled alike.
"""

from __future__ import annotations

import datetime

ROWS, PARENTS, CHILDREN = 10_000, 1_000, 10
START = datetime.datetime(2026, 1, 1, 12, 30, 15, 250_000, tzinfo=datetime.timezone.utc)

SCHEMA = (
    "create table journal (id integer primary key, moment text not null, level integer not null, text text not null)",
    "create table parent (id integer primary key, name text not null)",
    "create table child (id integer primary key, name text not null, parent_id integer not null references parent(id))",
    "create index ix_child_parent on child (parent_id)",
)


def new_rows(count: int = ROWS) -> list[tuple[datetime.datetime, int, str]]:
    return [(START + datetime.timedelta(seconds=n), n % 7, f"entry number {n}") for n in range(count)]


def parents() -> list[tuple[int, str]]:
    return [(n + 1, f"parent {n}") for n in range(PARENTS)]


def children() -> list[tuple[int, str, int]]:
    return [(n + 1, f"child {n}", n // CHILDREN + 1) for n in range(PARENTS * CHILDREN)]
