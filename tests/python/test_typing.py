"""The typed surface: the lists in typing/ against the type checkers (REPO-22)."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).parent / "typing" / "check.py"
ROOT = pathlib.Path(__file__).parents[2]
SAMPLES = ["README.md", "docs/tutorial.md"]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.skipif(os.environ.get("TAKEO_DOOR") == "cffi", reason="types do not depend on the door")
def test_repo_22_what_must_and_what_must_not_type_check(checker: str) -> None:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    done = subprocess.run([sys.executable, str(CHECK), checker], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", SAMPLES)
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.skipif(os.environ.get("TAKEO_DOOR") == "cffi", reason="types do not depend on the door")
def test_repo_22_samples_type_check(checker: str, page: str, tmp_path: pathlib.Path) -> None:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.S | re.M)
    (tmp_path / "sample.py").write_text("\n".join(blocks))
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    strict = ["--strict", "--cache-dir", str(tmp_path / "cache")] if checker == "mypy" else []
    package = str(ROOT / "bindings/python")
    (tmp_path / "takeo").symlink_to(ROOT / "bindings/python/takeo")
    done = subprocess.run([sys.executable, "-m", checker, *strict, "sample.py"], cwd=tmp_path, capture_output=True,
                          text=True, env={**os.environ, "MYPYPATH": package})
    found = re.findall(r"^.*sample\.py.*error.*$", done.stdout, re.M)
    assert not found and ("no issues" in done.stdout or "0 errors" in done.stdout or done.returncode == 0), done.stdout


def test_stub_and_package_name_the_same_things() -> None:
    import takeo
    from takeo import errors, functions, types

    for module in (takeo, functions, types):
        stub = pathlib.Path(module.__file__).with_suffix(".pyi").read_text()
        for name in module.__all__:
            assert name in stub, f"{module.__name__}.{name}"
            assert getattr(module, name) is not None
    assert takeo.__all__ == sorted(takeo.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert errors.TakeoError is takeo.TakeoError
