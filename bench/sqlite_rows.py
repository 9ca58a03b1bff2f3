"""The rows of SQLite in memory: P9, P10, P11.

In each round every contender does a block of each work, in a shuffled order; a figure is the median of
its blocks.
"""

from __future__ import annotations

import gc
import importlib
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

from contenders import new_rows
from rows import row

HERE = pathlib.Path(__file__).parent
MODULES = ["takeo_orm", "sqlite3_module", "apsw_module", "sqlalchemy_core", "sqlalchemy_orm", "peewee_orm", "django_orm"]

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
        rows.append(row("P10", f"start with {count} entities, ms", takeo, peer, "SQLAlchemy ORM", 8))
        rows.append(row("P10", f"start with {count} entities, ms", takeo, limit, "the limit", 1))
    return rows


def memory() -> list[dict[str, Any]]:
    """P11: traced bytes of a loaded entity of four columns."""
    bytes_of = {}
    for kind in ("takeo", "slots", "sqlalchemy"):
        run = subprocess.run([sys.executable, str(HERE / "memory.py"), kind], check=True, capture_output=True, text=True)
        bytes_of[kind] = float(run.stdout)
    takeo = bytes_of["takeo"]
    return [row("P11", "bytes of an entity", takeo, bytes_of["slots"], "slots by hand", 1 / 1.1),
            row("P11", "bytes of an entity", takeo, bytes_of["sqlalchemy"], "SQLAlchemy ORM", 4)]


def compare(figures: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for work, seconds in figures["Takeo"].items():
        for name, works in figures.items():
            if name != "Takeo":
                rows.append(row("P9", f"{work}, us", seconds * 1e6, works[work] * 1e6, name,
                                GOALS.get(work, {}).get(name)))
    return rows


def rows_of(wanted: set[str], rounds: int, against: Callable[[str], bool]) -> list[dict[str, Any]]:
    """The wanted rows; `against` says which contenders take part beside Takeo."""
    found = []
    if "P9" in wanted:
        found += compare(measure(rounds, [MODULES[0], *filter(against, MODULES[1:])]))
    if "P10" in wanted:
        found += start_up(rounds)
    if "P11" in wanted:
        found += memory()
    return found
