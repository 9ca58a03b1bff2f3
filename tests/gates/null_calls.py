"""Gate: no public function crashes when a pointer is NULL, a number is 0 or a struct has another size.

Made from the headers: each function is called with each pointer NULL and each number 0, one at a time
and all at once, the rest being real (B87); and with each sized struct too small, absurd, larger with zeros
behind, larger with something behind.  A pointer that the comment does not allow to be NULL must give
TAKEO_EINVAL with a message.  Compiled against the sanitized library when there is one.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from _source import LIBRARY, ROOT, breach, done

sys.path.insert(0, str(ROOT / "tools"))
import gen_abi  # noqa: E402

HANDLES = ("model", "target", "source", "session", "op", "statement", "builder")
REAL = {  # type, or function.parameter: what is handed over when nothing is wrong
    **{f"takeo_{h} *": f"w.{h}" for h in HANDLES},
    **{f"takeo_{h} **": f"&w.out_{h}" for h in (*HANDLES, "error")},
    "takeo_error *": "w.error", "takeo_cell *": "&w.cell", "takeo_node *": "&w.node", "takeo_list *": "&w.list",
    "uint32_t *": "w.numbers", "char *": "w.buffer", "int64_t *": "&w.number", "takeo_text *": "&w.text",
    "size_t": "1", "uint32_t": "1", "int64_t": "0", "int32_t": "0", "takeo_type": "TAKEO_TYPE_INT64",
    "takeo_status": "0", "takeo_events": "0", "takeo_operator": "TAKEO_OPERATOR_EQ",
    "takeo_function": "TAKEO_FUNCTION_COUNT", "takeo_node_kind": "TAKEO_NODE_SELECT",
    "takeo_model_add.model": "w.open_model", "takeo_model_freeze.model": "w.open_model",
    "takeo_cell_parse.text": '"1"', "takeo_cell_parse.out": "&w.cell_out", "takeo_model_find.name": '"name"',
    "takeo_statement_sql.text": '"select 1"', "takeo_statement_render.dialect": '"sqlite"',
    "takeo_builder_text.text": '"x"', "takeo_builder_push.node_size": "sizeof w.node",
    "takeo_source_synchronize.flags": "0", "takeo_txn_commit.level": "0", "takeo_txn_rollback.level": "0",
    "takeo_repo_load.path_count": "2", "takeo_error_format.capacity": "sizeof w.buffer",
    "takeo_cell_format.capacity": "sizeof w.buffer", "takeo_url_mask.capacity": "sizeof w.buffer",
    "takeo_url_mask.url": '"sqlite://"',
}
OTHER = {  # function.parameter: not TAKEO_EINVAL when it is NULL
    "takeo_repo_delete.find": "TAKEO_EUNSAFE",
}
# A target says what objects are; without one they are cells, as repo.h says once for all verbs but these.
NEEDS_TARGET = ("takeo_repo_load", "takeo_repo_reload")
TAIL = 64


class Parameter:
    def __init__(self, text):
        self.name = re.search(r"(\w+)$", text)[1]
        self.is_const = text.startswith("const ")
        self.type = re.sub(r"\s*(\**)$", r" \1", text[: -len(self.name)].replace("const ", "").strip()).strip()
        self.is_pointer = "*" in self.type


class Function:
    def __init__(self, name, comment, code):
        text = re.sub(r"\s+", " ", code.replace("TAKEO_API", "").replace("TAKEO_CHECKED", "")).strip()
        result, listed = re.match(rf"(.*?){name}\s*\((.*)\);$", text).groups()
        self.name, self.result, self.comment = name, result.strip(), comment or ""
        self.parameters = [Parameter(p.strip()) for p in listed.split(",") if p.strip() != "void"]

    def may_be_null(self, parameter):
        """As its comment says; error always may."""
        if parameter.name == "error" or (parameter.type == "takeo_target *" and self.name not in NEEDS_TARGET):
            return True
        said = re.search(rf"@param {parameter.name}\b(.*?)(?=\n@|\Z)", self.comment, re.S)
        return bool(said and "NULL" in said[1]) or "NULL is allowed" in self.comment

    def real(self, parameter):
        sized = re.match(r"takeo_(\w+) \*$", parameter.type)
        for key in (f"{self.name}.{parameter.name}", parameter.type):
            if key in REAL:
                return "takeo_zstr" if parameter.name.endswith("_len") else REAL[key]
        return f"&w.{sized[1]}"

    def call(self, **instead):
        return f"{self.name}({', '.join(instead.get(p.name, self.real(p)) for p in self.parameters)})"

    def label(self, **instead):
        return f"{self.name}({', '.join(f'{k} = {v}' for k, v in instead.items())})".replace('"', "'")


def check(function, label, call, wanted, has_error, nothing):
    """The lines of one call."""
    label = f'"{label}"'
    if function.result == "takeo_status":
        error = "&w.out_error" if has_error else "NULL"
        yield f"check_status({label}, {call}, {wanted}, {error});"
    elif function.result == "void":
        yield f"{call};"
        yield "calls++;"
    elif "*" in function.result and nothing and function.name != "takeo_error_copy":
        yield f"check_nothing({label}, {call} == NULL);"
    elif function.result == "uint32_t" and nothing:
        yield f"check_nothing({label}, {call} == 0);"
    else:
        yield f"takeo_error_free({call});" if function.name == "takeo_error_copy" else f"(void){call};"
        yield "calls++;"
    yield "clear_outputs(&w);"


def calls(function):
    has_error = any(p.name == "error" for p in function.parameters)
    frees = function.name.endswith(("_free", "_close"))
    everything = {p.name: "NULL" if p.is_pointer else "0" for p in function.parameters}
    if function.name != "takeo_cpython_install":  # it takes the interpreter's lock once it has what it needs
        if not frees:
            yield from check(function, function.label(), function.call(), 1, has_error, False)
    for p in function.parameters:
        value = "NULL" if p.is_pointer else "0"
        wanted = 1
        if p.is_pointer and not function.may_be_null(p):
            wanted = OTHER.get(f"{function.name}.{p.name}", "TAKEO_EINVAL")
        nothing = p.is_pointer and p is function.parameters[0]
        yield from check(function, function.label(**{p.name: value}), function.call(**{p.name: value}), wanted,
                         has_error and p.name != "error", nothing)
    if function.parameters:
        is_refused = any(p.is_pointer and not function.may_be_null(p) for p in function.parameters)
        yield from check(function, f"{function.name}(all NULL)", function.call(**everything),
                         "TAKEO_EINVAL" if is_refused else 1, False, function.parameters[0].is_pointer)


def sized_structs():
    """Structs that begin with struct_size and that callers hand over."""
    for header in gen_abi.header_names():
        for what, _, code in gen_abi.entries(header):
            if re.search(r"\{\s*uint32_t struct_size;", code) and what not in ("takeo_error", "takeo_rows"):
                yield what


def sizes(function, sized):
    has_error = any(p.name == "error" for p in function.parameters)
    for p in function.parameters:
        struct = p.type.removesuffix(" *")
        if struct not in sized or p.type.count("*") != 1:
            continue
        real = function.real(p).removeprefix("&")
        variants = [("0", "0", "TAKEO_EINVAL"), ("1", "0", "TAKEO_EINVAL"), ("sizeof large.it - 1", "0", "TAKEO_EINVAL"),
                    ("0x7fffffff", "0", "TAKEO_EINVAL"), (f"sizeof large.it + {TAIL}", "0", 1)]
        if p.is_const:
            variants.append((f"sizeof large.it + {TAIL}", "1", "TAKEO_EUNSUPPORTED"))
        for size, tail, wanted in variants:
            if function.name == "takeo_cpython_install" and wanted == 1:
                continue
            label = f"{function.name}({p.name}->struct_size = {size}{', tail not zero' if tail == '1' else ''})"
            yield "{"
            yield f"struct {{ {struct} it; char tail[{TAIL}]; }} large = {{.it = {real}}};"
            yield f"large.it.struct_size = (uint32_t)({size});"
            yield f"large.tail[{TAIL - 1}] = {tail};"
            yield from check(function, label, function.call(**{p.name: "&large.it"}), wanted, has_error, False)
            yield "}"


def program():
    functions = [Function(what, comment, code) for header in gen_abi.header_names()
                 for what, comment, code in gen_abi.entries(header)
                 if code.startswith("TAKEO_API") and "extern" not in code]
    sized = set(sized_structs())
    lines = ['#include "null_calls.h"', ""]
    for function in functions:
        lines += [f"static void call_{function.name}(void) {{", "    world w;", "    world_make(&w);"]
        lines += [f"    {line}" for line in [*calls(function), *sizes(function, sized)]]
        lines += ["    world_free(&w);", "}", ""]
    lines += ["int main(void) {", *(f"    call_{f.name}();" for f in functions),
              f'    printf("%d calls of {len(functions)} functions, %d failures\\n", calls, failures);',
              "    fflush(stdout);", "    return failures != 0;", "}"]
    return "\n".join(lines) + "\n"


def main():
    sanitized = ROOT / "build/asan/libtakeo.so"
    library = sanitized if sanitized.exists() else LIBRARY
    flags = ["-fsanitize=address,undefined"] if library == sanitized else []
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "null_calls.c"), pathlib.Path(folder, "null_calls")
        source.write_text(program())
        if len(sys.argv) > 3:  # keep what was generated
            pathlib.Path(sys.argv[3]).write_text(program())
        build = subprocess.run(
            [*os.environ.get("CC", "cc").split(), "-std=c11", "-g", "-Wall", "-Wextra", "-Wno-unused-result", *flags,
             f"-I{ROOT}/include", f"-I{ROOT}/tests/gates", source, library, f"-Wl,-rpath,{library.parent}", "-o", binary],
            text=True, capture_output=True)
        if build.returncode:
            breach("tests/gates/null_calls.py", 0, build.stderr[:4000])
            done()
        run = subprocess.run([binary], text=True, capture_output=True, timeout=100,
                             env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1",
                                  "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    if run.returncode:
        breach("tests/gates/null_calls.py", 0, f"ended with {run.returncode}\n{run.stdout}{run.stderr[:6000]}")
    done()


main()
