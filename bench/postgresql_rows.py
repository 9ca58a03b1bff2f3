"""The rows of PostgreSQL: the first Takeo's own benchmark (P0), P1, P3 to P8, P11, P14.

P1 and P3 are measured with the client and its server process on two processors (apart) and on one
(together), as that decides them; P1 also with 1 ms of the program's own work before each read.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import sqlite_rows
from contenders import ROWS, START, WIDE_NAMES, children, new_row, parents, wide_row
from contenders.postgresql import Place, schema
from contest import HERE, KEYS, Contender, Contest, Failed, Ground, Step, memory, of_processes, over_bare
from rows import row

SETTINGS = ("server_version", "synchronous_commit", "fsync", "shared_buffers")

CONTENDERS = (
    ("Takeo", "takeo_orm", ("",)),
    ("libpq in C", "libpq", ("blocking", "spinning")),
    ("psycopg2 EXECUTE", "psycopg2_raw", ("",)),
    ("psycopg 3", "psycopg_raw", ("",)),
    ("asyncpg", "asyncpg_raw", ("",)),
    ("SQLAlchemy Core", "sqlalchemy_core", ("psycopg", "psycopg2")),
    ("SQLAlchemy ORM", "sqlalchemy_orm", ("psycopg", "psycopg2")),
    ("Django", "django_orm", ("psycopg", "psycopg2")),
    ("peewee", "peewee_orm", ("psycopg", "psycopg2")),
    ("Tortoise", "tortoise_orm", ("",)),
    ("Piccolo", "piccolo_orm", ("",)),
)
MEMORY = (("Takeo", "takeo_orm", "", "find"), ("slots by hand", "psycopg_raw", "", "find_slots"),
          ("SQLAlchemy ORM", "sqlalchemy_orm", "psycopg", "find"), ("asyncpg", "asyncpg_raw", "", "find"),
          ("Django", "django_orm", "psycopg", "find"), ("peewee", "peewee_orm", "psycopg", "find"))

DATABASE = "PostgreSQL"
ONE = {"libpq in C": 1 / 1.15, "SQLAlchemy Core": 5, "SQLAlchemy ORM": 9, "psycopg2 EXECUTE": 1}
SINGLE = {"libpq in C": 1 / 1.25, "SQLAlchemy Core": 3, "SQLAlchemy ORM": 8}
SINGLE_ROWS = [new_row(n) for n in range(200)]
STEPS = (
    Step("P1", "one", "one row by key", "us", ONE, "apart", keys=KEYS, thought=0),
    Step("P1", "one", "one row by key", "us", ONE, "together", keys=KEYS, thought=0),
    Step("P1", "one", "one row, 1 ms between", "us", ONE, "apart", keys=KEYS[:150], thought=1e-3),
    Step("P1", "one", "one row, 1 ms between", "us", ONE, "together", keys=KEYS[:150], thought=1e-3),
    Step("P3", "single", "one entity:", "us", SINGLE, "apart", rows=SINGLE_ROWS),
    Step("P3", "single", "one entity:", "us", SINGLE, "together", rows=SINGLE_ROWS),
    Step("P4", "find", "find 10 000 x 4", "ms",
         {"SQLAlchemy Core": 3, "SQLAlchemy ORM": 18, "asyncpg": 2, "psycopg 3": 1.8, "libpq in C, received": 1 / 1.5},
         repeat=3),
    Step("P5", "wide", "find 10 000 x 32", "ms",
         {"SQLAlchemy ORM": 4.5, "SQLAlchemy Core": 2, "asyncpg": 1.2, "libpq in C, received": 1 / 2}, repeat=1),
    Step("P6", "save", "save 10 000 new", "ms",
         {"SQLAlchemy Core": 7, "SQLAlchemy ORM": 18, "asyncpg, COPY without keys": 1.1}),
    Step("P7", "update", "update 10 000 loaded", "ms",
         {"libpq in C, unnest by hand": 1 / 1.1, "SQLAlchemy ORM": 6, "SQLAlchemy ORM, bulk by key": 3}),
    Step("P8", "children", "1 000 x 10 children", "ms", {"SQLAlchemy ORM": 12, "Tortoise": 6, "SQLAlchemy Core": 1.7},
         repeat=3),
    Step("P0", "first", "", "ms", {"SQLAlchemy Core": 2}, count=ROWS),
)
ASKED = {"P11": sqlite_rows.ASKED["P11"], "P14": {"psycopg 3": 1 / 1.2}}
IDS = ("P0", "P1", "P3", "P4", "P5", "P6", "P7", "P8", "P11", "P14")


class Server(Ground):
    """The server, and a database of its own for the bench."""

    database = DATABASE

    def __init__(self) -> None:
        self.keeper = None
        url = os.environ.get("TAKEO_TEST_POSTGRESQL")
        if not url:
            # It ends with the pipe, so also when this program is killed.
            self.keeper = subprocess.Popen([sys.executable, str(HERE.parent / "tools/postgres"), "--serve"],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
            url = self.keeper.stdout.readline().strip()  # type: ignore[union-attr]
            if not url:
                raise SystemExit("bench: no server of PostgreSQL; `--only P9,P10` measures without one")
        self.place = Place.of_url(url)
        import psycopg

        with psycopg.connect(self.place.dsn, autocommit=True) as db:
            db.execute("drop database if exists takeo_bench with (force)")
            db.execute("create database takeo_bench")
            db.execute("alter database takeo_bench set timezone to 'UTC'")
        self.outside = self.place.dsn
        self.place.database = "takeo_bench"
        self.db = psycopg.connect(self.place.dsn, autocommit=True)
        self.db.execute("set lock_timeout = '10s'")
        self.settings: dict[str, str] = {
            f"PostgreSQL {name.replace('server_version', '')}".strip(): self.db.execute(f"show {name}").fetchone()[0]
            for name in SETTINGS}  # type: ignore[index]
        self.settings["over"] = "a Unix socket" if self.place.host.startswith("/") else "TCP"
        self.two, self.everywhere = processors(), os.sched_getaffinity(0)
        self.fill()

    def close(self) -> None:
        if self.keeper is not None:
            self.keeper.stdin.close()  # type: ignore[union-attr]
            self.keeper.wait()
            return
        import psycopg

        self.db.close()
        with psycopg.connect(self.outside, autocommit=True) as db:
            db.execute("drop database if exists takeo_bench with (force)")

    def fill(self) -> None:
        for statement in schema():
            self.db.execute(statement)  # type: ignore[arg-type]
        from psycopg.types.json import Jsonb

        cursor = self.db.cursor()
        with cursor.copy(f"copy wide ({', '.join(WIDE_NAMES)}) from stdin") as copy:  # type: ignore[arg-type]
            for n in range(ROWS):
                copy.write_row([Jsonb(value) if WIDE_NAMES[at] in ("doc", "choices") else value
                                for at, value in enumerate(wide_row(n))])
        cursor.executemany("insert into parent (id, name) values (%s, %s)", parents())
        with cursor.copy("copy child (id, name, parent_id) from stdin") as copy:
            for one in children():
                copy.write_row(one)
        self.db.execute("vacuum analyze")
        self.journal(ROWS)

    def journal(self, rows: int) -> None:
        import psycopg

        try:
            self.db.execute("truncate journal restart identity")
        except psycopg.errors.LockNotAvailable:
            holders = self.db.execute(
                "select a.application_name, a.state, a.query from pg_locks l join pg_stat_activity a using (pid) "
                "where l.relation = 'journal'::regclass").fetchall()
            raise SystemExit(f"bench: a contender left a transaction open: {holders}") from None
        self.db.execute(
            "insert into journal (moment, level, text) select %s + n * interval '1 second', n %% 7, 'entry number ' || n "
            "from generate_series(0, %s) n", (START, rows - 1))
        self.db.execute("vacuum analyze journal")

    # ---- as a ground
    def start(self, name: str, module: str, driver: str) -> Contender:
        application = f"{module}_{driver}".rstrip("_")  # by which its server process is found
        return Contender(name, module, driver, Place(**{**vars(self.place), "application": application}).url)

    def refill(self, contender: Contender, rows: int = ROWS) -> None:
        self.journal(rows)

    def look(self, contender: Contender, sql: str) -> list[Any]:
        return self.db.execute(sql).fetchall()  # type: ignore[arg-type]

    def takes(self, step: Step) -> bool:
        return step.place != "apart" or self.two is not None

    @contextlib.contextmanager
    def placed(self, contender: Contender, step: Step) -> Iterator[None]:
        if not step.place or self.two is None:
            yield
            return
        self.pin(contender, {self.two[0]}, {self.two[step.place == "apart"]})
        try:
            yield
        finally:
            self.pin(contender, self.everywhere, self.everywhere)

    def pin(self, contender: Contender, client: set[int], server: set[int]) -> None:
        application = Place.of_url(contender.url).application
        with contextlib.suppress(ProcessLookupError):  # one that has ended is found out by its next order
            os.sched_setaffinity(contender.process.pid, client)
            for pid, in self.db.execute("select pid from pg_stat_activity where application_name = %s", (application,)):
                os.sched_setaffinity(pid, server)


def processors() -> tuple[int, int] | None:
    """Two processors, of different cores where there are such."""
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2:
        return None
    siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{free[0]}/topology/thread_siblings")
    try:
        same = int(siblings.read_text().replace(",", ""), 16)
    except (OSError, ValueError):
        same = 1 << free[0]
    other = next((cpu for cpu in free[1:] if not same >> cpu & 1), free[1])
    return free[0], other


def first_query(server: Server, rounds: int) -> list[dict[str, Any]]:
    """P14: a new process connects and reads a row: all of it, over a bare interpreter.

    And without the imports, where nothing is asked: psycopg loads libpq at its import, Takeo at its first use.
    """
    names = {"psycopg": "psycopg 3", "asyncpg": "asyncpg", "sqlalchemy": "SQLAlchemy ORM"}
    times = of_processes("first_query.py", ["bare", "takeo", *names], rounds, server.place.url)

    def inside(of: Callable[[Any], float]) -> dict[str, float]:
        return {kind: of([own for _, own in found]) for kind, found in times.items()}

    figures = (("new process to first row, ms", over_bare(times, statistics.median), over_bare(times, min), ASKED["P14"]),
               ("of it without imports, ms", inside(statistics.median), inside(min), {}))
    return [row("P14", DATABASE, work, median["takeo"], median[kind], name, asked.get(name),
                driver="psycopg" if kind == "sqlalchemy" else "", of_minima=least[kind] / least["takeo"])
            for work, median, least, asked in figures for kind, name in names.items()]


def rows_of(wanted: set[str], rounds: int,
            against: Callable[[str], bool]) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """The wanted rows, the server's settings and versions, and what was left out."""
    server = Server()
    try:
        contest = Contest(server, CONTENDERS, against, [step for step in STEPS if step.id in wanted])
        try:
            found = contest.rows(rounds)
        finally:
            contest.close()
        server.journal(ROWS)
        if "P11" in wanted:
            found += memory(server, MEMORY, against, ASKED["P11"], contest.left_out)
        if "P14" in wanted:
            try:
                found += first_query(server, rounds)
            except Failed as why:
                contest.leave_out("P14", why)
        return found, server.settings, contest.left_out
    finally:
        server.close()
