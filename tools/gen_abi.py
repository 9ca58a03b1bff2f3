#!/usr/bin/env python3
"""Make everything that follows from the public headers, which are the only source.

    tools/gen_abi.py                    write the files below
    tools/gen_abi.py --check            write nothing; fail when one of them is not current
    tools/gen_abi.py --cdef FILE        only the declarations, for LuaJIT and other FFIs

    bindings/python/takeo/_abi.py       cffi's out-of-line module in ABI mode
    lib/takeo.map                       the symbols that libtakeo.so shows, by level
    docs/reference/c.md                 the reference, from the comments
    build/takeo.cdef                    plain declarations (not checked in)

Writing _abi.py needs cffi and pycparser; checking needs only a C preprocessor.
"""
import argparse
import contextlib
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
ABI = ROOT / "bindings/python/takeo/_abi.py"
MAP = ROOT / "lib/takeo.map"
REFERENCE = ROOT / "docs/reference/c.md"
CDEF = ROOT / "build/takeo.cdef"


def header_names():
    """The headers in the order in which they need each other, as the umbrella includes them."""
    umbrella = (INCLUDE / "takeo/takeo.h").read_text()
    names = re.findall(r'#include "takeo/(\w+)\.h"', umbrella)
    surplus = {p.stem for p in (INCLUDE / "takeo").glob("*.h")} - set(names) - {"takeo"}
    if surplus:
        sys.exit(f"include/takeo/takeo.h does not include {', '.join(sorted(surplus))}")
    return names


