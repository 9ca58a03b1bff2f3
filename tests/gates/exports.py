"""Gate: libtakeo.so shows exactly what the public headers declare, and needs no interpreter and no
database library; its stack runs nothing and its tables are sealed (S30)."""
import os
import re
import subprocess

from _source import LIBRARY, ROOT, breach, done

ALLOWED_LIBRARIES = r"(linux-vdso|libc|libm|libdl|libpthread|ld-linux[-\w]*|libgcc_s|lib[alt]san|libubsan|libstdc\+\+)\."


def declared():
    run = subprocess.run([*os.environ.get("CC", "cc").split(), "-E", "-P", f"-I{ROOT}/include", "-x", "c",
                          "-DTAKEO_CDEF", "-"], text=True, capture_output=True,
                         input='#include "takeo/takeo.h"\n', check=True)
    plain = re.sub(r"\(\*\w+\)\([^;]*;", ";", run.stdout) # pointers to functions in structs
    return set(re.findall(r"\b(takeo_\w+)\(", plain)) | set(re.findall(r"extern const \w+ (\w+);", plain))


def shown():
    run = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], text=True, capture_output=True, check=True)
    rows = [line.split() for line in run.stdout.splitlines()]
    # the names of the version blocks themselves are absolute symbols (A)
    return {row[-1].partition("@")[0] for row in rows if row[-2] != "A"}


for name in sorted(declared() - shown()):
    breach("include", 0, f"{name} is declared but not in the library")
for name in sorted(shown() - declared()):
    breach("lib", 0, f"{name} is shown by the library but not declared")

needed = subprocess.run(["ldd", LIBRARY], text=True, capture_output=True).stdout
for name in re.findall(r"^\s*(\S+)", needed, re.M):
    if not re.match(ALLOWED_LIBRARIES, name.rpartition("/")[2]):
        breach(LIBRARY.name, 0, f"needs {name}")

flags = subprocess.run(["readelf", "-dlW", LIBRARY], text=True, capture_output=True, check=True).stdout
for what, pattern in {"no full RELRO": r"BIND_NOW", "may be unloaded (no -z nodelete)": r"NODELETE",
                      "no RELRO segment": r"GNU_RELRO"}.items():
    if not re.search(pattern, flags):
        breach(LIBRARY.name, 0, what)
if re.search(r"GNU_STACK.*RWE", flags):
    breach(LIBRARY.name, 0, "its stack is executable")
if re.search(r"\((RPATH|RUNPATH)\)", flags):
    breach(LIBRARY.name, 0, "it carries a search path")
done()
