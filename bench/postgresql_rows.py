"""The rows of PostgreSQL: P1, P3 to P8, P11, P14 and the first Takeo's own benchmark.

Every contender is a process of its own.  It is checked first: what it reads must be what was stored, and
what it writes must be there.  Then in each round each work is done once by every contender, in a shuffled
order; a figure is the median of the rounds.  Tables are filled anew before each piece of work that
writes.  Where a library runs on psycopg 3 and on psycopg2, both take part and the faster counts, likewise
of libpq's two loops.

P1 and P3 are measured with the client and its server process on two processors (apart) and on one
(together), as that decides them; P1 also with 1 ms of the program's own work before each read.
"""

from __future__ import annotations

import json
import os
import pathlib
import pickle
import random
import select
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

from contenders import PARENTS, ROWS, START, children, parents
from on_postgresql import WIDE_NAMES, Place, level_of, new_row, schema, wide_row
from rows import row

HERE = pathlib.Path(__file__).parent
PATIENCE = 300  # seconds for one order
SETTINGS = ("server_version", "synchronous_commit", "fsync", "shared_buffers")

# name, module, drivers
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

# id -> {peer: the least ratio (peer's figure / Takeo's) that is asked}
GOALS: dict[str, dict[str, float]] = {
    "P1": {"libpq in C": 1 / 1.15, "SQLAlchemy Core": 5, "SQLAlchemy ORM": 9, "psycopg2 EXECUTE": 1},
    "P3": {"libpq in C": 1 / 1.25, "SQLAlchemy Core": 3, "SQLAlchemy ORM": 8},
    "P4": {"SQLAlchemy Core": 3, "SQLAlchemy ORM": 18, "asyncpg": 2, "psycopg 3": 1.8, "libpq in C, received": 1 / 1.5},
    "P5": {"SQLAlchemy ORM": 4.5, "SQLAlchemy Core": 2, "asyncpg": 1.2, "libpq in C, received": 1 / 2},
    "P6": {"SQLAlchemy Core": 7, "SQLAlchemy ORM": 18, "asyncpg, COPY without keys": 1.1},
    "P7": {"libpq in C, unnest by hand": 1 / 1.1, "SQLAlchemy ORM": 6, "SQLAlchemy ORM, bulk by key": 3},
    "P8": {"SQLAlchemy ORM": 12, "Tortoise": 6, "SQLAlchemy Core": 1.7},
    "P11": {"slots by hand": 1 / 1.1, "SQLAlchemy ORM": 4},
    "P14": {"psycopg 3": 1 / 1.2},
}

KEYS = [(n * 7919) % ROWS + 1 for n in range(1000)]
SINGLE = {"rows": [new_row(n) for n in range(200)]}


class Step:
    """One piece of work that every contender does in each round."""

    def __init__(self, id_: str, work: str, label: str, unit: str, place: str = "", **size: Any) -> None:
        self.id, self.work, self.label, self.unit, self.place, self.size = id_, work, label, unit, place, size

    def name_of(self, figure: str) -> str:
        what = self.label if figure == self.work else f"{self.label} {figure}".strip()
        return f"{what}{', ' + self.place if self.place else ''}, {self.unit}"


STEPS = (
    Step("P1", "one", "one row by key", "us", "apart", keys=KEYS, thought=0),
    Step("P1", "one", "one row by key", "us", "together", keys=KEYS, thought=0),
    Step("P1", "one", "one row, 1 ms between", "us", "apart", keys=KEYS[:150], thought=1e-3),
    Step("P1", "one", "one row, 1 ms between", "us", "together", keys=KEYS[:150], thought=1e-3),
    Step("P3", "single", "one entity:", "us", "apart", **SINGLE),
    Step("P3", "single", "one entity:", "us", "together", **SINGLE),
    Step("P4", "find", "find 10 000 x 4", "ms", repeat=3),
    Step("P5", "wide", "find 10 000 x 32", "ms", repeat=1),
    Step("P6", "save", "save 10 000 new", "ms"),
    Step("P7", "update", "update 10 000 loaded", "ms"),
    Step("P8", "children", "1 000 x 10 children", "ms", repeat=3),
    Step("P0", "first", "10 000 records:", "ms", count=ROWS),
)
IDS = ("P0", "P1", "P3", "P4", "P5", "P6", "P7", "P8", "P11", "P14")
WRITES = ("single", "save", "update", "first")


