"""Run the type checkers: negative.py must be wrong on exactly its marked lines, the rest clean.

usage: python check.py [mypy] [pyright]     both when none is named; pyright only when it is installed
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parents[2] / "bindings" / "python"
VERSION = "3.10"  # the oldest that the checkers assume
FILES = ("models.py", "positive.py", "negative.py")
# An expression that is never used is the point of the list, not a finding.
UNUSED = {"reportUnusedExpression", "reportUnusedVariable", "reportUnusedImport"}


def mypy() -> dict[str, set[int]]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--python-version", VERSION]
    command += ["--config-file=", "--cache-dir", str(HERE.parents[2] / "build" / "typing-cache"), *FILES]
    done = subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, env={"MYPYPATH": f"{PACKAGE}:{HERE}", "PATH": "/usr/bin:/bin"}
    )
    found: dict[str, set[int]] = {name: set() for name in FILES}
    for name, line in re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.M):
        found[name].add(int(line))
    if done.returncode not in (0, 1) or "error" in done.stderr:
        sys.exit(f"mypy failed:\n{done.stdout}{done.stderr}")
    inside = re.findall(r"^.*takeo/.*: error.*$", done.stdout, re.M)
    if inside:
        print("\n".join(inside))
        found["models.py"].add(0)
    return found


def pyright() -> dict[str, set[int]]:
    config = {
        "typeCheckingMode": "strict",
        "pythonVersion": VERSION,
        "extraPaths": [str(PACKAGE)],
        "reportUnnecessaryTypeIgnoreComment": False,
    }
    with tempfile.TemporaryDirectory() as folder:  # it takes the settings of the folder it checks
        for name in FILES:
            shutil.copy(HERE / name, folder)
        (pathlib.Path(folder) / "pyrightconfig.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    found: dict[str, set[int]] = {name: set() for name in FILES}
    answer = json.loads(done.stdout)
    if answer["summary"]["filesAnalyzed"] != len(FILES):
        sys.exit(f"pyright failed:\n{done.stdout}{done.stderr}")
    for one in answer["generalDiagnostics"]:
        if one["severity"] == "error" and one.get("rule") not in UNUSED:
            found[pathlib.Path(one["file"]).name].add(one["range"]["start"]["line"] + 1)
    return found


def wanted(name: str, checker: str) -> set[int]:
    lines = (HERE / name).read_text().splitlines()
    return {i for i, line in enumerate(lines, 1) if re.search(rf"# E(:{checker})?(?![:\w])", line)}


def judge(checker: str, found: dict[str, set[int]]) -> int:
    bad = 0
    for name, got in found.items():
        want = wanted(name, checker)
        lines = ["", *(HERE / name).read_text().splitlines()]
        for number in sorted(want ^ got):
            bad += 1
            what = "no error" if number in want else "unexpected"
            print(f"{checker} {name}:{number}: {what}: {lines[number].strip()}")
        print(f"{checker} {name}: {len(got & want)} of {len(want)} expected errors, {len(got - want)} others")
    return bad


def has_pyright() -> bool:
    import importlib.util

    return importlib.util.find_spec("pyright") is not None


def main(names: list[str]) -> int:
    chosen = names or (["mypy", "pyright"] if has_pyright() else ["mypy"])
    checkers = {"mypy": mypy, "pyright": pyright}
    return sum(judge(name, checkers[name]()) for name in chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
