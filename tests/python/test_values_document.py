"""The tables of docs/values.md: everything in "taken" is stored and read back, everything in "refused" is
an InputError that names the column; and what becomes of numbers that not every database has."""

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
    names: dict[str, Any] = {"__name__": "takeo_values"}
    for block in blocks("docs/values.md"):
        if "db" not in names or "@Entity" in block.source:
            exec(block.source, names)  # noqa: S102 - the document is the test
    return names


def odd_numbers() -> list[tuple[str, str, dict[str, str]]]:
    """Column, value, and what becomes of it on each database, of the second table."""
    found, column = [], ""
    for name, given, lite, server in re.findall(r"^\| (?:`(\w+)` [^|]*)?\| (`[^|]*) \| ([^|]*) \| ([^|]*) \|$", PAGE, re.M):
        column = name or column
        found += [(column, text, {"sqlite": lite, "postgresql": server}) for text in re.findall(CODE, given)]
    return found


NAMES = declarations()
ODD = odd_numbers()
TABLE = re.findall(r"^\| `(\w+)` [^|]*\| (`[^|]*) \| (`[^|]*) \|$", PAGE, re.M)
TAKEN = [(column, *pair) for column, taken, _ in TABLE for pair in re.findall(rf"{CODE}(?: → {CODE})?", taken)]
REFUSED = [(column, text) for column, _, refused in TABLE for text in re.findall(CODE, refused)]


def test_values_document_every_column_stands_in_the_table() -> None:
    columns = [column.name for column in NAMES["db"].model(NAMES["Row"]).columns]
    assert [column for column, _, _ in TABLE] == columns[1:]


@pytest.fixture(scope="module")
def source(schemas: Any) -> Iterator[DataSource]:
    url = "sqlite://" if schemas is None else schemas.new()
    with DataSource(url, entities=[NAMES["Row"], NAMES["Odd"]]) as db:
        db.synchronize()
        yield db
    if schemas is not None:
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


def test_values_document_the_table_of_odd_numbers_is_read_whole() -> None:
    columns = list(NAMES["Odd"].__annotations__)
    assert list(dict.fromkeys(column for column, _, _ in ODD)) == columns[1:]


@pytest.mark.parametrize(("column", "given", "said"), ODD)
def test_typ_19_numbers_that_not_every_database_has(
    database: str, source: DataSource, column: str, given: str, said: dict[str, str]
) -> None:
    rows, value, becomes = source.repository(NAMES["Odd"]), eval(given, NAMES), said[database].strip("`")
    condition = getattr(NAMES["Odd"], column) == value
    if becomes == "refused":
        before = rows.count()
        for fails in (lambda: rows.insert(NAMES["Odd"](**{column: value})), lambda: rows.count(condition)):
            with pytest.raises(InputError) as e:
                fails()
            assert (e.value.entity, e.value.field) == ("Odd", column)
        assert rows.count() == before
        return
    made = rows.insert([NAMES["Odd"](**{column: value}) for _ in range(30)])
    made.append(rows.insert(NAMES["Odd"](**{column: value})))
    read = [getattr(one, column) for one in rows.get_many([one.id for one in made])]
    assert {repr(one) for one in read} == {repr(eval(given if becomes == "kept" else becomes, NAMES))}
    assert rows.count(condition) >= len(made)
