"""What the gates share: the project's files, C without comments and strings, and the way to report.

A gate is a program `gate.py ROOT [LIBRARY]`: it prints each breach as `file:line: what` and ends
with 1 when there was one.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
LIBRARY = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else ROOT / "build/release/libtakeo.so"

_breaches = []


def breach(path, line, what):
    """Report one breach; line 0 is the file as a whole."""
    where = path.relative_to(ROOT) if isinstance(path, pathlib.Path) and path.is_relative_to(ROOT) else path
    _breaches.append(f"{where}:{line}: {what}" if line else f"{where}: {what}")


def done():
    for line in _breaches:
        print(line)
    sys.exit(bool(_breaches))


def c_files(*folders, suffixes=(".c", ".h")):
    """C files below the folders, in order."""
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def blank(text):
    """Spaces for text, line ends kept, so that places stay the same."""
    return re.sub(r"[^\n]", " ", text)


@functools.lru_cache(None)
def code_of(path):
    """C with comments, strings and characters blanked; includes keep their names."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|(?P<include>^[ \t]*#[ \t]*include[^\n]*)|"(?:\\.|[^"\\\n])*"'
                       r"|'(?:\\.|[^'\\\n])*'", re.S | re.M)
    return token.sub(lambda m: m[0] if m["include"] else blank(m[0]), path.read_text())


@functools.lru_cache(None)
def plain_code_of(path):
    """The same without any preprocessor line."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), code_of(path), flags=re.M)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def includes_of(path):
    """(line, name, is_local) of each include."""
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', code_of(path), re.M):
        yield line_of(code_of(path), match.start()), match[2], match[1] == '"'
