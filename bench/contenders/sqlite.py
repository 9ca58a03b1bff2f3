"""The contenders on SQLite: the tables, and what those without an object layer send.

Each has a database in memory of its own, all with the same tables, filled alike through its `sql(text)`.
"""

from __future__ import annotations

from typing import Any

from . import CHILDREN, PARENTS, ROWS

SCHEMA = (
    "create table journal (id integer primary key, moment text not null, level integer not null, text text not null)",
    "create table parent (id integer primary key, name text not null)",
    "create table child (id integer primary key, name text not null, parent_id integer not null references parent(id))",
    "create index ix_child_parent on child (parent_id)",
)
NUMBERS = "with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < {})"

ONE = "select id, moment, level, text from journal where id = ?"
FIND = "select id, moment, level, text from journal"
INSERT = "insert into journal (moment, level, text) values (?, ?, ?)"
UPDATE = "update journal set level = ? where id = ?"
DELETE = "delete from journal where id = ?"
PARENTS_SQL, CHILDREN_SQL = "select id, name from parent", "select id, name, parent_id from child"


def create(contender: Any) -> None:
    for statement in SCHEMA:
        contender.sql(statement)
    contender.sql(f"insert into parent {NUMBERS.format(PARENTS)} select n + 1, 'parent ' || n from numbers")
    contender.sql(f"insert into child {NUMBERS.format(PARENTS * CHILDREN)} "
                  f"select n + 1, 'child ' || n, n / {CHILDREN} + 1 from numbers")
    refill(contender, ROWS)


def refill(contender: Any, rows: int) -> None:
    """The journal as `new_rows` has it, and no other row."""
    contender.sql("delete from journal")
    if rows:
        moment = "strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01 12:30:15.250', '+' || n || ' seconds')"
        contender.sql(f"insert into journal {NUMBERS.format(rows)} "
                      f"select n + 1, {moment} || '{contender.zone}', n % 7, 'entry number ' || n from numbers")
