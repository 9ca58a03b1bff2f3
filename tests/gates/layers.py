"""Gate: who may include whom.

A room (folder of lib) includes only doors of lower rows; never its own row, never one above.  A door
is lib/<room>/<room>.h; every other header is *_int.h and stays inside its room.  lib/driver/<server>
is a room of its own that sees driver.h, and only lib/driver/driver_list.c names a server's door.
error_list.h and the like, which hold one X-list and nothing else, belong to the door that includes them.

An exception is a line of docs/architecture.md of this form, with its reason:
    - exception: `lib/api/host.c` includes `door/door.h`: the reason
"""
import pathlib
import re

from _source import ROOT, breach, c_files, done, includes_of

ROWS = [["base"], ["value"], ["model"], ["driver", "host"], ["sql", "conn"],
        ["orm", "migrate", "cache", "route", "observe"], ["api", "door"]]
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}
LIB = ROOT / "lib"


def exceptions():
    page = ROOT / "docs/architecture.md"
    text = page.read_text() if page.exists() else ""
    return set(re.findall(r"^[-*] exception: `lib/([^`]+)` includes `([^`]+)`: \S", text, re.M))


def room_of(relative):
    """lib/driver/sqlite/x.c -> ("driver", "sqlite"); lib/base/x.c -> ("base", None)."""
    parts = relative.parts
    return parts[0], parts[1] if parts[0] == "driver" and len(parts) > 2 else None


def is_door(relative):
    return relative.stem == relative.parts[-2] if len(relative.parts) > 1 else False


def is_list(path):
    return path.name.endswith("_list.h")


def resolve(path, name):
    """The file in lib that an include names, or None when it is a public or system header."""
    for base in (path.parent, LIB):
        found = (base / name).resolve()
        if found.is_file() and found.is_relative_to(LIB):
            return found
    return None


def check(path, line, name, is_local, allowed):
    here = path.relative_to(LIB)
    room, server = room_of(here)
    target = resolve(path, name) if is_local else None
    if (str(here), name) in allowed:
        return
    if target is None:
        if is_local and not name.startswith("takeo/"):
            breach(path, line, f'"{name}" is neither in lib nor a public header')
        return
    there = target.relative_to(LIB)
    other, other_server = room_of(there)
    if (room, server) == (other, other_server):
        return
    if is_list(target) or not is_door(there):
        breach(path, line, f"{there} is not a door: other rooms include only {other}/{other}.h")
    elif room == other == "driver":
        if other_server and path.name != "driver_list.c":
            breach(path, line, f"only driver_list.c names {there}")
    elif other_server:
        breach(path, line, f"{there}: a driver is reached through its table")
    elif ROW[other] >= ROW[room]:
        breach(path, line, f"{room} (row {ROW[room]}) must not see {other} (row {ROW[other]})")


def main():
    allowed = exceptions()
    for path in c_files("lib"):
        here = path.relative_to(LIB)
        room, server = room_of(here)
        if room not in ROW:
            breach(path, 0, f"no room is called {room}")
            continue
        if path.suffix == ".h":
            second_door = str(here) in {name for _, name in allowed}
            if not (is_door(here) or second_door or here.stem.endswith("_int") or is_list(path)):
                breach(path, 0, f"a header is a door ({path.parent.name}.h), *_int.h or *_list.h")
        for line, name, is_local in includes_of(path):
            check(path, line, name, is_local, allowed)
    for path in c_files("include"):
        for line, name, is_local in includes_of(path):
            if is_local and not name.startswith("takeo/"):
                breach(path, line, f'a public header includes only "takeo/...", not "{name}"')
            if not is_local and name not in ("stddef.h", "stdint.h"):
                breach(path, line, f"a public header includes only <stddef.h> and <stdint.h>, not <{name}>")
    for here, name in sorted(allowed):
        if not (LIB / here).exists():
            breach(pathlib.Path("docs/architecture.md"), 0, f"exception for lib/{here}, which is gone")


main()
done()
