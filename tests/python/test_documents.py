"""Every Python block of the documents runs, in order, in one namespace per page; every program in C runs.

They say SQLite; on another database each of their data sources has one of its own there, and texts of statements
have its placeholders.  Blocks about PostgreSQL alone name a server that is none; there the tests' own is put in."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from pages import PAGES, PROGRAMS, ROOT, blocks, programs

ONE_CONNECTION = ", pool_size=1"  # as SQLite has: a page shows who waits for it


@pytest.mark.parametrize("page", PAGES)
def test_documents_blocks_run(page, database, new_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "takeo_document"}
    shown = [block for block in blocks(page) if not (block.sqlite if database != "sqlite" else block.postgresql)]
    if not shown:
        pytest.skip("every block is about another database")
    for block in shown:
        text = block.padded()
        if database != "sqlite":
            more = ONE_CONNECTION if page == "docs/transactions.md" else ""
            text = re.sub(r'"sqlite://[^"]*"', lambda _: repr(new_url()) + more, text)
            text = re.sub(r"\?(\d)", r"$\1", text)
            text = re.sub(r'"postgresql://[^"?]*\??([^"]*)"', lambda url: repr(new_url() + (url[1] and f"&{url[1]}")), text)
        code = compile(text, page, "exec")
        here = os.getpid()
        try:
            exec(code, namespace)  # noqa: S102 - the documents are the test
        finally:
            if os.getpid() != here:  # a child that fails must not go on with the other tests
                os._exit(1)


@pytest.mark.parametrize("page", PROGRAMS)
def test_documents_programs_of_c_run(page, database, new_url, tmp_path):
    if shutil.which("cc") is None or "TAKEO_LIBRARY" not in os.environ:
        pytest.skip("it needs a compiler, and the library of a build")
    library = pathlib.Path(os.environ["TAKEO_LIBRARY"])
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # not of a sanitizer
    for number, source in enumerate(programs(page)):
        path = tmp_path / f"program{number}"
        path.with_suffix(".c").write_text(source)
        build = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", path.with_suffix(".c"), "-o", path,
                 library, f"-Wl,-rpath,{library.parent}"]
        subprocess.run(build, check=True, env=plain)
        subprocess.run([path, new_url()], check=True, cwd=tmp_path)