class Failed(Exception):
    """A contender did not do its work."""


class Server:
    """The server, and a database of its own for the bench."""

    def __init__(self) -> None:
        self.keeper = None
        url = os.environ.get("TAKEO_TEST_POSTGRESQL")
        if not url:
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
        self.place.database = "takeo_bench"
        self.db = psycopg.connect(self.place.dsn, autocommit=True)
        self.db.execute("set lock_timeout = '10s'")
        self.settings = {name: self.db.execute(f"show {name}").fetchone()[0] for name in SETTINGS}  # type: ignore[index]
        self.fill()

    def close(self) -> None:
        if self.keeper is not None:
            self.keeper.stdin.close()  # type: ignore[union-attr]
            self.keeper.wait()
            return
        import psycopg

        self.db.close()
        self.place.database = "postgres"
        with psycopg.connect(self.place.dsn, autocommit=True) as db:
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
        self.journal()

    def journal(self, rows: int = ROWS) -> None:
        """The journal as it was at first."""
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

    def one(self, sql: str, *given: Any) -> Any:
        found = self.db.execute(sql, given).fetchone()  # type: ignore[arg-type]
        return found[0] if found and len(found) == 1 else found

    def processes(self, application: str) -> list[int]:
        return [pid for pid, in self.db.execute("select pid from pg_stat_activity where application_name = %s",
                                                (application,))]


