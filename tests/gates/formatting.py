"""Gate: C looks as .clang-format says.  `make format` makes it so."""
import shutil
import subprocess

from _source import ROOT, breach, c_files, done

files = list(c_files("lib", "include", "tests", "examples"))
if not shutil.which("clang-format"):
    print("clang-format is not installed")
    raise SystemExit(77)
if files:
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=0", *files],
                         text=True, capture_output=True, cwd=ROOT)
    seen = {}
    for line in run.stderr.splitlines():
        path, _, rest = line.partition(":")
        if "error:" in rest:
            seen.setdefault(path, []).append(rest.split(":")[0])
    for path, lines in seen.items():
        breach(path.removeprefix(f"{ROOT}/"), 0, f"make format: lines {', '.join(dict.fromkeys(lines))[:60]}")
done()
