"""Every Python block of the documents runs, in order, in one namespace per page."""

import pytest

from pages import PAGES, blocks


@pytest.mark.parametrize("page", PAGES)
def test_documents_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "takeo_document"}
    for block in blocks(page):
        code = compile(block.padded(), page, "exec")
        exec(code, namespace)  # noqa: S102 - the documents are the test