class Contender:
    """A worker and how it is called."""

    def __init__(self, server: Server, name: str, module: str, driver: str) -> None:
        self.name, self.driver = name, driver
        self.application = f"{module}_{driver}".rstrip("_")
        place = Place(**{**vars(server.place), "application": self.application})
        self.server, self.left_out = server, set[tuple[str, str]]()
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), module, driver, place.url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ways: dict[str, list[str]] = self.answer()

    def __str__(self) -> str:
        return f"{self.name} ({self.driver})" if self.driver else self.name

    def answer(self) -> Any:
        out = self.process.stdout
        assert out is not None
        if not select.select([out], [], [], PATIENCE)[0]:
            self.process.kill()
            raise Failed(f"no answer after {PATIENCE} s")
        try:
            result, error = pickle.load(out)
        except EOFError:
            raise Failed(f"it ended with {self.process.wait()}") from None
        if error:
            raise Failed(error)
        return result

    def do(self, what: str, *given: Any) -> Any:
        if self.process.poll() is not None:
            raise Failed("it has ended")
        pickle.dump((what, given), self.process.stdin)  # type: ignore[arg-type]
        self.process.stdin.flush()  # type: ignore[union-attr]
        return self.answer()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()  # type: ignore[union-attr]
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def pin(self, client: set[int], server: set[int]) -> None:
        for pid in self.server.processes(self.application):
            os.sched_setaffinity(pid, server)
        os.sched_setaffinity(self.process.pid, client)

    # ---- that it does what it says
    def check(self, work: str, way: str) -> None:
        if work in WRITES:
            self.server.journal()
            try:
                getattr(self, f"check_{work}", lambda way: None)(way)
            finally:
                self.server.journal()  # what reads next reads what it was at first
        else:
            self.do("check", work, way)

    def check_single(self, way: str) -> None:
        rows, server = [new_row(n) for n in range(20_000, 20_010)], self.server
        if self.name == "libpq in C":
            self.do("measure", "single", way, {"rows": rows})
        else:
            self.do("insert", way, rows)
            found = server.db.execute("select moment, level, text from journal where id > %s order by id", (ROWS,))
            self.same(rows, found.fetchall(), "after insert")
            self.do("update", way, 77)
            self.same(10, server.one("select count(*) from journal where id > %s and level = 77", ROWS), "updated rows")
            self.do("delete", way)
        self.same(ROWS, server.one("select count(*) from journal"), "rows after delete")
        self.same((ROWS + 1) * ROWS // 2, server.one("select sum(id) from journal"), "keys after delete")

    def check_save(self, way: str) -> None:
        rows, server = [new_row(n) for n in range(20_000, 25_000)], self.server
        keys = self.do("save", way, rows)
        found = server.db.execute("select id, moment, level, text from journal where id > %s", (ROWS,)).fetchall()
        if keys is None:
            self.same(sorted(rows), sorted(one[1:] for one in found), "rows")
            return
        by_key = {key: tuple(values) for key, *values in found}
        self.same(rows, [by_key.get(key) for key in keys], "rows by key")
        self.same(len(rows), len(found), "rows saved")

    def check_update(self, way: str) -> None:
        for turn in (1, 2):  # twice: another value each time
            if self.name == "libpq in C":
                self.do("measure", "update", way, {})
            else:
                self.do("change", way, turn)
            found = self.server.db.execute("select id, level from journal order by id").fetchall()
            self.same([(key, level_of(key, turn)) for key in range(1, ROWS + 1)], found, "rows after update")

    def same(self, wanted: Any, found: Any, what: str) -> None:
        if wanted != found:
            raise Failed(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")


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


def measure(server: Server, steps: list[Step], contenders: list[Contender], rounds: int,
            problems: list[str]) -> list[dict[str, Any]]:
    two, everywhere = processors(), os.sched_getaffinity(0)
    shuffled = random.Random(20260101)
    found: dict[tuple[int, str], dict[tuple[str, str, str], list[float]]] = {}
    for number in range(rounds):
        for at, step in enumerate(steps):
            if step.place == "apart" and two is None:
                continue
            tasks = [(c, way) for c in contenders for way in c.ways.get(step.work, ())
                     if (step.work, way) not in c.left_out]
            shuffled.shuffle(tasks)
            for contender, way in tasks:
                try:
                    if step.work in WRITES:
                        server.journal(0 if step.work == "first" else ROWS)
                    if step.place and two is not None:
                        contender.pin({two[0]}, {two[step.place == "apart"]})
                    figures = contender.do("measure", step.work, way, step.size)
                    if step.place and two is not None:
                        contender.pin(everywhere, everywhere)
                except Failed as why:
                    contender.left_out.add((step.work, way))
                    problems.append(f"{contender}{', ' + way if way else ''}, {step.label}: {why}")
                    print(f"bench: left out: {problems[-1]}", file=sys.stderr)
                    continue
                for figure, seconds in figures.items():
                    by_name = found.setdefault((at, figure), {})
                    by_name.setdefault((contender.name, way, contender.driver), []).append(seconds)
        print(f"PostgreSQL: round {number + 1} of {rounds}", file=sys.stderr)
    return [made for (at, figure), by_name in found.items() for made in compare(steps[at], figure, by_name)]


def compare(step: Step, figure: str, by_name: dict[tuple[str, str, str], list[float]]) -> list[dict[str, Any]]:
    """A row for each peer, of its faster driver."""
    scale = 1e6 if step.unit == "us" else 1e3
    medians = {name: statistics.median(all_) * scale for name, all_ in by_name.items()}
    least = {name: min(all_) * scale for name, all_ in by_name.items()}
    mine = ("Takeo", "", "")
    takeo = medians.pop(mine, None)
    if takeo is None:
        return []
    rows = []
    order = [name for name, _, _ in CONTENDERS]
    for name, way in sorted({one[:2] for one in medians}, key=lambda one: (order.index(one[0]), one[1])):
        peer, driver = min((medians[one], one[2]) for one in medians if one[:2] == (name, way))
        of_minima = min(least[one] for one in medians if one[:2] == (name, way)) / least[mine]
        asked = f"{name}, {way}" if way else name
        rows.append(row(step.id, step.name_of(figure), takeo, peer, f"{asked} ({driver})" if driver else asked,
                        GOALS.get(step.id, {}).get(asked), of_minima))
    return rows


def memory(server: Server, against: Callable[[str], bool], problems: list[str]) -> list[dict[str, Any]]:
    """P11: traced bytes of a loaded entity of four columns, each kind in a process of its own."""
    kinds = (("Takeo", "takeo_orm", "", "find"), ("slots by hand", "psycopg_raw", "", "find_slots"),
             ("SQLAlchemy ORM", "sqlalchemy_orm", "psycopg", "find"), ("asyncpg", "asyncpg_raw", "", "find"),
             ("Django", "django_orm", "psycopg", "find"), ("peewee", "peewee_orm", "psycopg", "find"))
    found = {}
    for name, module, driver, function in kinds:
        if name in ("Takeo", "slots by hand") or against(name):
            try:
                contender = Contender(server, name, module, driver)
                found[name] = contender.do("memory", function)
                contender.close()
            except Failed as why:
                problems.append(f"{name}, memory: {why}")
    takeo = found.pop("Takeo", None)
    return [] if takeo is None else [row("P11", "bytes of an entity, PostgreSQL", takeo, bytes_, name, GOALS["P11"].get(name))
                                     for name, bytes_ in found.items()]


def first_query(server: Server, rounds: int) -> list[dict[str, Any]]:
    """P14: a new process connects and reads a row: all of it, over a bare interpreter.

    And without the imports, where nothing is asked: psycopg loads libpq at its import, Takeo at its first use.
    """
    # Compiled modules as an installed package has them, wherever this environment keeps them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(HERE.parent / "build/pycache")
    kinds = ["bare", "takeo", "psycopg", "asyncpg", "sqlalchemy"]
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for number in range(max(rounds, 7) + 1):
        random.shuffle(kinds)
        for kind in kinds:
            start = time.perf_counter()
            run = subprocess.run([sys.executable, str(HERE / "first_query.py"), kind, server.place.url], check=True, env=env,
                                 capture_output=True, text=True)
            took = time.perf_counter() - start
            if number:  # the first compiles modules
                times[kind].append((took * 1e3, float(run.stdout) * 1e3))
    bare = statistics.median(all_ for all_, _ in times["bare"])
    whole = {kind: statistics.median(all_ for all_, _ in found) - bare for kind, found in times.items()}
    inside = {kind: statistics.median(own for _, own in found) for kind, found in times.items()}
    names = {"psycopg": "psycopg 3", "asyncpg": "asyncpg", "sqlalchemy": "SQLAlchemy ORM (psycopg)"}
    return [row("P14", work, figures["takeo"], figures[kind], name, goals.get(name))
            for work, figures, goals in (("new process to first row, ms", whole, GOALS["P14"]),
                                         ("of it without imports, ms", inside, {}))
            for kind, name in names.items()]


def rows_of(wanted: set[str], rounds: int,
            against: Callable[[str], bool]) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """The wanted rows, the server's settings and versions, and what was left out."""
    problems: list[str] = []
    contenders: list[Contender] = []
    server = Server()
    try:
        steps = [step for step in STEPS if step.id in wanted]
        works = {step.work for step in steps}
        for name, module, drivers in CONTENDERS if steps else ():
            for driver in drivers if name == "Takeo" or against(name) else ():
                try:
                    contenders.append(Contender(server, name, module, driver))
                except Failed as why:
                    problems.append(f"{name} ({driver}): {why}")
        for contender in contenders:
            for work, ways in contender.ways.items():
                for way in ways if work in works else ():
                    try:
                        contender.check(work, way)
                    except Failed as why:
                        contender.left_out.add((work, way))
                        problems.append(f"{contender}{', ' + way if way else ''}, {work}: {why}")
        for problem in problems:
            print(f"bench: left out: {problem}", file=sys.stderr)
        found = measure(server, steps, contenders, rounds, problems) if steps else []
        for contender in contenders:
            contender.close()
        server.journal()
        if "P11" in wanted:
            found += memory(server, against, problems)
        if "P14" in wanted:
            try:
                found += first_query(server, rounds)
            except subprocess.CalledProcessError as why:
                problems.append(f"P14, {why.cmd[2]}: {why.stderr}")
        return found, server.settings, problems
    finally:
        for contender in contenders:
            contender.close()
        server.close()
