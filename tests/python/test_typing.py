"""The typed surface: the lists in typing/ against the type checkers (REPO-22)."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

from pages import PAGES, ROOT, blocks

pytestmark = pytest.mark.sqlite("types do not depend on the database")

CHECK = ROOT / "tests/python/typing/check.py"
EXAMPLE = "examples/airports.py"


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.skipif(os.environ.get("TAKEO_DOOR") == "cffi", reason="types do not depend on the door")
def test_repo_22_what_must_and_what_must_not_type_check(checker: str) -> None:
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    done = subprocess.run([sys.executable, str(CHECK), checker], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def write_samples(folder: pathlib.Path) -> dict[str, str]:
    """Each page as a module in which every block stands on its own line; gives the pages by module."""
    samples = {}
    for page in PAGES:
        text = ""
        for block in blocks(page):
            text += block.padded(after=text.count("\n"))
        name = f"sample_{pathlib.Path(page).stem.lower()}.py"
        (folder / name).write_text(text)
        samples[name] = page
    if all(importlib.util.find_spec(name) for name in ("rich", "airportsdata", "tzdata")):
        (folder / "sample_airports.py").write_text((ROOT / EXAMPLE).read_text())
        samples["sample_airports.py"] = EXAMPLE
    return samples


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.skipif(os.environ.get("TAKEO_DOOR") == "cffi", reason="types do not depend on the door")
def test_repo_22_samples_type_check(checker: str, tmp_path: pathlib.Path) -> None:
    """The blocks of all pages and the example pass; a block that is marked as refused is refused."""
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    samples = write_samples(tmp_path)
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    (tmp_path / "takeo").symlink_to(ROOT / "bindings/python/takeo")
    options = {"mypy": ["--strict", "--cache-dir", str(tmp_path / "cache")], "pyright": ["--pythonpath", sys.executable]}
    done = subprocess.run([sys.executable, "-m", checker, *options[checker], *samples], cwd=tmp_path, capture_output=True,
                          text=True, env={**os.environ, "MYPYPATH": str(ROOT / "bindings/python")})
    errors = {(samples[name], int(line)): what for name, line, what in
              re.findall(r"(sample_\w+\.py):(\d+)(?::\d+)?(?: -|:) error: (.*)", done.stdout)}
    assert errors or done.returncode == 0, done.stdout + done.stderr
    wrong = []
    for page in PAGES:
        for block in blocks(page):
            if block.refused:
                inside = {(page, block.line + at) for at in range(block.source.count("\n"))} & errors.keys()
                for place in inside:
                    del errors[place]
                if not inside:
                    wrong.append(f"{page}:{block.line}: marked as refused, but {checker} takes it")
    wrong += [f"{page}:{line}: {what}" for (page, line), what in errors.items()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.skipif(os.environ.get("TAKEO_DOOR") == "cffi", reason="types do not depend on the door")
def test_the_package_itself_type_checks(checker: str) -> None:
    """mypy as pyproject.toml says, which is strict; pyright with its own defaults."""
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    package, cache = ROOT / "bindings/python/takeo", ROOT / "build/typing-cache-package"
    options = {"mypy": ["--cache-dir", str(cache)], "pyright": ["--level", "error", "--pythonpath", sys.executable, str(package)]}
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # a checker leaks as it likes
    done = subprocess.run([sys.executable, "-m", checker, *options[checker]], cwd=ROOT, capture_output=True, text=True, env=plain)
    assert done.returncode == 0, done.stdout + done.stderr


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
