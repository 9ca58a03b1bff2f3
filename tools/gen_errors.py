#!/usr/bin/env python3
"""Make the tables of failures from lib/base/error_list.h, the only place where they are written.

    tools/gen_errors.py             write the files below
    tools/gen_errors.py --check     write nothing; fail when one is not current, or when the list
                                    and the statuses of include/takeo/base.h do not agree

    bindings/python/takeo/_error.py STATUS: number -> name of the class; CODES: code -> meaning
    docs/errors.md                  the page of every code
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "lib/base/error_list.h"
STATUSES = ROOT / "include/takeo/base.h"
TABLE = ROOT / "bindings/python/takeo/_error.py"
PAGE = ROOT / "docs/errors.md"

AREAS = {
    "CALL": "Calls themselves", "INPUT": "Values that were given", "QUERY": "Queries",
    "RESULT": "Results", "WRITE": "Writing", "MODEL": "Declarations", "CONFIG": "Settings",
    "CONNECT": "Opening a connection", "TXN": "Transactions", "SERVER": "What the database said",
}
ARGUMENT = re.compile(r'\s*(?:(?P<text>(?:"(?:[^"\\]|\\.)*"\s*)+)|(?P<word>[^\s,"()]+)\s*)(?P<end>[,)])')


def rows(name):
    """The rows of one X-list, each a list of its arguments as text."""
    text = LIST.read_text()
    start = text.index(f"#define {name}(X)")
    body = re.match(r"(?:[^\n]*\\\n)*[^\n]*", text[start:])[0].replace("\\\n", "\n")
    for match in re.finditer(r"\bX\(", body[len(f"#define {name}(X)"):]):
        at, row = len(f"#define {name}(X)") + match.end(), []
        while True:
            argument = ARGUMENT.match(body, at)
            if not argument:
                sys.exit(f"{LIST.name}: cannot read a row of {name}: {body[at:at + 60]!r}")
            texts = re.findall(r'"((?:[^"\\]|\\.)*)"', argument["text"] or "")
            row.append("".join(texts).replace('\\"', '"') if argument["text"] else argument["word"])
            at = argument.end()
            if argument["end"] == ")":
                break
        yield row


def findings(statuses, codes):
    """What is wrong with the lists themselves."""
    declared = {n: int(v) for n, v in re.findall(r"\b(TAKEO_E\w+) = (-\d+)", STATUSES.read_text())}
    listed = {name: int(number) for name, number, _ in statuses}
    for name in sorted(declared.keys() | listed.keys()):
        if declared.get(name) != listed.get(name):
            yield f"{name} is {declared.get(name)} in base.h and {listed.get(name)} in error_list.h"
    seen = set()
    for identifier, code, status, meaning in codes:
        if not re.fullmatch(r"TAKEO\.[A-Z]+\.[A-Z0-9_]+", code):
            yield f"{code} is not TAKEO.AREA.WHAT"
        if identifier != code.removeprefix("TAKEO.").replace(".", "_"):
            yield f"{code} should be called {code.removeprefix('TAKEO.').replace('.', '_')}, not {identifier}"
        if status not in listed:
            yield f"{code} has the unknown status {status}"
        if code in seen:
            yield f"{code} stands in the list twice"
        if not meaning.endswith("."):
            yield f"{code} needs a whole sentence"
        seen.add(code)


def table(statuses, codes):
    lines = ['"""Statuses and codes of failures, made from lib/base/error_list.h; do not edit it."""', "",
             "# the number of a status -> the class that is raised", "STATUS = {"]
    lines += [f'    {number}: "{python}",  # {name}' for name, number, python in statuses]
    lines += ["}", "", "# a code -> what it means and how to mend it", "CODES = {"]
    lines += [f"    {quote(code)}: {quote(meaning)}," for _, code, _, meaning in codes]
    return "\n".join(lines + ["}"]) + "\n"


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def page(statuses, codes):
    python = {name: cls for name, _, cls in statuses}
    lines = ["# Failures and what to do about them", "",
             "Every failure has a status, which a program branches on (in Python its class), and a",
             "code, which names one mistake. Made from `lib/base/error_list.h` by",
             "`tools/gen_errors.py`; do not edit it.", ""]
    areas = {}
    for row in codes:
        areas.setdefault(row[1].split(".")[1], []).append(row)
    for area, members in areas.items():
        lines += [f"## {AREAS.get(area, area.capitalize())}", ""]
        for _, code, status, meaning in members:
            lines += [f"### {code}", "", meaning, "", f"`{python.get(status, '?')}` in Python, `{status}` in C.", ""]
    lines += ["## Statuses", "", "| number | C | Python |", "|---:|---|---|"]
    lines += [f"| {number} | `{name}` | `{cls}` |" for name, number, cls in statuses]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files are current")
    options = parser.parse_args()
    statuses, codes = list(rows("TK_STATUS_LIST")), list(rows("TK_CODE_LIST"))
    wrong = list(findings(statuses, codes))
    for path, text in {TABLE: table(statuses, codes), PAGE: page(statuses, codes)}.items():
        if path.exists() and path.read_text() == text:
            continue
        if options.check:
            wrong.append(f"{path.relative_to(ROOT)} is not current: make generate")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print("wrote", path.relative_to(ROOT))
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
