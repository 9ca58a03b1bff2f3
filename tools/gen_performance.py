#!/usr/bin/env python3
"""Put goals and figures into docs/performance.md: what the bench asks, and what its kept reports say.

    tools/gen_performance.py             write the page
    tools/gen_performance.py --check     write nothing; fail when it is not current

What stands between `<!-- name -->` and `<!-- end of name -->` is replaced; the rest of the page is written by hand.
"""
import argparse
import itertools
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/performance.md"
RESULTS = ROOT / "bench/results"

sys.path.insert(0, str(ROOT / "bench"))

import postgresql_rows  # noqa: E402 - after the path
import sqlite_rows  # noqa: E402
from rows import TITLES, told  # noqa: E402


def table(head, lines):
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def ratio(number):
    """Three digits at most, and never a ratio rounded up to one that it is not."""
    return f"{number:.0f}x" if number >= 100 else f"{number:.1f}x" if number >= 10 else f"{number:.2f}x"


def goals():
    """Each row and what is asked, as the bench has it."""
    lines = []
    for id_ in TITLES:
        for module in (postgresql_rows, sqlite_rows):
            database = module.DATABASE
            asked = {}  # what is asked -> the works of which it is
            for step in module.STEPS:
                if step.id == id_:
                    asked.setdefault(tuple(step.asked.items()), []).append(step.label.rstrip(":"))
            if id_ in module.ASKED:
                asked[tuple(module.ASKED[id_].items())] = []
            for peers, works in asked.items():
                what = ", ".join(dict.fromkeys(filter(None, works)))
                of = ", ".join(f"{name} {number:.2g}x" for name, number in peers)
                lines.append((id_, database, TITLES[id_] + (f": {what}" if what and len(asked) > 1 else ""), of))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in
                     (("row", "database", "work", "asked at least"), ["---"] * 4, *lines))


def figures():
    report = json.loads((RESULTS / "latest.json").read_text())
    parts = [f"Measured on: {told(report['machine'])}.", f"Versions: {told(report['versions'])}."]
    for (id_, database), group in itertools.groupby(report["rows"], key=lambda r: (r["id"], r["database"])):
        group = list(group)
        peers = list(dict.fromkeys(r["peer_name"] for r in group))
        lines = []
        for work, of_work in itertools.groupby(group, key=lambda r: r["work"]):
            of_work = list(of_work)
            cells = {r["peer_name"]: cell(r) for r in of_work}
            lines.append((work, f"{of_work[0]['takeo']:,.1f}", *(cells.get(peer, "") for peer in peers)))
        parts += [f"### {id_}, {database}: {TITLES[id_]}", table(("", "Takeo", *peers), lines)]
    asked = [r for r in report["rows"] if r["met"] is not None]
    missed = [r for r in asked if not r["met"]]
    parts.append(f"{len(asked) - len(missed)} of {len(asked)} goals were met.")
    return "\n\n".join(parts)


def cell(r):
    if r["goal"] is None:
        return ratio(r["ratio"])
    told_ = f"{ratio(r['ratio'])} ({r['goal']:.2g})"
    return told_ if r["met"] else f"**{told_}**"


def instructions():
    report = json.loads((RESULTS / "instructions.json").read_text())
    lines = [(r["work"], *(f"{r[part]:,}" for part in ("takeo", "client", "all"))) for r in report["rows"]]
    return f"Counted on: {told(report['machine'])}.\n\n" + table(("", "Takeo", "client library", "whole process"), lines)


def page():
    text = PAGE.read_text()
    for name, part in (("goals", goals), ("figures", figures), ("instructions", instructions)):
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            sys.exit(f"{PAGE.relative_to(ROOT)}: {start} and {end} must each stand there once")
        text = re.sub(f"(?s){start}.*{end}", lambda _: f"{start}\n{part()}\n{end}", text)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    options = parser.parse_args()
    text = page()
    if PAGE.read_text() == text:
        return
    if options.check:
        print(f"{PAGE.relative_to(ROOT)} is not current: make generate")
        sys.exit(1)
    PAGE.write_text(text)
    print("wrote", PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
