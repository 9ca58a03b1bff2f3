"""Every Python block of the documents runs, in order, in one namespace per page."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]


def blocks(page):
    """(line, source) of each ```python block."""
    text = (ROOT / page).read_text()
    for found in re.finditer(r"^```python\n(.*?)^```", text, re.S | re.M):
        yield text.count("\n", 0, found.start(1)) + 1, found[1]


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page))])
def test_documents_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "takeo_document"}
    for line, source in blocks(page):
        code = compile("\n" * (line - 1) + source, page, "exec")
        exec(code, namespace)  # noqa: S102 - the documents are the test
