"""The blocks of the documents: what the tests of documents, of values and of types read.

A block that opens with ```` ```python ```` runs and type checks.  One that opens with ```` ```python refused ````
runs as well, but shows what a type checker refuses: each checker has to find something in it.  One that opens with
```` ```python sqlite ```` or ```` ```python postgresql ```` shows what only that database does, and runs there alone;
it type checks everywhere.  A block that opens with ```` ```c ```` and has a `main` is a program.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]


class Block(NamedTuple):
    line: int  # of its first line of code, from 1
    source: str
    refused: bool  # by type checkers, on purpose
    sqlite: bool  # is about SQLite
    postgresql: bool  # is about PostgreSQL

    def padded(self, after: int = 0) -> str:
        """The source below as many empty lines as bring it to its line, when `after` lines are there."""
        return "\n" * (self.line - 1 - after) + self.source


def blocks(page: str) -> Iterator[Block]:
    text = (ROOT / page).read_text()
    for found in re.finditer(r"^```python([^\n]*)\n(.*?)^```", text, re.S | re.M):
        word = found[1].strip()
        assert word in ("", "refused", "sqlite", "postgresql"), f"{page}: a block opens with ```python{found[1]}"
        line = text.count("\n", 0, found.start(2)) + 1
        yield Block(line, found[2], word == "refused", word == "sqlite", word == "postgresql")


def programs(page: str) -> list[str]:
    """The programs in C of a page."""
    found = re.findall(r"^```c\n(.*?)^```", (ROOT / page).read_text(), re.S | re.M)
    return [source for source in found if "int main(" in source]


EVERY = ["README.md", *sorted(str(one.relative_to(ROOT)) for one in (ROOT / "docs").glob("*.md"))]
PAGES = [page for page in EVERY if any(blocks(page))]
PROGRAMS = [page for page in EVERY if programs(page)]
