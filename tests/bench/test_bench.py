"""The comparison and the count of instructions: what a run keeps, what an interrupted one leaves, what is refused.

No figure is looked at.  Runs have one round and no peer that needs a package, but for those of PostgreSQL, which
tests skip where its packages (tools/requirements/bench.txt) are not installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
KEPT = BENCH / "results/latest.json"
SCRATCH = ROOT / "build/bench/latest.json"
PATIENCE = 120

sys.path.insert(0, str(BENCH))

import contest  # noqa: E402 - after the path
import instructions  # noqa: E402
from rows import in_order, row  # noqa: E402

needs_peers = pytest.mark.skipif(
    os.environ.get("TAKEO_TEST_POSTGRESQL") == ""
    or any(importlib.util.find_spec(name) is None for name in ("psycopg", "psycopg2", "sqlalchemy")),
    reason="TAKEO_TEST_POSTGRESQL is empty, or the packages of tools/requirements/bench.txt are not installed")


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *words], capture_output=True, text=True, timeout=PATIENCE)


# ---- rows


@pytest.mark.parametrize(("peer", "met"), [(2.0, True), (1.999, False), (3.0, True)])
def test_a_goal_is_met_when_the_peer_takes_as_many_times_as_long(peer: float, met: bool) -> None:
    assert row("P1", "SQLite", "work", 1.0, peer, "somebody", 2)["met"] is met
    assert row("P1", "SQLite", "work", 1.0, peer, "somebody")["met"] is None


def test_rows_stand_in_the_order_of_their_numbers() -> None:
    rows = [row(id_, database, "work", 1, 1, "somebody") for id_, database in (("P10", "SQLite"), ("P9", "SQLite"),
                                                                              ("P0", "SQLite"), ("P0", "PostgreSQL"))]
    assert [(r["id"], r["database"]) for r in in_order(rows)] == [("P0", "PostgreSQL"), ("P0", "SQLite"), ("P9", "SQLite"),
                                                                  ("P10", "SQLite")]


# ---- what a contender says it did is looked up


class Table:
    """A worker and its table: `save` stores what it was given and tells these keys."""

    name = "somebody"

    def __init__(self, keys: list[int], lost: int = 0) -> None:
        self.keys, self.lost, self.stored = keys, lost, list[Any]()

    def do(self, what: str, *given: Any) -> Any:
        rows = given[1][: len(given[1]) - self.lost]
        self.stored = [(contest.ROWS + 1 + at, *values) for at, values in enumerate(rows)]
        return self.keys


class Ground(contest.Ground):
    def look(self, contender: Any, sql: str) -> list[Any]:
        found: list[Any] = contender.stored
        return found


RIGHT = [contest.ROWS + 1 + at for at in range(5000)]


@pytest.mark.parametrize("contender", [Table(RIGHT[::-1]), Table(RIGHT, lost=1), Table(RIGHT[:-1])])
def test_a_contender_with_other_keys_or_fewer_rows_fails(contender: Any) -> None:
    with pytest.raises(contest.Failed, match="rows by key"):
        contest.check_save(Ground(), contender, "")


def test_a_contender_that_saved_everything_passes() -> None:
    contest.check_save(Ground(), Table(RIGHT), "")  # type: ignore[arg-type]


# ---- runs


def test_a_part_of_a_run_tells_everything_and_leaves_the_kept_report_alone() -> None:
    before = KEPT.read_bytes()
    done = bench("--only", "P9", "--against", "sqlite3", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert KEPT.read_bytes() == before
    report = json.loads(SCRATCH.read_text())
    assert {"date", "processors", "load at start", "load at end", "rounds"} <= set(report["machine"])
    assert {"Takeo", "Python", "SQLite"} <= set(report["versions"])
    assert {(r["id"], r["database"], r["peer_name"]) for r in report["rows"]} == {("P9", "SQLite", "sqlite3")}
    assert {r["work"] for r in report["rows"]} == {
        "one row by key, us", "one entity: insert, us", "one entity: update, us", "one entity: delete, us",
        "find 10 000, ms", "save 10 000 new, ms", "update 10 000 loaded, ms", "1 000 x 10 children, ms"}
    assert all(r["ratio_of_minima"] for r in report["rows"])
    for number in ("yes", "NO"):
        assert done.stdout.count(f"  {number}\n") == sum(r["met"] is (number == "yes") for r in report["rows"])


@needs_peers
def test_the_first_benchmark_asks_twice_of_core_on_both_databases(tmp_path: Path) -> None:
    done = bench("--only", "P0", "--against", "alchemy core", "--rounds", "1", "--json", str(tmp_path / "report.json"))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    works = ["insert one by one, ms", "read all, ms", "update 100, ms", "delete 100, ms", "insert a list, ms"]
    assert [(r["database"], r["work"], r["peer_name"], r["goal"]) for r in report["rows"]] == [
        (database, work, "SQLAlchemy Core", 2) for database in ("PostgreSQL", "SQLite") for work in works]
    assert {"libpq", "libpq of psycopg", "libpq of psycopg2", "SQLAlchemy"} <= set(report["versions"])


def test_a_contender_that_does_not_start_is_left_out_and_the_run_fails(tmp_path: Path) -> None:
    (tmp_path / "apsw.py").write_text("raise ImportError('no such library here')\n")
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    done = subprocess.run([sys.executable, str(BENCH), "--only", "P9", "--against", "apsw", "--rounds", "1"],
                          capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 1
    assert json.loads(SCRATCH.read_text())["left_out"] == ["SQLite, apsw: ImportError: no such library here"]
    assert "left out: SQLite, apsw: ImportError: no such library here" in done.stdout


# ---- what is interrupted


def children_of(pid: int) -> Iterator[int]:
    """All processes below one, those in sessions of their own too."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
        except OSError:
            continue
        parents.setdefault(int(status.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    below = [pid]
    while below:
        for child in parents.get(below.pop(), ()):
            yield child
            below.append(child)


def command_of(pid: int) -> str:
    """Empty of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def wait_for(what: Any) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("words", "awaited"), [
    pytest.param(["--only", "P9", "--against", "sqlite3", "--rounds", "1000"], ["worker.py"], id="sqlite"),
    pytest.param([], ["worker.py", "--serve", "checkpointer"], id="whole", marks=needs_peers),
])
def test_an_interrupted_run_writes_nothing_and_leaves_no_process(words: list[str], awaited: list[str],
                                                                 number: signal.Signals, tmp_path: Path) -> None:
    before, written = KEPT.read_bytes(), tmp_path / "report.json"
    env = {name: value for name, value in os.environ.items() if name != "TAKEO_TEST_POSTGRESQL"}  # it brings its own server
    run = subprocess.Popen([sys.executable, str(BENCH), *words, "--json", str(written)], env=env, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        def all_there() -> dict[int, str]:
            assert run.poll() is None, run.communicate()[1]
            found = {pid: command_of(pid) for pid in children_of(run.pid)}
            return found if all(any(word in command for command in found.values()) for word in awaited) else {}

        there = wait_for(all_there)
        run.send_signal(number)
        told = run.communicate(timeout=PATIENCE)[1]
    finally:
        run.kill()
    assert run.returncode == 130, told
    assert "interrupted; nothing was written" in told
    assert KEPT.read_bytes() == before and not written.exists()
    wait_for(lambda: not any(command_of(pid) == command != "" for pid, command in there.items()))


# ---- instructions


def figures(**changed: int) -> list[dict[str, Any]]:
    return [{"work": "get", "takeo": 1000, "client": 2000, "all": 4000, **changed}]


@pytest.mark.parametrize(("changed", "told"), [
    ({}, []),
    ({"takeo": 1050}, []),
    ({"takeo": 500, "client": 10, "all": 100}, []),
    ({"takeo": 1051}, ["get, takeo: 1,051 instructions, kept are 1,000: +5.1%, allowed +5%"]),
    ({"client": 3000}, ["get, client: 3,000 instructions, kept are 2,000: +50.0%, allowed +5%"]),
    ({"takeo": 2000, "all": 5000}, ["get, takeo: 2,000 instructions, kept are 1,000: +100.0%, allowed +5%",
                                    "get, all: 5,000 instructions, kept are 4,000: +25.0%, allowed +5%"]),
])
def test_over_five_percent_more_is_a_breach(changed: dict[str, int], told: list[str]) -> None:
    assert instructions.breaches(figures(**changed), figures()) == told


def test_the_check_fails_on_a_breach_and_on_what_is_not_kept_and_refuses_another_machine(
        capsys: pytest.CaptureFixture[str]) -> None:
    here = {"compiler": "cc 12", "python": "3.11", "sqlite": "3.40"}
    kept = {"machine": {**here, "postgresql": "15"}, "rows": figures()}
    assert instructions.check(figures(), here, kept) == 0
    assert instructions.check(figures(takeo=2000), here, kept) == 1
    assert "tools/postgres tools/bench instructions" in capsys.readouterr().err
    assert instructions.check([{**figures()[0], "work": "new"}], here, kept) == 1
    assert "new: no figure is kept" in capsys.readouterr().err
    assert instructions.check(figures(), {**here, "compiler": "cc 13"}, kept) == 2
    assert "compiler cc 12, here cc 13" in capsys.readouterr().err


def test_a_count_is_read_with_what_the_c_library_did_for_it(tmp_path: Path) -> None:
    dump = tmp_path / "counts"
    dump.write_text("\n".join([
        "ob=(1) /x/libtakeo.so", "fn=(1) get", "1 100",
        "cob=(2) /lib/libc.so.6", "cfn=(2) memcpy", "calls=1 0", "1 30",
        "cob=(3) /lib/libsqlite3.so.0", "cfn=(3) step", "calls=1 0", "1 700",
        "ob=(2)", "fn=(2)", "1 30",
        "ob=(3)", "fn=(3)", "1 700",
        "ob=(4) /usr/bin/python3", "fn=(4) run", "1 1000"]) + "\n")
    assert instructions.read_dump(dump) == {"takeo": 130, "client": 700, "all": 1830}
