#!/usr/bin/env python3
"""Make docs/reference/python.md from the docstrings and signatures of the package, which are the only source.

    tools/gen_reference.py              write the page
    tools/gen_reference.py --check      write nothing; fail when it is not current
    tools/gen_reference.py --missing    name what is public and has no docstring

The package is read, not imported: it needs no library and no cffi, and every Python gives the same text.
"""
import argparse
import ast
import inspect
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bindings/python/takeo"
PAGE = ROOT / "docs/reference/python.md"

# What stands under which heading of the first part; a name that is in no group comes last.
GROUPS = {
    "Declarations": (
        "Entity", "Mapped", "Rel", "Column", "PrimaryColumn", "PrimaryKey", "PrimaryGeneratedColumn", "ManyToOne",
        "OneToOne", "OneToMany", "Index", "Unique", "Check"),
    "Database": ("DataSource", "Transaction", "Repository"),
    "Queries": ("Query", "Select", "select", "Predicate", "and_", "or_", "alias", "count", "ref", "sql"),
    "Markers": ("SKIP", "UNSET"),
}


class Module:
    """One file of the package: its definitions, its imports, what it says after an assignment."""

    def __init__(self, name):
        self.name = name
        self.text = (PACKAGE / f"{name}.py").read_text()
        self.defined, self.imported, self.said = {}, {}, {}
        before = None
        for node in ast.parse(self.text).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                self.defined[node.name] = node
            elif isinstance(node, ast.ImportFrom) and node.level == 1:
                for one in node.names:
                    self.imported[one.asname or one.name] = (node.module, one.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name):
                    self.defined[target.id] = node
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and before is not None:
                self.said[before] = inspect.cleandoc(str(node.value.value))
            before = node.targets[0].id if isinstance(node, ast.Assign) and isinstance(
                node.targets[0], ast.Name) else None

    def source(self, node):
        return re.sub(r"\s+", " ", ast.get_source_segment(self.text, node) or "")

    def names(self, list_name):
        """The texts in a list or the keys of a dict of the module."""
        value = self.defined[list_name].value
        return [one.value for one in (value.keys if isinstance(value, ast.Dict) else value.elts)]


MODULES = {}
MISSING = []


def module(name):
    if name not in MODULES:
        MODULES[name] = Module(name)
    return MODULES[name]


def find(where, name):
    """(module, node) of a name as a module sees it, through its imports and its lazy names."""
    here = module(where)
    if name in here.defined:
        node = here.defined[name]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            return find(where, node.value.id)
        return here, node
    if name in here.imported:
        return find(*here.imported[name])
    lazy = here.defined.get("_ELSEWHERE")
    for key, value in zip(lazy.value.keys, lazy.value.values) if lazy is not None else ():
        if key.value == name:
            return find(value.value, name)
    return None, None


# ---- signatures and docstrings ----------------------------------------------------------------------


def annotated(here, node):
    """An annotation, unless it says nothing."""
    text = here.source(node) if node is not None else "Any"
    return "" if text in ("Any", "object") else text


def signature(here, node, name=None, is_method=False):
    """`name(a, *, b: int = 3) -> str`, without self and without annotations that say nothing."""
    given = node.args
    first = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(first) - len(given.defaults)) + list(given.defaults)
    words = []

    def add(one, default, mark=""):
        kind = annotated(here, one.annotation)
        word = f"{mark}{one.arg}" + (f": {kind}" if kind else "")
        if default is not None:
            what = "..." if here.source(default) == "NOT_GIVEN" else here.source(default)
            word += f" = {what}" if kind else f"={what}"
        words.append(word)

    for place, (one, default) in enumerate(zip(first, defaults)):
        if not (is_method and place == 0):
            add(one, default)
        if given.posonlyargs and place == len(given.posonlyargs) - 1 and len(words) > 0:
            words.append("/")
    if given.vararg:
        add(given.vararg, None, "*")
    elif given.kwonlyargs:
        words.append("*")
    for one, default in zip(given.kwonlyargs, given.kw_defaults):
        add(one, default)
    if given.kwarg:
        add(given.kwarg, None, "**")
    gives = annotated(here, node.returns)
    made = f"{name or node.name}({', '.join(words)})" + (f" -> {gives}" if gives and name is None else "")
    if len(made) <= 100:
        return made
    inside = ",\n    ".join(words)
    return f"{name or node.name}(\n    {inside},\n)" + (f" -> {gives}" if gives and name is None else "")


