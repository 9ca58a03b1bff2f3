"""Contenders in processes of their own, and rounds in which all do the same work.

Every contender is checked first: what it reads must be what was stored, and what it writes must be there.  Then in
each round each work is done once by every contender, in a shuffled order; a figure is the median of the rounds.  The
journal is filled anew after each piece of work that wrote.  Where a library runs on several drivers, all take
part and the fastest counts.

It knows no database: what is particular to one is said by its Ground, in `postgresql_rows.py` and `sqlite_rows.py`.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import pickle
import random
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from contenders import ROWS, level_of, new_row
from rows import row, with_driver

HERE = pathlib.Path(__file__).parent
PATIENCE = 300  # seconds for one order
WRITES = ("single", "save", "update", "first")
KEYS = [(n * 7919) % ROWS + 1 for n in range(1000)]

Asked = dict[str, float]  # peer -> the least ratio (peer's figure / Takeo's)


class Failed(Exception):
    """A contender did not do its work."""


def leave_out(left_out: list[str], what: str, why: Failed) -> None:
    """The whole story for whoever watches, its last line for the report."""
    print(f"bench: left out: {what}: {why}", file=sys.stderr)
    left_out.append(f"{what}: {(str(why).strip().splitlines() or ['?'])[-1]}")


class Step:
    """One piece of work that every contender does in each round."""

    def __init__(self, id_: str, work: str, label: str, unit: str, asked: Asked, place: str = "", **size: Any) -> None:
        self.id, self.work, self.label, self.unit, self.place, self.size = id_, work, label, unit, place, size
        self.asked = asked

    def name_of(self, figure: str) -> str:
        what = self.label if figure == self.work else f"{self.label} {figure}".strip()
        return f"{what}{', ' + self.place if self.place else ''}, {self.unit}"


class Contender:
    """A worker and how it is called."""

    def __init__(self, name: str, module: str, driver: str = "", url: str = "") -> None:
        self.name, self.driver, self.url, self.left_out = name, driver, url, set[tuple[str, str]]()
        # In a session of its own: a Ctrl-C at the terminal is for the bench, which then ends its contenders.
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), module, driver, url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        try:
            self.ways: dict[str, list[str]] = self.answer()
        except BaseException:
            self.kill()
            raise

    def __str__(self) -> str:
        return with_driver(self.name, self.driver)

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

    def kill(self) -> None:
        """It holds nothing that would have to be put away."""
        self.process.kill()
        self.process.wait()


class Ground:
    """Where the contenders of one database meet."""

    database = ""
    moment = "moment"  # how the stored time is read, to compare it

    def start(self, name: str, module: str, driver: str) -> Contender:
        raise NotImplementedError

    def refill(self, contender: Contender, rows: int = ROWS) -> None:
        """The journal as it was at first, with so many rows."""
        raise NotImplementedError

    def look(self, contender: Contender, sql: str) -> list[Any]:
        """What is in the tables of this contender."""
        raise NotImplementedError

    def stored(self, rows: list[Any]) -> list[Any]:
        """New rows as `look` finds them."""
        return rows

    def takes(self, step: Step) -> bool:
        return True

    @contextlib.contextmanager
    def placed(self, contender: Contender, step: Step) -> Iterator[None]:
        """The processors on which a step is measured."""
        yield


# ---- that a contender does what it says


def same(wanted: Any, found: Any, what: str) -> None:
    if wanted != found:
        raise Failed(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")


def check(ground: Ground, contender: Contender, work: str, way: str) -> None:
    if work not in WRITES:
        contender.do("check", work, way)
        return
    checks = {"single": [check_single], "save": [check_save], "update": [check_update],
              "first": [check_single, check_save]}
    try:
        for one in checks[work]:
            ground.refill(contender)
            one(ground, contender, way)
    finally:
        ground.refill(contender)  # what reads next reads what it was at first


def check_single(ground: Ground, contender: Contender, way: str) -> None:
    rows = [new_row(n) for n in range(20_000, 20_010)]
    if contender.name == "libpq in C":
        contender.do("measure", "single", way, {"rows": rows})
    else:
        contender.do("insert", way, rows)
        found = ground.look(contender, f"select {ground.moment}, level, text from journal where id > {ROWS} order by id")
        same(ground.stored(rows), found, "after insert")
        contender.do("update", way, 77)
        updated = ground.look(contender, f"select count(*) from journal where id > {ROWS} and level = 77")
        same([(10,)], updated, "updated rows")
        contender.do("delete", way)
    same([(ROWS, (ROWS + 1) * ROWS // 2)], ground.look(contender, "select count(*), sum(id) from journal"),
         "rows and sum of keys after delete")


def check_save(ground: Ground, contender: Contender, way: str) -> None:
    rows = [new_row(n) for n in range(20_000, 25_000)]
    keys = contender.do("save", way, rows)
    found = ground.look(contender, f"select id, {ground.moment}, level, text from journal where id > {ROWS}")
    stored = ground.stored(rows)
    if keys is None:
        same(sorted(stored), sorted(one[1:] for one in found), "rows")
        return
    by_key = {key: tuple(values) for key, *values in found}
    same(stored, [by_key.get(key) for key in keys], "rows by key")
    same(len(rows), len(found), "rows saved")


def check_update(ground: Ground, contender: Contender, way: str) -> None:
    for turn in (1, 2):  # twice: another value each time
        if contender.name == "libpq in C":
            contender.do("measure", "update", way, {})
        else:
            contender.do("change", way, turn)
        found = ground.look(contender, "select id, level from journal order by id")
        same([(key, level_of(key, turn)) for key in range(1, ROWS + 1)], found, "rows after update")


# ---- rounds

Names = tuple[tuple[str, str, tuple[str, ...]], ...]  # name, module, drivers
Times = dict[tuple[str, str, str], list[float]]  # name, way, driver


class Contest:
    """The contenders of one ground, from their start to their end; `left_out` says what did not take part."""

    def __init__(self, ground: Ground, names: Names, against: Callable[[str], bool], steps: list[Step]) -> None:
        self.ground, self.order, self.left_out = ground, [name for name, _, _ in names], list[str]()
        self.steps = [step for step in steps if ground.takes(step)]
        self.contenders: list[Contender] = []
        works = {step.work for step in self.steps}
        try:
            for name, module, drivers in names if works else ():
                for driver in drivers if name == "Takeo" or against(name) else ():
                    self.enter(name, module, driver, works)
        except BaseException:
            self.close()
            raise

    def enter(self, name: str, module: str, driver: str, works: set[str]) -> None:
        try:
            contender = self.ground.start(name, module, driver)
        except Failed as why:
            self.leave_out(with_driver(name, driver), why)
            return
        self.contenders.append(contender)
        for work, ways in contender.ways.items():
            for way in ways if work in works else ():
                try:
                    check(self.ground, contender, work, way)
                except Failed as why:
                    contender.left_out.add((work, way))
                    self.leave_out(f"{contender}{', ' + way if way else ''}, {work}", why)

    def leave_out(self, what: str, why: Failed) -> None:
        leave_out(self.left_out, f"{self.ground.database}, {what}", why)

    def rows(self, rounds: int) -> list[dict[str, Any]]:
        shuffled = random.Random(20260101)
        found: dict[tuple[int, str], Times] = {}
        for number in range(rounds if self.steps else 0):
            for at, step in enumerate(self.steps):
                tasks = [(c, way) for c in self.contenders for way in c.ways.get(step.work, ())
                         if (step.work, way) not in c.left_out]
                shuffled.shuffle(tasks)
                for contender, way in tasks:
                    for figure, seconds in self.measure(step, contender, way).items():
                        by_name = found.setdefault((at, figure), {})
                        by_name.setdefault((contender.name, way, contender.driver), []).append(seconds)
            print(f"{self.ground.database}: round {number + 1} of {rounds}", file=sys.stderr)
        return [made for (at, figure), by_name in found.items() for made in self.compare(self.steps[at], figure, by_name)]

    def measure(self, step: Step, contender: Contender, way: str) -> dict[str, float]:
        try:
            if step.work == "first":
                self.ground.refill(contender, 0)
            try:
                with self.ground.placed(contender, step):
                    figures: dict[str, float] = contender.do("measure", step.work, way, step.size)
            finally:
                if step.work in WRITES:
                    self.ground.refill(contender)  # whatever is next finds it as it was at first
            return figures
        except Failed as why:
            contender.left_out.add((step.work, way))
            self.leave_out(f"{contender}{', ' + way if way else ''}, {step.label}", why)
            return {}

    def compare(self, step: Step, figure: str, by_name: Times) -> list[dict[str, Any]]:
        """A row for each peer, of its fastest driver."""
        scale = 1e6 if step.unit == "us" else 1e3
        medians = {name: statistics.median(all_) * scale for name, all_ in by_name.items()}
        least = {name: min(all_) * scale for name, all_ in by_name.items()}
        mine = ("Takeo", "", "")
        takeo = medians.pop(mine, None)
        if takeo is None:
            return []
        rows = []
        for name, way in sorted({one[:2] for one in medians}, key=lambda one: (self.order.index(one[0]), one[1])):
            peer, driver = min((medians[one], one[2]) for one in medians if one[:2] == (name, way))
            of_minima = min(least[one] for one in medians if one[:2] == (name, way)) / least[mine]
            asked = f"{name}, {way}" if way else name
            rows.append(row(step.id, self.ground.database, step.name_of(figure), takeo, peer, asked, step.asked.get(asked),
                            driver=driver, of_minima=of_minima))
        return rows

    def close(self) -> None:
        for contender in self.contenders:
            contender.kill()


# ---- what takes a process for each figure


def memory(ground: Ground, kinds: tuple[tuple[str, str, str, str], ...], against: Callable[[str], bool], asked: Asked,
           left_out: list[str]) -> list[dict[str, Any]]:
    """P11: traced bytes of a loaded entity of four columns.  kinds: name, module, driver, function."""
    found = {}
    for name, module, driver, function in kinds:
        if name in ("Takeo", "slots by hand") or against(name):
            try:
                contender = ground.start(name, module, driver)
                try:
                    found[name] = contender.do("memory", function)
                finally:
                    contender.kill()
            except Failed as why:
                leave_out(left_out, f"{ground.database}, {name}, memory", why)
    takeo = found.pop("Takeo", None)
    return [] if takeo is None else [row("P11", ground.database, "bytes of an entity", takeo, bytes_, name, asked.get(name))
                                     for name, bytes_ in found.items()]


def of_processes(script: str, kinds: list[str], rounds: int, *words: str) -> dict[str, list[tuple[float, float]]]:
    """kind -> (ms of the whole process, ms that it printed itself) of each of at least 7 rounds."""
    # Compiled modules as an installed package has them, wherever this environment keeps them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(HERE.parent / "build/pycache")
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for number in range(max(rounds, 7) + 1):
        for kind in random.sample(kinds, len(kinds)):
            start = time.perf_counter()
            run = subprocess.run([sys.executable, str(HERE / script), kind, *words], env=env, capture_output=True, text=True)
            took = time.perf_counter() - start
            if run.returncode:
                raise Failed(f"{script} {kind}: {run.stderr}")
            if number:  # the first compiles modules
                times[kind].append((took * 1e3, float(run.stdout or 0) * 1e3))
    return times


def over_bare(times: dict[str, list[tuple[float, float]]], of: Callable[[Any], float]) -> dict[str, float]:
    """The whole of each kind over that of a bare interpreter, by `of` the rounds."""
    bare = of([whole for whole, _ in times["bare"]])
    return {kind: of([whole for whole, _ in found]) - bare for kind, found in times.items() if kind != "bare"}
