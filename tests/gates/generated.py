"""Gate: what the generators in tools/ make is current, and the version is one."""
import re
import subprocess
import sys

from _source import ROOT, breach, done

for tool in ("gen_abi.py", "gen_errors.py", "gen_reference.py", "gen_performance.py"):
    run = subprocess.run([sys.executable, ROOT / "tools" / tool, "--check"], text=True, capture_output=True)
    for line in (run.stdout + run.stderr).splitlines():
        breach(f"tools/{tool}", 0, line)
    if run.returncode and not run.stdout + run.stderr:
        breach(f"tools/{tool}", 0, f"ended with {run.returncode}")

PLACES = {
    "meson.build": r"^  version: '([^']+)'",
    "pyproject.toml": r'^version = "([^"]+)"',
    "bindings/python/takeo/__init__.py": r'^__version__ = "([^"]+)"',
    "lib/api/base.c": r'"(\d+\.\d+\.\d+)"',
}
versions = {}
for name, pattern in PLACES.items():
    found = re.search(pattern, (ROOT / name).read_text(), re.M) if (ROOT / name).exists() else None
    if found:
        versions[name] = found[1]
if len(set(versions.values())) > 1:
    breach("version", 0, ", ".join(f"{name} says {version}" for name, version in versions.items()))
done()