SECTION = re.compile(r"(?m)^(Args|Raises|Example):\n")


def documentation(text):
    """A docstring as Markdown: its sentences, then lists of arguments and failures, then the example."""
    head, *rest = SECTION.split(text)
    out = [head.strip()] if head.strip() else []
    for title, body in zip(rest[::2], rest[1::2]):
        body = inspect.cleandoc("\n" + body)
        if title == "Example":
            out += ["", "```python", body, "```"]
            continue
        out.append("")
        for item in re.split(r"\n(?=\S)", body):
            names, _, meaning = re.sub(r"\s+", " ", item).partition(": ")
            names = ", ".join(f"`{name.strip()}`" for name in names.split(","))
            out.append(f"- {'Raises ' if title == 'Raises' else ''}{names}: {meaning}")
    return "\n".join(out).strip("\n")


def docstring(here, node, path):
    text = ast.get_docstring(node)
    if not text:
        MISSING.append(f"{here.name}.py: {path}")
    return documentation(text) if text else ""


# ---- entries ----------------------------------------------------------------------------------------


def entry(where, name, public, level="###"):
    here, node = find(where, name)
    if node is None:
        sys.exit(f"{where}.py: {name} is in __all__, but nothing defines it")
    out = [f"{level} {name}", ""]
    if isinstance(node, ast.FunctionDef):
        if name != node.name:
            return [*out, f"Another name of [`{node.name}`](#{node.name.lower()}).", ""]
        return [*out, "```python", signature(here, node), "```", "", docstring(here, node, name), ""]
    if isinstance(node, ast.ClassDef):
        return [*out, *of_class(here, node, public)]
    text = module(here.name).said.get(name)
    if text is None:
        MISSING.append(f"{here.name}.py: {name}")
    return [*out, text or "", ""]


def of_class(here, node, public):
    text = ast.get_docstring(node) or ""
    out = []
    init = next((one for one in node.body if getattr(one, "name", "") == "__init__"), None)
    if init is not None and ("Args:" in text or text.startswith(f"`{node.name}(")):
        out += ["```python", signature(here, init, node.name, is_method=True), "```", ""]
    out += [docstring(here, node, node.name), ""]
    bases, members = [], []
    gather(here, node, public, bases, members, set())
    if bases:
        out += ["It can do all that " + " and ".join(f"[`{one}`](#{one.lower()})" for one in bases) + " can.", ""]
    short, long = [], []
    for owner, one in members:
        word = f"{node.name}.{one.name}"
        text = docstring(owner, one, word)
        is_property = any(getattr(d, "id", "") == "property" for d in one.decorator_list)
        call = one.name if is_property else signature(owner, one, is_method=True)
        if "\n" in call or "\n\n" in text:
            long += [f"#### {word}", "", "```python", call, "```", "", text, ""]
        else:
            short.append(f"| `{cell(call)}` | {cell(text).replace(chr(10), ' ')} |")
    if short:
        out += ["| method | |", "|---|---|", *short, ""]
    out += long
    return out


