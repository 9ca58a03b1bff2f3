"""A row of the comparison, how rows are shown, and how a report is kept.  It knows nothing of who measured."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

TITLES = {
    "P0": "the first Takeo's own benchmark: 10 000 records",
    "P1": "one row by its key into an entity",
    "P3": "insert, update, delete one entity, in autocommit",
    "P4": "find 10 000 entities of 4 columns",
    "P5": "find 10 000 entities of 32 mixed columns",
    "P6": "save a list of 10 000 new entities, keys known afterwards",
    "P7": "update 10 000 loaded entities, one changed column each",
    "P8": "1 000 parents, each with its 10 children",
    "P9": "all of this in memory",
    "P10": "a new process: import, open, declare entities; over a bare interpreter",
    "P11": "traced memory of a loaded entity of 4 columns",
    "P14": "a new process: connect and read a row",
}


def row(id_: str, database: str, work: str, takeo: float, peer: float, name: str, goal: float | None = None, *,
        driver: str = "", of_minima: float | None = None) -> dict[str, Any]:
    """The ratio is the peer's figure through Takeo's: above 1 Takeo is better.

    of_minima: the same of the best rounds; where it is far from the ratio the machine was not quiet.
    """
    ratio = peer / takeo
    return {"id": id_, "database": database, "work": work, "takeo": takeo, "peer": peer, "peer_name": name,
            "driver": driver, "ratio": ratio, "ratio_of_minima": of_minima, "goal": goal,
            "met": None if goal is None else ratio >= goal}


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda r: (int(r["id"][1:]), r["database"]))


def told(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def with_driver(name: str, driver: str) -> str:
    return f"{name} ({driver})" if driver else name


def name_of(r: dict[str, Any]) -> str:
    return with_driver(r["peer_name"], r["driver"])


def write(path: pathlib.Path, report: dict[str, Any]) -> None:
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.write_text(json.dumps(report, indent=1) + "\n")
    os.replace(half, path)


def show(report: dict[str, Any]) -> None:
    print(told(report["machine"]))
    print(told(report["versions"]))
    print(f"\n{'':<5}{'work':<34}{'Takeo':>11}{'peer':>12}  {'peer is':<46}{'ratio':>8}{'best':>8}{'goal':>8}  met")
    group = None
    for r in report["rows"]:
        if group != (r["id"], r["database"]):
            group = r["id"], r["database"]
            print(f"{r['id']:<5}{r['database']}: {TITLES[r['id']]}")
        goal = "" if r["goal"] is None else f"{r['goal']:.2g}x"
        best = "" if r["ratio_of_minima"] is None else f"{r['ratio_of_minima']:.2f}x"
        met = {None: "", True: "yes", False: "NO"}[r["met"]]
        print(f"{'':<5}{r['work']:<34}{r['takeo']:>11,.1f}{r['peer']:>12,.1f}  {name_of(r):<46}"
              f"{r['ratio']:>7.2f}x{best:>8}{goal:>8}  {met}".rstrip())
    missed = [r for r in report["rows"] if r["met"] is False]
    asked = sum(r["met"] is not None for r in report["rows"])
    print(f"\n{asked - len(missed)} of {asked} goals are met" + (":" if missed else ""))
    for r in missed:
        print(f"  missed {r['id']} {r['database']}, {r['work']}: {r['ratio']:.2f}x {name_of(r)}, asked {r['goal']:.2g}x")
    for problem in report["left_out"]:
        print(f"left out: {problem}")
