"""Gate: cffi's idea of every public struct is the compiler's.

cffi computes layouts from the declarations alone and some it accepts silently wrong; so sizes,
offsets and sizes of fields from _abi.py are written as static assertions and compiled.
"""
import importlib.util
import os
import subprocess

from _source import ROOT, breach, done

try:
    import _cffi_backend  # noqa: F401
except ImportError:
    print("this Python has no cffi: tools/setup test")
    raise SystemExit(77)

spec = importlib.util.spec_from_file_location("_abi", ROOT / "bindings/python/takeo/_abi.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ffi = module.ffi

lines = ["#include <stddef.h>", '#include "takeo/takeo.h"']
structs = {}
typedefs, tags, _ = ffi.list_types()
for name in [*(f"struct {tag}" for tag in tags), *typedefs]:
    ctype = ffi.typeof(name)
    if ctype.kind != "struct":
        continue
    try:
        ffi.sizeof(ctype) # also makes the fields known, which are lazy
    except ffi.error:
        continue # a handle
    structs[ctype.cname] = ctype
for name, ctype in sorted(structs.items()):
    lines.append(f'_Static_assert(sizeof({name}) == {ffi.sizeof(ctype)}, "{name}");')
    for field, info in ctype.fields:
        if not field:
            continue  # members of an anonymous union are checked by their struct's size
        lines.append(f'_Static_assert(offsetof({name}, {field}) == {info.offset}, "{name}.{field}");')
        lines.append(f'_Static_assert(sizeof((({name} *)0)->{field}) == {ffi.sizeof(info.type)}, "{name}.{field}");')
run = subprocess.run([*os.environ.get("CC", "cc").split(), "-std=c11", f"-I{ROOT}/include", "-fsyntax-only", "-x", "c", "-"],
                     input="\n".join(lines) + "\n", text=True, capture_output=True)
for line in run.stderr.splitlines():
    if "error:" in line:
        breach("bindings/python/takeo/_abi.py", 0, line.partition("error:")[2].strip())
if run.returncode and not run.stderr:
    breach("bindings/python/takeo/_abi.py", 0, "the compiler failed")
print(f"{len(structs)} structs, {len(lines) - 2} assertions")
done()