def gather(here, node, public, bases, members, seen):
    """Public methods of a class and of its private bases; public bases are only named."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and one.name not in seen:
            seen.add(one.name)
            members.append((here, one))
    for base in node.bases:
        name = base.value.id if isinstance(base, ast.Subscript) else getattr(base, "id", None)
        there, found = find(here.name, name) if name else (None, None)
        if isinstance(found, ast.ClassDef):
            if name in public:
                bases.append(name)
            else:
                gather(there, found, public, bases, members, seen)


# ---- the page ---------------------------------------------------------------------------------------


def main_names():
    names = module("__init__").names("__all__")
    out = []
    left = list(names)
    for title, group in GROUPS.items():
        inside = [name for name in group if name in left]
        out.append((title, inside))
        left = [name for name in left if name not in inside]
    errors = [name for name in left if find("__init__", name)[0].name == "errors"]
    rest = [name for name in left if name not in errors]
    if rest:
        out.append(("Further names", rest))
    return out, errors


def types_part(public):
    """Entries for what has a docstring to show, a table for types of columns."""
    here = module("types")
    names = here.names("__all__")
    out, rows = [], []
    for name in names:
        _, node = find("types", name)
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ColumnType":
            line = here.text.splitlines()[node.lineno - 1]
            rows.append(f"| `{name}` | `{call.args[1].value}` | {line.partition('#')[2].strip()} |")
    out += ["Types of columns that Python's own classes cannot say: `Column(Int32)`.", "",
            "| name | as a text | |", "|---|---|---|", *rows, ""]
    in_table = {row.split("`")[1] for row in rows}
    for name in names:
        if name not in in_table and name not in ("SKIP", "UNSET"):
            out += entry("types", name, public)
    return out


def functions_part():
    here = module("functions")
    names = set(here.names("__all__"))
    out = ["`from takeo import functions as fn`. Everything here builds an expression; nothing runs.", ""]
    heading = None
    lines = here.text.splitlines()
    for name, node in here.defined.items():
        if name not in names or not isinstance(node, ast.FunctionDef):
            continue
        title = next((lines[at][7:] for at in range(node.lineno - 2, -1, -1) if lines[at].startswith("# ---- ")), "")
        if title != heading:
            heading = title
            out += ["", f"### {title[:1].upper()}{title[1:]}", "", "| function | |", "|---|---|"]
        text = re.sub(r"\s+", " ", ast.get_docstring(node) or "")
        if not text:
            MISSING.append(f"functions.py: {name}")
        out.append(f"| `{signature(here, node).partition(' ->')[0]}` | {cell(text)} |")
    aggregate = here.defined.get("Aggregate")
    if aggregate is not None:
        out += ["", "Aggregates also have", ""]
        for one in aggregate.body:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                out.append(f"- `.{signature(here, one, is_method=True).partition(' ->')[0]}`: "
                           f"{docstring(here, one, 'Aggregate.' + one.name)}")
    return [*out, ""]


def cell(text):
    return text.replace("|", "\\|")


def errors_part():
    here = module("errors")
    kept = {"Exception", "UserWarning", "TakeoError", "TakeoWarning"}
    out = [documentation(ast.get_docstring(here.defined["TakeoError"])), "",
           "| class | is a | |", "|---|---|---|"]
    for name, node in here.defined.items():
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [here.source(base) for base in node.bases]
        if not set(bases) & kept:
            continue
        kept.add(name)
        text = re.sub(r"\s+", " ", ast.get_docstring(node) or "")
        if not text:
            MISSING.append(f"errors.py: {name}")
        code = next((one.value.value for one in node.body if isinstance(one, ast.Assign)
                     and one.targets[0].id == "code"), None)
        if name == "TakeoError":
            continue
        said = f"{cell(text)} [{code}](../errors.md#{re.sub('[^a-z_]', '', code.lower())})" if code else cell(text)
        out.append(f"| `{name}` | {', '.join(f'`{base}`' for base in bases)} | {said} |")
    to_dict = next(one for one in here.defined["TakeoError"].body if getattr(one, "name", "") == "to_dict")
    return [*out, "", f"`to_dict()`: {docstring(here, to_dict, 'TakeoError.to_dict')}", ""]


def page():
    groups, errors = main_names()
    public = {name for _, names in groups for name in names} | set(module("types").names("__all__"))
    out = ["# The Python API", "",
           "Made from the docstrings of the package by `tools/gen_reference.py`; do not edit it. Parameters and results",
           "without a type take or give any. How the parts fit together: [entities](../entities.md),",
           "[queries](../queries.md), [saving](../saving.md), [transactions](../transactions.md), [values](../values.md).",
           ""]
    for title, names in groups:
        out += [f"## {title}", ""]
        for name in names:
            out += entry("__init__", name, public)
    out += ["## takeo.types", "", *types_part(public), "## takeo.functions", "", *functions_part()]
    out += ["## takeo.errors", "",
            f"{', '.join(f'`{name}`' for name in errors)} can be imported from `takeo` as well. What each failure means",
            "and how to mend it: [errors](../errors.md).", "", *errors_part()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    parser.add_argument("--missing", action="store_true", help="name what has no docstring")
    options = parser.parse_args()
    text = page()
    if options.missing:
        print("\n".join(MISSING))
        sys.exit(bool(MISSING))
    if options.check:
        if not PAGE.exists() or PAGE.read_text() != text:
            print(f"{PAGE.relative_to(ROOT)} is not current: make generate")
            sys.exit(1)
        return
    if not PAGE.exists() or PAGE.read_text() != text:
        PAGE.write_text(text)
        print("wrote", PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