def declarations():
    """All headers as one text that holds nothing but declarations."""
    run = subprocess.run(
        [*os.environ.get("CC", "cc").split(), "-E", "-P", "-DTAKEO_CDEF", f"-I{INCLUDE}", "-x", "c", "-"],
        input='#include "takeo/takeo.h"\n', capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return "\n".join(line.rstrip() for line in run.stdout.splitlines() if line.strip()) + "\n"


# ---- what the headers say ---------------------------------------------------------------------------

ENTRY = re.compile(r"(?:/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*)?"
                   r"(?P<code>TAKEO_API\s[^;]*;"
                   r"|typedef struct (?P<tag>\w+) (?P=tag);\s*struct (?P=tag) \{.*?^\};"
                   r"|(?:typedef\s+)?(?:struct|enum)\s+\w+\s*\{.*?^\}[^;]*;"
                   r"|typedef\s[^;{]*;"
                   r"|struct\s+\w+;)", re.S | re.M)


def entries(name):
    """Each declaration of a header: (its name, its comment as text, its code)."""
    text = (INCLUDE / f"takeo/{name}.h").read_text().partition("\nTAKEO_BEGIN\n\n")[2]
    for match in ENTRY.finditer(text):
        code, comment = match["code"], match["comment"]
        if code.startswith("TAKEO_API"):
            what = re.search(r"(takeo_\w+)\s*(?:\(|;)", code)[1]
        else:
            what = (re.search(r"(?:struct|enum)\s+(\w+)\s*\{", code)
                    or re.search(r"(\w+)\s*(?:\)\s*\([^;]*)?;$", code))[1]
        yield what, plain(comment), code


def plain(comment):
    if comment is None:
        return None
    return "\n".join(re.sub(r"^ *\* ?", "", line).rstrip() for line in comment.strip().splitlines())


def introduction(name):
    """The first comment of a header: what it is, and the rest."""
    text = plain(re.match(r"/\*(.*?)\*/", (INCLUDE / f"takeo/{name}.h").read_text(), re.S)[1])
    first, _, rest = text.partition("\n\n" if "\n\n" in text else "\n")
    title = re.sub(r"\s+", " ", first.split(" - ", 1)[-1]).rstrip(".")
    return title, rest.strip("\n")


def symbols():
    """What the library shows: {name: level}."""
    found = {}
    for name in header_names():
        for what, comment, code in entries(name):
            if code.startswith("TAKEO_API"):
                since = re.search(r"@since (\d+)", comment or "")
                found[what] = int(since[1]) if since else 1
    return found


# ---- the files --------------------------------------------------------------------------------------

def symbol_map():
    levels = {}
    for name, level in symbols().items():
        levels.setdefault(level, []).append(name)
    lines = ["/* takeo.map - the symbols of libtakeo.so, one block for each level of the ABI.",
             " * Made from include/takeo by tools/gen_abi.py. */"]
    before = ""
    for level in sorted(levels):
        lines.append(f"TAKEO_{level} {{")
        lines.append("global:")
        lines += [f"    {name};" for name in sorted(levels[level])]
        if not before:
            lines += ["local:", "    *;"]
        lines.append(f"}}{before};")
        before = f" TAKEO_{level}"
    return "\n".join(lines) + "\n"


def comment_as_markdown(comment):
    """A comment's sentence, then its tags as a list."""
    head, _, tags = re.sub(r"(?m)^@", "\0@", comment).partition("\0")
    lines = [re.sub(r"(?m)^[ \t]+(?=\S)", "", head).strip()]
    points = []
    for tag in filter(str.strip, tags.split("\0")):
        word, _, rest = re.sub(r"\s+", " ", tag.strip()).lstrip("@").partition(" ")
        if word == "param":
            name, _, rest = rest.partition(" ")
            points.append(f"- `{name}`: {rest.strip()}")
        else:
            label = {"return": "Gives", "owns": "Owner", "thread": "Thread", "since": "Since level"}.get(word, word)
            points.append(f"- {label}: {rest}")
    if points:
        lines += ["", *points]
    return "\n".join(lines)


def reference():
    out = ["# The C API", "",
           "Made from the comments of the public headers by `tools/gen_abi.py`; do not edit it.", "",
           "Compile with `$(pkg-config --cflags --libs takeo)` and include `takeo/takeo.h`.", ""]
    names = header_names()
    out += ["| header | what it is |", "|---|---|"]
    out += [f"| [`takeo/{name}.h`](#takeo{name}h) | {introduction(name)[0]} |" for name in names] + [""]
    for name in names:
        title, rest = introduction(name)
        out += [f"## takeo/{name}.h", "", title[:1].upper() + title[1:] + ".", ""]
        if rest:
            out += [rest, ""]
        for what, comment, code in entries(name):
            if comment is None and "{" not in code:
                continue  # a forward declaration: its functions say what it is
            out += [f"### {what}", ""]
            if comment:
                out += [comment_as_markdown(comment), ""]
            out += ["```c", re.sub(r"TAKEO_(API|CHECKED) ", "", code), "```", ""]
    return "\n".join(out).rstrip() + "\n"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


# The builtin door hands the addresses of CPython's functions to the library; it finds them with this.
LOADER = "void *dlsym(void *handle, const char *name);\n"


def abi_module(cdef):
    """cffi's module with a head that says what it was made from and that nobody changed it since."""
    try:
        import cffi
    except ImportError:
        sys.exit("writing _abi.py needs cffi and pycparser: tools/setup test, then build/venv/bin/python")
    ffi = cffi.FFI()
    ffi.cdef(cdef + LOADER)
    ffi.set_source("takeo._abi", None)
    scratch = ROOT / "build/abi.tmp.py"
    scratch.parent.mkdir(exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):
        ffi.emit_python_code(str(scratch))
    body = scratch.read_text()
    scratch.unlink()
    body = body.partition("\n")[2].lstrip("\n") if body.startswith("#") else body
    return (f"# Made from include/takeo by tools/gen_abi.py; do not edit it.\n"
            f"# declarations {digest(cdef + LOADER)}\n# module {digest(body)}\n{body}")


def abi_is_current(cdef):
    """True without cffi: the digests say whether headers or module changed since it was made."""
    if not ABI.exists():
        return False
    head = re.match(r"#[^\n]*\n# declarations (\w+)\n# module (\w+)\n(.*)", ABI.read_text(), re.S)
    return bool(head) and head[1] == digest(cdef + LOADER) and head[2] == digest(head[3])


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print("wrote", path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files are current")
    parser.add_argument("--cdef", metavar="FILE", help="write only the declarations")
    options = parser.parse_args()
    cdef = declarations()
    if options.cdef:
        pathlib.Path(options.cdef).write_text(cdef)
        return
    texts = {MAP: symbol_map(), REFERENCE: reference()}
    if options.check:
        stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
        stale += [] if abi_is_current(cdef) else [ABI]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not current: make generate")
        sys.exit(bool(stale))
    for path, text in texts.items():
        write(path, text)
    if not abi_is_current(cdef):
        write(ABI, abi_module(cdef))
    write(CDEF, cdef)


if __name__ == "__main__":
    main()
