"""The comparison: the same work by every library, alternating in one run on one machine.

    tools/bench                          every row, 7 rounds: as `make bench`
    tools/bench --only P1,P4 --rounds 3  some rows, fewer rounds
    tools/bench --against sqlalchemy     only peers with this in their names, by comma
    tools/bench instructions             another program: counts instructions, see its --help

P9 and P10 are SQLite in memory, P11 (memory) is both, the others are PostgreSQL, on a server that the bench
starts and stops; P0 is the benchmark of the first Takeo.  What is asked of each row stands in
`sqlite_rows.py` and `postgresql_rows.py`; the table says whether it was met, and lists what was missed.

A whole run writes bench/results/latest.json, a part of one build/bench/latest.json, or what --json says:
{"machine", "versions", "rows": [{"id", "work", "takeo", "peer", "peer_name", "ratio", "goal", "met"}]};
"ratio_of_minima", "best" in the table, is the ratio of the best rounds: far from the ratio of the medians it says that
the machine was not quiet.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import sys
from typing import Any

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import postgresql_rows  # noqa: E402 - after the path
import sqlite_rows  # noqa: E402
from rows import show  # noqa: E402

IDS = ("P0", "P1", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P14")
PACKAGES = ["takeo-orm", "cffi", "SQLAlchemy", "psycopg", "psycopg2-binary", "asyncpg", "peewee", "Django", "tortoise-orm",
            "piccolo", "apsw"]


def version_of(package: str) -> str:
    if package == "takeo-orm":
        import takeo

        return takeo.__version__
    return importlib.metadata.version(package)


def libraries() -> dict[str, str]:
    """The libpq of each driver."""
    import psycopg
    import psycopg2

    return {"libpq of psycopg": str(psycopg.pq.version()), "libpq of psycopg2": str(psycopg2.__libpq_version__)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", metavar="P1,P4", help=f"of {', '.join(IDS)}")
    parser.add_argument("--against", metavar="NAMES", help="peers with one of these in their names; Takeo comes along")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    wanted = set(options.only.split(",") if options.only else IDS)
    if not wanted <= set(IDS):
        parser.error(f"no row {', '.join(sorted(wanted - set(IDS)))}: {', '.join(IDS)}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    names = options.against.lower().split(",") if options.against else [""]

    def against(name: str) -> bool:
        return any(one in name.lower() for one in names)

    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    machine: dict[str, Any] = {"system": platform.platform(), "processors": os.cpu_count(),
                               "python": platform.python_version(), "load": os.getloadavg()[0]}
    if machine["load"] > 0.5:
        print(f"bench: the machine is busy (load {machine['load']:.1f}): the figures will scatter", file=sys.stderr)
    versions = {package: version_of(package) for package in PACKAGES}
    if wanted & set(postgresql_rows.IDS):
        rows, machine["postgresql"], problems = postgresql_rows.rows_of(wanted, options.rounds, against)
        versions |= libraries()
    rows += sqlite_rows.rows_of(wanted, options.rounds, against)
    rows.sort(key=lambda r: int(r["id"][1:]))
    show(rows)
    for problem in problems:
        print(f"left out: {problem.strip().splitlines()[0]} ... {problem.strip().splitlines()[-1]}")
    whole = not options.only and not options.against and options.rounds >= 7
    path = pathlib.Path(options.json or (HERE / "results/latest.json" if whole else HERE.parent / "build/bench/latest.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "versions": versions, "rows": rows}, indent=1) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
