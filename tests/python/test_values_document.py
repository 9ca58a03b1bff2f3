"""The table of docs/values.md: everything in "taken" is stored and read back, everything in "refused" is
an InputError that names the column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pages import ROOT, blocks
from takeo import DataSource
from takeo.errors import InputError

PAGE = (ROOT / "docs/values.md").read_text()
CODE = r"`([^`]+)`"


def declarations() -> dict[str, Any]:
    """The names of the page's first block."""
    first = next(blocks("docs/values.md"))
    names: dict[str, Any] = {"__name__": "takeo_values"}
    exec(first.source, names)  # noqa: S102 - the document is the test
    return names


NAMES = declarations()
TABLE = re.findall(r"^\| `(\w+)` [^|]*\| (`[^|]*) \| (`[^|]*) \|$", PAGE, re.M)
TAKEN = [(column, *pair) for column, taken, _ in TABLE for pair in re.findall(rf"{CODE}(?: → {CODE})?", taken)]
REFUSED = [(column, text) for column, _, refused in TABLE for text in re.findall(CODE, refused)]


def test_values_document_every_column_stands_in_the_table() -> None:
    columns = [column.name for column in NAMES["db"].model(NAMES["Row"]).columns]
    assert [column for column, _, _ in TABLE] == columns[1:]


@pytest.fixture(scope="module")
def source(schemas: Any) -> Iterator[DataSource]:
    if schemas is None:
        yield NAMES["db"]
        return
    url = schemas.new()
    with DataSource(url, entities=[NAMES["Row"]]) as db:
        db.synchronize()
        yield db
    schemas.drop(url)


@pytest.mark.parametrize(("column", "given", "back"), TAKEN)
def test_typ_19_values_that_are_taken(source: DataSource, column: str, given: str, back: str) -> None:
    row = source.repository(NAMES["Row"]).insert(NAMES["Row"](**{column: eval(given, NAMES)}))
    read = getattr(source.get(NAMES["Row"], row.id), column)
    expected = eval(back or given, NAMES)
    assert read == expected and (type(read) is type(expected) or not back)


@pytest.mark.parametrize(("column", "given"), REFUSED)
def test_typ_19_values_that_are_refused(database: str, source: DataSource, column: str, given: str) -> None:
    if database == "postgresql" and "nan" in given.lower() and column != "doc":
        pytest.skip("sqlite: PostgreSQL keeps it")
    rows = source.repository(NAMES["Row"])
    before = rows.count()
    with pytest.raises(InputError):
        rows.insert(NAMES["Row"](**{column: eval(given, NAMES)}))
    assert rows.count() == before
