"""The comparison: the same work by every library, alternating in one run on one machine.

    python bench [--rounds 7] [--only one,find] [--json bench/results/latest.json]

In each round every contender does a block of each work, in a shuffled order; a figure is the median of
its blocks.  The table says what was asked (GOALS) and whether it was met.  Writes
{"machine", "versions", "rows": [{"id", "work", "takeo", "peer", "peer_name", "ratio", "goal", "met"}]}.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from contenders import new_rows  # noqa: E402

MODULES = ["takeo_orm", "sqlite3_module", "apsw_module", "sqlalchemy_core", "sqlalchemy_orm", "peewee_orm", "django_orm"]
PACKAGES = ["takeo-orm", "SQLAlchemy", "peewee", "Django", "apsw", "cffi"]

# work -> {peer: the least ratio (peer's time / Takeo's) that is asked}
GOALS: dict[str, dict[str, float]] = {
    "one row by key": {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 1},
    "insert one": {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 0.8},
    "update one": {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 0.8},
    "delete one": {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 5, "sqlite3": 0.8},
    "find 10 000": {"SQLAlchemy ORM": 12, "SQLAlchemy Core": 2, "sqlite3": 1.2},
    "save 10 000": {"SQLAlchemy ORM": 25, "SQLAlchemy Core": 3.5, "sqlite3": 0.8},
    "update 10 000": {"SQLAlchemy ORM": 10, "SQLAlchemy Core": 2},
    "1 000 x 10 children": {"SQLAlchemy ORM": 12},
}


def timed(work: Callable[[], Any], repeat: int = 1) -> float:
    """Seconds of one call, over `repeat` of them."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def block_one(contender: Any) -> float:
    keys = [(n * 7919) % 10_000 + 1 for n in range(2000)]
    one = contender.one
    gc.collect()
    start = time.perf_counter()
    for key in keys:
        one(key)
    return (time.perf_counter() - start) / len(keys)


def block_writes(contender: Any) -> dict[str, float]:
    inserted = timed(contender.insert_one, 300)
    updated = 0.0
    for _ in range(300):  # the newest object each time, so that there is something to change
        start = time.perf_counter()
        contender.update_one()
        updated += time.perf_counter() - start
        contender.delete_one()
        contender.insert_one()
    deleted = timed(contender.delete_one, 300)
    return {"insert one": inserted, "update one": updated / 300, "delete one": deleted}


def block_save(contender: Any) -> float:
    rows = new_rows()
    seconds = timed(lambda: contender.save(rows))
    contender.forget()
    return seconds


def block_update(contender: Any) -> float:
    contender.prepare_update()
    return timed(contender.update)


def blocks(contender: Any) -> dict[str, float]:
    return {
        "one row by key": block_one(contender),
        **block_writes(contender),
        "find 10 000": timed(contender.find),
        "save 10 000": block_save(contender),
        "update 10 000": block_update(contender),
        "1 000 x 10 children": timed(contender.children),
    }


def measure(rounds: int, names: list[str]) -> dict[str, dict[str, float]]:
    """name -> work -> median seconds."""
    contenders = [importlib.import_module(f"contenders.{name}").Contender() for name in names]
    found: dict[str, dict[str, list[float]]] = {c.name: {} for c in contenders}
    for contender in contenders:
        blocks(contender)  # warm
    shuffle = random.Random(20260101).shuffle
    for number in range(rounds):
        order = contenders[:]
        shuffle(order)
        for contender in order:
            for work, seconds in blocks(contender).items():
                found[contender.name].setdefault(work, []).append(seconds)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return {name: {work: statistics.median(all_) for work, all_ in works.items()} for name, works in found.items()}


def start_up(rounds: int) -> list[dict[str, Any]]:
    """P10: import, open SQLite and register 10 or 100 entities, over a bare interpreter, in ms."""
    rows = []
    # Compiled modules as an installed package has them, wherever this environment keeps them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(HERE.parent / "build/pycache")
    for kind in ("takeo", "sqlalchemy"):
        subprocess.run([sys.executable, str(HERE / "startup.py"), kind, "1"], check=True, env=env)
    for count, limit in ((10, 25.0), (100, 40.0)):
        times: dict[str, list[float]] = {"bare": [], "takeo": [], "sqlalchemy": []}
        for _ in range(max(rounds, 7)):
            for kind in times:
                start = time.perf_counter()
                subprocess.run([sys.executable, str(HERE / "startup.py"), kind, str(count)], check=True, env=env)
                times[kind].append((time.perf_counter() - start) * 1e3)
        bare = statistics.median(times["bare"])
        takeo, peer = (statistics.median(times[kind]) - bare for kind in ("takeo", "sqlalchemy"))
        rows.append(row("P10", f"start with {count} entities, ms", takeo, peer, "SQLAlchemy ORM", peer / takeo, 8))
        rows.append(row("P10", f"start with {count} entities, ms", takeo, limit, "the limit", limit / takeo, 1))
    return rows


def memory() -> list[dict[str, Any]]:
    """P11: traced bytes of a loaded entity of four columns."""
    bytes_of = {}
    for kind in ("takeo", "slots", "sqlalchemy"):
        run = subprocess.run([sys.executable, str(HERE / "memory.py"), kind], check=True, capture_output=True, text=True)
        bytes_of[kind] = float(run.stdout)
    takeo = bytes_of["takeo"]
    return [row("P11", "bytes of an entity", takeo, bytes_of["slots"], "slots by hand", bytes_of["slots"] / takeo, 1 / 1.1),
            row("P11", "bytes of an entity", takeo, bytes_of["sqlalchemy"], "SQLAlchemy ORM", bytes_of["sqlalchemy"] / takeo, 4)]


def row(id_: str, work: str, takeo: float, peer: float, name: str, ratio: float, goal: float | None) -> dict[str, Any]:
    return {"id": id_, "work": work, "takeo": takeo, "peer": peer, "peer_name": name, "ratio": ratio, "goal": goal,
            "met": None if goal is None else ratio >= goal}


def compare(figures: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for work, seconds in figures["Takeo"].items():
        for name, works in figures.items():
            if name != "Takeo":
                rows.append(row("P9", f"{work}, us", seconds * 1e6, works[work] * 1e6, name, works[work] / seconds,
                                GOALS.get(work, {}).get(name)))
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    print(f"{'work':<32}{'Takeo':>12}{'peer':>12}  {'peer is':<18}{'ratio':>8}{'goal':>8}  met")
    for r in rows:
        goal = "" if r["goal"] is None else f"{r['goal']:.2g}x"
        met = {None: "", True: "yes", False: "NO"}[r["met"]]
        print(f"{r['work']:<32}{r['takeo']:>12,.1f}{r['peer']:>12,.1f}  {r['peer_name']:<18}{r['ratio']:>7.2f}x{goal:>8}  {met}")


def version_of(package: str) -> str:
    if package == "takeo-orm":
        import takeo

        return takeo.__version__
    return importlib.metadata.version(package)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="modules of contenders, by comma; takeo_orm comes along")
    parser.add_argument("--json", default=str(HERE / "results/latest.json"))
    options = parser.parse_args()
    names = MODULES if not options.only else ["takeo_orm", *options.only.split(",")]
    rows = compare(measure(options.rounds, names))
    rows += start_up(options.rounds) + memory() if not options.only else []
    show(rows)
    result = {"machine": {"system": platform.platform(), "processors": os.cpu_count(), "python": platform.python_version()},
              "versions": {package: version_of(package) for package in PACKAGES}, "rows": rows}
    path = pathlib.Path(options.json)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
