"""What all contenders share: the rows that they work on, and how a contender looks from outside.

One module per library, each with a class `Contender(place, driver)` that does the same work in its best documented
form; a `place` of None is SQLite in memory.  It knows nothing of who measures it, nor when.

    one(key)                       read one row of `journal` by its key into what the library calls a row or object
    insert_one(row)                one row, autocommitted, key known; gives what the two below take
    update_one(thing, level), delete_one(thing)
    find(), wide()                 all 10 000 rows of a table: `journal` with 4 columns, `wide` with 32
    new(rows); save(things)        what is saved is made first, and only the saving measured; keys(result): the keys
    load(); change(things, level); update(things)    10 000 loaded rows, one changed column each; likewise
    children()                     1 000 parents, each with its 10 children
    plain(thing), plain_wide(thing), plain_children(result)    the values, to see that all read the same
    sql(text)                      on SQLite: a text without arguments, run by the library's own means; its rows

`works` says which of the works below a contender does; `also` names further ways of doing one, as
{work: {way: suffix}}: the functions of that way end in _suffix.  A contender that says `is_async` has
coroutines for all but `new`, `change` and the plain ones, and runs in a loop of its own.
A list is saved, and a list updated, in one transaction: all of it or nothing.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

# one: P1.  single: P3.  find: P4.  wide: P5.  save: P6.  update: P7.  children: P8.  All but wide: P9, on SQLite.
# first: P0: 10 000 saved one by one and as a list, all read, 100 updated, 100 deleted.
NARROW = ("one", "find", "children", "single", "save", "update")
ALL = (*NARROW, "wide")

ROWS, PARENTS, CHILDREN = 10_000, 1_000, 10
START = datetime.datetime(2026, 1, 1, 12, 30, 15, 250_000, tzinfo=datetime.timezone.utc)

# name, type in the words of PostgreSQL, may it be NULL
WIDE = (
    ("id", "bigint", False), ("small", "smallint", False), ("amount", "integer", False), ("size", "integer", False),
    ("total", "bigint", False), ("ratio", "double precision", False), ("weight", "double precision", False),
    ("score", "real", False), ("is_open", "boolean", False), ("is_paid", "boolean", False),
    ("name", "varchar(80)", False), ("title", "text", False), ("note", "text", False), ("city", "text", False),
    ("country", "varchar(2)", False), ("price", "numeric(12,2)", False), ("tax", "numeric(12,2)", False),
    ("rate", "numeric(18,6)", False), ("born", "date", False), ("due", "date", False),
    ("made", "timestamptz", False), ("changed", "timestamptz", False), ("token", "uuid", False),
    ("owner", "uuid", False), ("doc", "jsonb", False), ("choices", "jsonb", False), ("numbers", "bigint[]", False),
    ("words", "text[]", False), ("shelf", "integer", True), ("remark", "text", True),
    ("discount", "numeric(12,2)", True), ("ended", "timestamptz", True),
)
WIDE_NAMES = tuple(name for name, _, _ in WIDE)


def new_row(n: int) -> tuple[datetime.datetime, int, str]:
    return START + datetime.timedelta(seconds=n), n % 7, f"entry number {n}"


def new_rows(count: int = ROWS) -> list[tuple[datetime.datetime, int, str]]:
    return [new_row(n) for n in range(count)]


def journal_row(key: int) -> tuple[Any, ...]:
    return (key, *new_row(key - 1))


def parents() -> list[tuple[int, str]]:
    return [(n + 1, f"parent {n}") for n in range(PARENTS)]


def children() -> list[tuple[int, str, int]]:
    return [(n + 1, f"child {n}", n // CHILDREN + 1) for n in range(PARENTS * CHILDREN)]


def wide_row(n: int) -> tuple[Any, ...]:
    """The values of row `n` of the wide table, from 0."""
    cents, day, some = decimal.Decimal(n * 37 % 1_000_000).scaleb(-2), START.date(), n % 2 == 0
    return (
        n + 1, n % 30_000, n * 3, n % 100, n * 10_000_019, n / 7, -n * 1.25, n % 1000 / 4, n % 2 == 0, n % 3 == 0,
        f"name {n}", f"The title of number {n}", f"A longer note that goes with number {n}, " * 2,
        "Łódź" if some else "Lyon", "PL" if some else "FR", cents, -cents, decimal.Decimal(n).scaleb(-6),
        day + datetime.timedelta(days=n % 5000), day - datetime.timedelta(days=n),
        START + datetime.timedelta(seconds=n), START + datetime.timedelta(microseconds=n), uuid.UUID(int=(n + 1) << 64),
        uuid.UUID(int=n),
        {"number": n, "tags": ["a", "b"], "inner": {"is": True, "none": None}}, [n, n + 0.5, "text"],
        [n, n + 1, n + 2], [f"word {n}", "second", "third"],
        n if some else None, f"remark {n}" if some else None, cents if n % 3 else None, START if n % 4 else None,
    )


def level_of(key: int, turn: int) -> int:
    """What an update sets: another value than before in each turn."""
    return (key + turn) % 1000 + 10


def expected(work: str) -> list[Any]:
    """All rows as plain tuples, in order of their keys."""
    if work == "find":
        return [journal_row(n + 1) for n in range(ROWS)]
    if work == "wide":
        return [wide_row(n) for n in range(ROWS)]
    return [(p + 1, f"parent {p}", [(p * CHILDREN + c + 1, f"child {p * CHILDREN + c}") for c in range(CHILDREN)])
            for p in range(PARENTS)]


class Base:
    """What most contenders have in common."""

    works: tuple[str, ...] = ALL
    also: dict[str, dict[str, str]] = {}
    is_async = False
    zone = ""  # what the text of a stored time ends with on SQLite

    def before(self, work: str) -> None:
        """Called before each measured piece of work, not measured."""

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return rows

    def change(self, things: Any, turn: int) -> Any:
        """What `update` takes; for those that send plain values."""
        return [(key, level_of(key, turn)) for key in things]

    def found(self, thing: Any) -> Any:
        """One of those that `find` gave, as `update_one` and `delete_one` take it."""
        return thing

    def keys(self, saved: Any) -> list[int] | None:
        """The keys of what `save` gave."""
        return saved

    def plain(self, thing: Any) -> tuple[Any, ...]:
        return tuple(thing)

    def plain_wide(self, thing: Any) -> tuple[Any, ...]:
        return tuple(thing)

    def plain_children(self, result: Any) -> list[Any]:
        return [(key, name, list(children)) for key, (name, children) in result.items()]


class Objects(Base):
    """Objects with attributes."""

    def keys(self, saved: Any) -> list[int] | None:
        return [thing.id for thing in saved]

    def plain(self, thing: Any) -> tuple[Any, ...]:
        return thing.id, thing.moment, thing.level, thing.text

    def plain_wide(self, thing: Any) -> tuple[Any, ...]:
        return tuple(getattr(thing, name) for name in WIDE_NAMES)

    def plain_children(self, result: Any) -> list[Any]:
        return [(p.id, p.name, [(c.id, c.name) for c in p.children]) for p in result]

    def change(self, things: Any, turn: int) -> Any:
        for thing in things:
            thing.level = level_of(thing.id, turn)
        return things


def grouped(parents: Any, children: Any) -> dict[int, tuple[str, list[tuple[int, str]]]]:
    """Rows of parents and children put together by hand."""
    found: dict[int, tuple[str, list[tuple[int, str]]]] = {key: (name, []) for key, name in parents}
    for key, name, parent in children:
        found[parent][1].append((key, name))
    return found
