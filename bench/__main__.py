"""The comparison: the same work by every library, alternating in one run on one machine.

    tools/bench                          every row, 7 rounds: as `make bench`
    tools/bench --only P1,P4 --rounds 3  some rows, fewer rounds
    tools/bench --against sqlalchemy     only peers with this in their names, by comma
    tools/bench instructions             another program: counts instructions, see its --help

P0 is the benchmark of the first Takeo, on both databases; P9 and P10 are SQLite in memory, P11 (memory) is both, the
others are PostgreSQL, on a server that the bench starts and stops.  What is asked of each row stands in
`sqlite_rows.py` and `postgresql_rows.py`; the table says whether it was met, and lists what was missed.

A whole run, in which every row was measured and nobody left out, writes bench/results/latest.json; any other writes
build/bench/latest.json.  Parts are never put into a whole: figures of two moments do not compare.  --json says
another file.  What is interrupted writes nothing.

{"machine", "versions", "left_out", "rows": [{"id", "database", "work", "takeo", "peer", "peer_name", "driver",
"ratio", "ratio_of_minima", "goal", "met"}]}; "ratio_of_minima", "best" in the table, is the ratio of the best rounds:
far from the ratio of the medians it says that the machine was not quiet.
"""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
from typing import Any

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import machine  # noqa: E402 - after the path
import postgresql_rows  # noqa: E402
import sqlite_rows  # noqa: E402
from rows import TITLES, in_order, show, write  # noqa: E402

ROUNDS = 7
KEPT = HERE / "results/latest.json"
SCRATCH = HERE.parent / "build/bench/latest.json"


def run(wanted: set[str], names: list[str], rounds: int) -> dict[str, Any]:
    def against(name: str) -> bool:
        return any(one in name.lower() for one in names)

    facts, rows, left_out = machine.facts(), list[dict[str, Any]](), list[str]()
    with_server = bool(wanted & set(postgresql_rows.IDS))
    versions = machine.versions(with_server)
    if facts["load at start"] > 0.5:
        print(f"bench: the machine is busy (load {facts['load at start']}): the figures will scatter", file=sys.stderr)
    if with_server:
        rows, settings, left_out = postgresql_rows.rows_of(wanted, rounds, against)
        facts |= settings
    more, more_left_out = sqlite_rows.rows_of(wanted, rounds, against)
    facts |= {"rounds": rounds, "load at end": machine.load()}
    return {"machine": facts, "versions": versions, "left_out": left_out + more_left_out,
            "rows": in_order(rows + more)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", metavar="P1,P4", help=f"of {', '.join(TITLES)}")
    parser.add_argument("--against", metavar="NAMES", help="peers with one of these in their names; Takeo comes along")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path)
    options = parser.parse_args()
    wanted = set(options.only.split(",") if options.only else TITLES)
    if not wanted <= set(TITLES):
        parser.error(f"no row {', '.join(sorted(wanted - set(TITLES)))}: {', '.join(TITLES)}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: the server and the contenders end first
        signal.signal(number, signal.default_int_handler)
    try:
        report = run(wanted, options.against.lower().split(",") if options.against else [""], options.rounds)
    except KeyboardInterrupt:
        print("bench: interrupted; nothing was written", file=sys.stderr)
        return 130
    show(report)
    whole = not options.only and not options.against and options.rounds >= ROUNDS and not report["left_out"]
    path = options.json or (KEPT if whole else SCRATCH)
    write(path, report)
    print(f"written to {path}")
    return 1 if report["left_out"] else 0


if __name__ == "__main__":
    sys.exit(main())
