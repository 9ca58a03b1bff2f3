"""Gate: public headers stand alone and keep the rules of docs/abi.md.

Each alone, all together in both orders, as C99, C11 and C++11, with gcc and clang when present,
pedantic.  Every function has its comment with @thread, @since, @return, at most five parameters, and
is must-check exactly when it gives a status; every enumerator has its number written out, unlike any
other of its set; flags stay below bit 31; structs that callers fill begin with struct_size.
"""
import concurrent.futures
import itertools
import os
import re
import shutil
import subprocess
import tempfile

from _source import ROOT, blank, breach, done, line_of

INCLUDE = ROOT / "include"
HEADERS = sorted((INCLUDE / "takeo").glob("*.h"))
DIALECTS = [[tool, *flags] for tool, *flags in (
    ("gcc", "-std=c99"), ("gcc", "-std=c11"), ("clang", "-std=c99"), ("clang", "-std=c11"),
    ("g++", "-std=c++11", "-x", "c++"), ("clang++", "-std=c++11", "-x", "c++")) if shutil.which(tool)]
MOST_PARAMETERS = 5

# Their layout is the same for ever, or they are elements of arrays whose size travels beside them.
FROZEN = "text cell list condition order column_info output_info setting symbol expression index_item".split()
ELEMENT = "column_def relation_def index_def constraint_def layout_def field_def node migration notice".split()


def compile_alone():
    together = [f'#include "takeo/{h.name}"' for h in HEADERS]
    units = {h.name: [f'#include "takeo/{h.name}"'] for h in HEADERS}
    units |= {"all headers": together, "all headers, backwards": together[::-1]}

    def one(job):
        (name, lines), dialect = job
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write("\n".join([*lines, "int takeo_unit;", ""]))
            file.flush()
            run = subprocess.run([*dialect, "-pedantic", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}",
                                  "-fsyntax-only", file.name], text=True, capture_output=True)
        return name, " ".join(dialect), run

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, dialect, run in pool.map(one, itertools.product(units.items(), DIALECTS)):
            if run.returncode:
                breach(f"include/takeo/{name}", 0, f"{dialect}: {run.stderr.strip().splitlines()[0]}")


def parameters(declaration):
    """Number of parameters of a function declaration."""
    inner = declaration[declaration.index("(") + 1:declaration.rindex(")")].strip()
    depth, count = 0, 1
    for c in inner:
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 0
    return 0 if inner in ("", "void") else count


def check_functions(path, text):
    for match in re.finditer(r"(?:/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*)?^TAKEO_API\s(?P<code>[^;]*);", text, re.S | re.M):
        code, comment = re.sub(r"\s+", " ", match["code"]), match["comment"]
        line = line_of(text, match.start("code"))
        if "(" not in code:
            if comment is None:
                breach(path, line, f"{code}: no comment")
            continue
        name = re.search(r"(takeo_\w+)\(", code)[1]
        if comment is None:
            breach(path, line, f"{name}: no comment")
            continue
        tags = ["@thread", "@since"] + ([] if code.startswith("void ") else ["@return"])
        for tag in tags:
            # a plain status needs no word beyond the rules that hold for all of them
            if not re.search(rf"{tag} ", comment):
                breach(path, line, f"{name}: no {tag}")
        is_status = "takeo_status " in code.partition("(")[0]
        if code.startswith("TAKEO_CHECKED ") != is_status:
            breach(path, line, f"{name}: TAKEO_CHECKED and takeo_status go together")
        if parameters(code) > MOST_PARAMETERS:
            breach(path, line, f"{name}: {parameters(code)} parameters")


def number(text, known):
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", text.strip())
    for name in re.findall(r"\bTAKEO_\w+", text):
        if name not in known:
            return None
        text = re.sub(rf"\b{name}\b", str(known[name]), text)
    return eval(text, {"__builtins__": {}}) if re.fullmatch(r"[\s\d()xXa-fA-F<|~+*-]+", text) else None


def check_enums(path, code, known):
    for match in re.finditer(r"\benum\s+(\w+)\s*\{(.*?)\}", code, re.S):
        seen = {}
        for item in re.finditer(r"\b(TAKEO_\w+)\s*(?:=\s*([^,]+))?(?:,|\s*$)", match[2], re.S):
            name, line = item[1], line_of(code, match.start(2) + item.start())
            value = number(item[2], known) if item[2] else None
            if value is None:
                breach(path, line, f"{name}: no number written out")
                continue
            if value in seen:
                breach(path, line, f"{name}: same number as {seen[value]}")
            if match[1].endswith("_flags") and not 0 < value <= 1 << 30:
                breach(path, line, f"{name}: a flag beyond bit 30")
            known[name] = value
            seen[value] = name


def check_structs(path, code):
    for match in re.finditer(r"\bstruct takeo_(\w+)\s*\{(.*?)^\}", code, re.S | re.M):
        name, line = match[1], line_of(code, match.start())
        members = re.findall(r"([^;{}]*?)\b(\w+)(?:\[\w*\])?\s*;", match[2])
        names = [m[1] for m in members]
        if name not in FROZEN + ELEMENT and names[:1] != ["struct_size"]:
            breach(path, line, f"takeo_{name}: neither frozen nor an element, and no struct_size first")
        for kind, member in members:
            element = re.search(r"\btakeo_(\w+)\s*\*\s*$", kind)
            if element and element[1] in ELEMENT and f"{member[:-1]}_count" in names \
                    and f"{member[:-1]}_size" not in names:
                breach(path, line, f"takeo_{name}.{member}: {member[:-1]}_size is missing")


known = {}
umbrella = (INCLUDE / "takeo/takeo.h").read_text()
ordered = re.findall(r'#include "takeo/(\w+\.h)"', umbrella)
for header in HEADERS:
    if header.name not in ordered and header.name != "takeo.h":
        breach(header, 0, "takeo.h does not include it")
for name in ordered:
    path = INCLUDE / "takeo" / name
    text = path.read_text()
    code = re.sub(r"/\*.*?\*/", lambda m: blank(m[0]), text, flags=re.S)
    if not re.match(rf"/\* takeo/{re.escape(name)} - ", text):
        breach(path, 1, "the first comment says what the header is")
    if "TAKEO_BEGIN\n\n" not in text or not text.endswith("\nTAKEO_END\n#endif\n"):
        breach(path, 0, "declarations stand between TAKEO_BEGIN and TAKEO_END, blank line after the first")
    for banned in (r"\binline\b", r"\bbool\b", r"\blong\b", r"\.\.\.", r"\bunsigned\b", r"^\s*\w[^;]*:\s*\d+;"):
        for match in re.finditer(banned, code, re.M):
            breach(path, line_of(code, match.start()), f"{match[0].strip()}: not in a public header")
    for at, line in enumerate(text.splitlines(), 1):
        if len(line) > 100:
            breach(path, at, f"{len(line)} columns")
    check_functions(path, text)
    check_enums(path, code, known)
    check_structs(path, code)
compile_alone()
done()
