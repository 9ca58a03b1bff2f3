"""Instructions of one operation, counted by callgrind: the figure that no busy machine moves.

    tools/bench instructions             count, show what has changed, and replace the kept figures
    tools/bench instructions --check     count and compare; 1 when an operation needs over 5 % more than is kept

Each work is done N and then 2N times in one process under valgrind, and a figure is the difference over N: what
starts and ends a run does not count.  Of each operation it tells

    takeo     libtakeo.so, with what it asks of the C library
    client    libsqlite3 or libpq, with all that it calls
    all       the whole process, the interpreter with it

and how `takeo` has changed since the figures in bench/results/instructions.json, or where --json says.  SQLite is in
memory; PostgreSQL is counted when TAKEO_TEST_POSTGRESQL names a server (tools/postgres tools/bench instructions), in a
database of its own.  The same build of everything gives the same figures to a thousandth, but for `client` of large
answers of a server: a hundredth, as they fall into pieces.  Figures of another compiler or of other libraries do
not compare, so --check refuses them (2).
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gc
import importlib
import json
import os
import pathlib
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from typing import Any, Callable, Iterator

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from rows import write  # noqa: E402 - after the path

ONE, MANY = 1000, 1  # how often a work of one row, and of 10 000 rows, is done
ALLOWED = 1.05  # a figure through the kept one
SAME = ("processor", "libc", "compiler", "python", "sqlite", "libpq", "postgresql", "door")  # what figures hang on
MARK = "getppid"  # a function of the C library that nothing else here calls; callgrind writes its counts at each call

# ---- what is counted, under valgrind


def fill(database: Any, entities: Any) -> None:
    """The rows that all reads are of."""
    from contenders import children, new_rows, parents

    database.synchronize()
    database.repository(entities.Journal).save([entities.Journal(moment=m, level=n, text=t) for m, n, t in new_rows()])
    made = {key: entities.Parent(id=key, name=name) for key, name in parents()}
    database.repository(entities.Parent).insert(list(made.values()))
    database.repository(entities.Child).insert([entities.Child(id=k, name=n, parent=made[p]) for k, n, p in children()])


def fill_wide(database: Any, wide: Any) -> None:
    from contenders import ROWS, WIDE_NAMES, wide_row

    database.repository(wide).insert([wide(**dict(zip(WIDE_NAMES, wide_row(n)))) for n in range(ROWS)])
    database.sql("vacuum analyze").run()


def works(url: str) -> Iterator[tuple[str, int, Callable[[int], Callable[[], None]]]]:
    """(name, N, prepare): prepare(count) gives a function that does the work `count` times and nothing else."""
    from contenders import ROWS, new_rows
    from takeo import DataSource

    is_server = not url.startswith("sqlite")
    entities = importlib.import_module("contenders.takeo_orm")
    Journal, Parent = entities.Journal, entities.Parent
    known = [Journal, Parent, entities.Child, *([entities.Wide] if is_server else [])]
    database = DataSource(url, entities=known, wait="poll")  # a spin would count how long the server takes
    fill(database, entities)
    journal, parents = database.repository(Journal), database.repository(Parent)
    save, remove, get, find = journal.save, journal.remove, journal.get, journal.find

    def each(call: Callable[[Any], Any], things: list[Any]) -> Callable[[], None]:
        def run() -> None:
            for thing in things:
                call(thing)

        return run

    def entries(count: int) -> list[Any]:
        return [Journal(moment=moment, level=level, text=text) for moment, level, text in new_rows(count)]

    def saved(count: int) -> list[Any]:
        made: list[Any] = save(entries(count))
        return made

    def changed(count: int) -> list[Any]:
        made = saved(count)
        for entry in made:
            entry.level = entry.level + 10
        return made

    def lists(make: Callable[[int], list[Any]], count: int) -> list[list[Any]]:
        return [make(ROWS) for _ in range(count)]

    def loaded(count: int) -> list[Any]:
        rows: list[Any] = find(Journal.id <= count)
        for entry in rows:
            entry.level = entry.level + 10
        return rows

    def times(call: Callable[[], Any], count: int) -> Callable[[], None]:
        return each(lambda _: call(), list(range(count)))

    yield "one row by key", ONE, lambda count: each(get, [(n * 7919) % ROWS + 1 for n in range(count)])
    yield "insert one", ONE, lambda count: each(save, entries(count))
    yield "update one", ONE, lambda count: each(save, changed(count))
    yield "delete one", ONE, lambda count: each(remove, saved(count))
    journal.delete(Journal.id > ROWS)
    yield "find 10 000", MANY, lambda count: times(find, count)
    if is_server:
        wides = database.repository(entities.Wide)
        fill_wide(database, entities.Wide)
        yield "find 10 000 x 32", MANY, lambda count: times(wides.find, count)
    yield "1 000 x 10 children", MANY, lambda count: times(lambda: parents.find(load=[Parent.children]), count)
    yield "update 10 000", MANY, lambda count: each(save, lists(loaded, count))
    yield "save 10 000", MANY, lambda count: each(save, lists(entries, count))


def run_works(url: str) -> None:
    """In the process that is counted: dumps 2, 4, 6 ... are of a work each, done N and 2N times."""
    gc.collect()
    gc.disable()
    found = []
    for name, count, prepare in works(url):
        prepare(min(count, 50))()  # warm: statements are compiled and prepared, memory is there
        for times in (count, 2 * count):
            run = prepare(times)
            os.getppid()
            run()
            os.getppid()
        found.append((name, count))
    print(json.dumps(found), flush=True)
    os._exit(0)


# ---- reading what callgrind wrote


def kind_of(path: str) -> str:
    name = path.rpartition("/")[2]
    for start, kind in (("libtakeo", "takeo"), ("libsqlite3", "client"), ("libpq", "client"), ("libc.", "libc")):
        if name.startswith(start):
            return kind
    return "other"


def read_dump(path: pathlib.Path) -> dict[str, int]:
    """Instructions of one dump."""
    names: dict[str, str] = {}

    def object_of(text: str) -> str:  # "(12) /usr/lib/libc.so.6", later only "(12)"
        number, _, name = text.partition(" ")
        if name:
            names[number] = kind_of(name)
        return names[number]

    own: collections.Counter[str] = collections.Counter()
    called: collections.Counter[tuple[str, str]] = collections.Counter()  # with all that was called from there
    caller = callee = "other"
    is_call = False
    for line in path.read_text().splitlines():
        if line.startswith("ob="):
            caller = callee = object_of(line[3:])
        elif line.startswith("cob="):
            callee = object_of(line[4:])
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[0-9+*-]", line):
            cost = int(line.split()[1])
            if is_call:
                called[caller, callee] += cost
                is_call, callee = False, caller
            else:
                own[caller] += cost

    def between(a: str, b: str) -> int:
        return called[a, b] - called[b, a]

    return {
        "takeo": own["takeo"] + between("takeo", "libc"),
        "client": between("takeo", "client"),
        "all": sum(own.values()),
    }


def count_all(folder: pathlib.Path, url: str, prefix: str) -> list[dict[str, Any]]:
    out = folder / "counts"
    command = ["valgrind", "--tool=callgrind", f"--dump-before={MARK}", f"--callgrind-out-file={out}",
               sys.executable, str(HERE / "instructions.py"), "--run", url]
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"instructions: the counted process ended with {done.returncode}\n{done.stderr[-2000:]}")
    rows = []
    for number, (name, count) in enumerate(json.loads(done.stdout)):
        once = read_dump(folder / f"counts.{4 * number + 2}")
        twice = read_dump(folder / f"counts.{4 * number + 4}")
        rows.append({"work": prefix + name, **{part: round((twice[part] - once[part]) / count) for part in once}})
    return rows


@contextlib.contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """The url of a new database of the server, which is gone in the end."""
    from contenders.postgresql import Place
    from takeo import DataSource

    place = Place.of_url(url)
    with DataSource(url) as server:
        place.database = f"takeo_instructions_{os.getpid()}"
        server.sql(f"create database {place.database}").run()
        try:
            yield place.url
        finally:
            server.sql(f"drop database {place.database} with (force)").run()


# ---- the report


def show(rows: list[dict[str, Any]], before: dict[str, int]) -> None:
    print(f"{'instructions of one':<34}{'takeo':>14}{'client':>14}{'all':>14}{'takeo was':>14}{'change':>9}")
    for row in rows:
        was = before.get(row["work"])
        told = "" if not was else f"{was:>14,}{row['takeo'] / was - 1:>+9.1%}"
        print(f"{row['work']:<34}{row['takeo']:>14,}{row['client']:>14,}{row['all']:>14,}{told}")


def breaches(rows: list[dict[str, Any]], kept: list[dict[str, Any]]) -> list[str]:
    """What needs more than is allowed, a sentence each."""
    known, found = {row["work"]: row for row in kept}, []
    for row in rows:
        was = known.get(row["work"])
        if was is None:
            found.append(f"{row['work']}: no figure is kept")
            continue
        for part in ("takeo", "client", "all"):
            if row[part] > was[part] * ALLOWED:
                found.append(f"{row['work']}, {part}: {row[part]:,} instructions, kept are {was[part]:,}: "
                             f"{row[part] / was[part] - 1:+.1%}, allowed {ALLOWED - 1:+.0%}")
    return found


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """What makes figures of two machines no comparison; what was not counted here does not matter."""
    return [f"{name} {there.get(name)}, here {here[name]}" for name in SAME if name in here and here[name] != there.get(name)]


def check(rows: list[dict[str, Any]], machine: dict[str, Any], kept: dict[str, Any]) -> int:
    other = differences(machine, kept["machine"])
    if other:
        print("\nnot compared, the kept figures are of " + "; ".join(other) + "."
              "\nCount the commit before the change here, with --json, and check with the same --json.", file=sys.stderr)
        return 2
    found = breaches(rows, kept["rows"])
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("If that is the price of something wanted: tools/postgres tools/bench instructions, and say in the commit "
              "what it buys.", file=sys.stderr)
    return 1 if found else 0


def machine_of(server: str | None) -> dict[str, Any]:
    from machine import of_libpq
    from takeo import DataSource

    compiler = subprocess.run([os.environ.get("CC", "cc"), "--version"], capture_output=True, text=True, check=True)
    found = {"system": platform.platform(), "processor": platform.machine(), "libc": " ".join(platform.libc_ver()),
             "compiler": compiler.stdout.splitlines()[0], "python": platform.python_version(),
             "sqlite": sqlite3.sqlite_version, "door": os.environ.get("TAKEO_DOOR", "builtin")}
    if server:
        with DataSource(server) as db:
            found |= {"libpq": of_libpq(), "postgresql": db.sql("show server_version").scalar()}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", default=str(HERE / "results/instructions.json"))
    parser.add_argument("--check", action="store_true", help="compare and replace nothing")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_works(options.run)
    if shutil.which("valgrind") is None:
        print("instructions: valgrind is not installed (tools/setup bench does that)", file=sys.stderr)
        return 2
    server = os.environ.get("TAKEO_TEST_POSTGRESQL")
    with tempfile.TemporaryDirectory() as folder:
        rows = count_all(pathlib.Path(folder), "sqlite://", "")
    if server:
        with tempfile.TemporaryDirectory() as folder, scratch_database(server) as url:
            rows += count_all(pathlib.Path(folder), url, "PostgreSQL, ")
    path, machine = pathlib.Path(options.json), machine_of(server)
    kept = json.loads(path.read_text()) if path.exists() else {"machine": machine, "rows": []}
    show(rows, {row["work"]: row["takeo"] for row in kept["rows"]})
    if not server:
        print("PostgreSQL was not counted: tools/postgres tools/bench instructions")
    if options.check:
        return check(rows, machine, kept)
    if not server:  # its figures stay, with what they were counted on
        rows += [row for row in kept["rows"] if row["work"].startswith("PostgreSQL")]
        machine |= {name: kept["machine"][name] for name in ("libpq", "postgresql") if name in kept["machine"]}
    write(path, {"machine": machine, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
