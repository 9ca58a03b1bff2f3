"""The Python blocks of the documents: what the tests of documents, of values and of types read.

A block that opens with ```` ```python ```` runs and type checks.  One that opens with ```` ```python refused ````
runs as well, but shows what a type checker refuses: each checker has to find something in it.
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

    def padded(self, after: int = 0) -> str:
        """The source below as many empty lines as bring it to its line, when `after` lines are there."""
        return "\n" * (self.line - 1 - after) + self.source


def blocks(page: str) -> Iterator[Block]:
    text = (ROOT / page).read_text()
    for found in re.finditer(r"^```python([^\n]*)\n(.*?)^```", text, re.S | re.M):
        assert found[1] in ("", " refused"), f"{page}: a block opens with ```python{found[1]}"
        yield Block(text.count("\n", 0, found.start(2)) + 1, found[2], found[1] == " refused")


# Every page that has a block.
PAGES = [page for page in ("README.md", *sorted(str(one.relative_to(ROOT)) for one in (ROOT / "docs").glob("*.md")))
         if any(blocks(page))]
