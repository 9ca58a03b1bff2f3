"""The rows of SQLite in memory: the first Takeo's own benchmark (P0), P9, P10, P11."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from contenders import ROWS, new_row
from contest import KEYS, Contender, Contest, Failed, Ground, Step, memory, of_processes, over_bare
from rows import row

CONTENDERS = (
    ("Takeo", "takeo_orm", ("",)),
    ("sqlite3", "sqlite3_module", ("",)),
    ("apsw", "apsw_module", ("",)),
    ("SQLAlchemy Core", "sqlalchemy_core", ("",)),
    ("SQLAlchemy ORM", "sqlalchemy_orm", ("",)),
    ("peewee", "peewee_orm", ("",)),
    ("Django", "django_orm", ("",)),
)
DATABASE = "SQLite"
START_LIMITS = ((10, 25.0), (100, 40.0))  # entities, ms
ROW = {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 1}
WRITE = {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 0.8}
STEPS = (
    Step("P9", "one", "one row by key", "us", ROW, keys=KEYS, thought=0),
    Step("P9", "single", "one entity:", "us", WRITE, rows=[new_row(n) for n in range(300)]),
    Step("P9", "find", "find 10 000", "ms", {"SQLAlchemy ORM": 12, "SQLAlchemy Core": 2, "sqlite3": 1.2}, repeat=3),
    Step("P9", "save", "save 10 000 new", "ms", {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 3.5, "sqlite3": 0.8}),
    Step("P9", "update", "update 10 000 loaded", "ms", {"SQLAlchemy ORM": 10, "SQLAlchemy Core": 2}),
    Step("P9", "children", "1 000 x 10 children", "ms", {"SQLAlchemy ORM": 12}, repeat=3),
    Step("P0", "first", "", "ms", {"SQLAlchemy Core": 2}, count=ROWS),
)
MEMORY = (("Takeo", "takeo_orm", "", "find"), ("slots by hand", "sqlite3_module", "", "find_slots"),
          ("SQLAlchemy ORM", "sqlalchemy_orm", "", "find"), ("Django", "django_orm", "", "find"),
          ("peewee", "peewee_orm", "", "find"))
ASKED = {"P10": {"SQLAlchemy ORM": 8, "the limit": 1}, "P11": {"slots by hand": 1 / 1.1, "SQLAlchemy ORM": 4}}
IDS = ("P0", "P9", "P10", "P11")


class Memories(Ground):
    """A database in memory for each."""

    database = DATABASE
    moment = "substr(moment, 1, 26)"  # some store the zone behind it

    def start(self, name: str, module: str, driver: str) -> Contender:
        return Contender(name, module, driver)

    def refill(self, contender: Contender, rows: int = ROWS) -> None:
        contender.do("refill", rows)

    def look(self, contender: Contender, sql: str) -> list[Any]:
        found: list[Any] = contender.do("sql", sql)
        return found

    def stored(self, rows: list[Any]) -> list[Any]:
        return [(moment.replace(tzinfo=None).isoformat(" "), level, text) for moment, level, text in rows]


def start_up(rounds: int) -> list[dict[str, Any]]:
    """P10: import, open SQLite and register 10 or 100 entities, over a bare interpreter."""
    rows = []
    asked = ASKED["P10"]
    for count, limit in START_LIMITS:
        times = of_processes("startup.py", ["bare", "takeo", "sqlalchemy"], rounds, str(count))
        median, least = over_bare(times, statistics.median), over_bare(times, min)
        work = f"start with {count} entities, ms"
        for name, peer, best in (("SQLAlchemy ORM", median["sqlalchemy"], least["sqlalchemy"]), ("the limit", limit, limit)):
            rows.append(row("P10", DATABASE, work, median["takeo"], peer, name, asked[name], of_minima=best / least["takeo"]))
    return rows


def rows_of(wanted: set[str], rounds: int, against: Callable[[str], bool]) -> tuple[list[dict[str, Any]], list[str]]:
    """The wanted rows, and what was left out; `against` says which contenders take part beside Takeo."""
    ground = Memories()
    contest = Contest(ground, CONTENDERS, against, [step for step in STEPS if step.id in wanted])
    try:
        found = contest.rows(rounds)
    finally:
        contest.close()
    if "P10" in wanted:
        try:
            found += start_up(rounds)
        except Failed as why:
            contest.leave_out("P10", why)
    if "P11" in wanted:
        found += memory(ground, MEMORY, against, ASKED["P11"], contest.left_out)
    return found, contest.left_out
