"""An object whose dicts and lists did not change is not written, whatever stands in them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models import Everything
from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
from takeo.errors import DecodeError, InputError


@Entity("lists")
class Lists:
    id: Mapped[int] = PrimaryGeneratedColumn()
    reals: Mapped[list[float] | None] = Column(default=None)
    blobs: Mapped[list[bytes] | None] = Column(default=None)
    words: Mapped[list[str] | None] = Column(default=None)


@pytest.fixture
def texts(database: str, memory: DataSource) -> DataSource:
    """Where a JSON column keeps its text, as in tables of other tools."""
    if database == "postgresql":
        memory.sql("alter table everything alter column json type json").run()
    return memory


HUGE = "9" * 400
JSONS = [
    "1e400", "-1e400", '{"a": [1e400, {"b": -1e999}]}', "-0.0", '{"a": -0.0}', HUGE, f'{{"a": [-{HUGE}]}}', "1.10", "1E5",
    "0.1000000000000000055511151231257827", '"\\u00e9 \\ud83d\\ude00"', '{"a": 1, "a": 2}', '{ "b" : 1 , "a" : [ ] }', "null",
]  # fmt: skip


@pytest.mark.parametrize("text", JSONS)
@pytest.mark.parametrize("count", [1, 30])
def test_json_that_was_loaded_and_not_changed_is_not_written(texts: DataSource, text: str, count: int) -> None:
    everything = texts.repository(Everything)
    for _ in range(count):
        texts.sql("insert into everything (json) values ({text})", text=text).run()
    found = everything.find()
    assert repr(found[0].json) == ("JSON_NULL" if text == "null" else repr(json.loads(text)))
    texts.sql("update everything set json = '\"by another\"'").run()
    everything.save(found if count > 1 else found[0])
    assert {one.json for one in everything.find()} == {"by another"}
    for one in found:
        one.big = 1
    everything.save(found)
    assert {(one.json, one.big) for one in everything.find()} == {("by another", 1)}


@pytest.mark.parametrize("text", ["1e400", '{"a": [1e400]}'])
def test_json_with_a_number_that_a_float_does_not_hold_is_refused_once_it_changed(texts: DataSource, text: str) -> None:
    everything = texts.repository(Everything)
    texts.sql("insert into everything (json) values ({text})", text=text).run()
    (found,) = everything.find()
    for changed in ([found.json], -math.inf, {"a": [math.inf, 1]}, {1: math.inf}, {"a": {math.inf}}):
        found.json = changed
        with pytest.raises(InputError) as e:
            everything.save(found)
        assert (e.value.entity, e.value.field, e.value.code) == ("Everything", "json", "TAKEO.INPUT.FORM")
    assert texts.sql("select cast(json as text) from everything").scalar() == text
    found.json = {"a": 10**399}
    everything.save(found)
    assert everything.get_or_fail(found.id).json == {"a": 10**399}


def test_json_with_more_digits_than_python_reads_says_so(texts: DataSource) -> None:
    texts.sql("insert into everything (json) values ({text})", text="1" * 5000).run()
    with pytest.raises(DecodeError, match="4300") as e:
        texts.repository(Everything).find()
    assert (e.value.entity, e.value.field) == ("Everything", "json")


@pytest.fixture
def lists(new_url: Callable[[], str]) -> Iterator[DataSource]:
    with DataSource(new_url(), entities=[Lists]) as db:
        db.synchronize()
        yield db


@pytest.mark.postgresql("SQLite's arrays are JSON, which has no such values")
@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("reals", [math.nan, math.inf, -0.0, None], [math.nan, -math.inf, -0.0, None]), ("reals", [-0.0], [0.0]), ("reals", [], None),
        ("blobs", [b"\xff", b"", None], [b"\xff", None, b""]), ("words", ["NULL", None, "a,b", '"'], ["NULL", "NULL", "a,b", '"']),
    ],
)  # fmt: skip
def test_arrays_that_were_loaded_and_not_changed_are_not_written(lists: DataSource, name: str, value: Any, other: Any) -> None:
    repository = lists.repository(Lists)
    made = repository.insert(Lists(**{name: value}))
    found = repository.get_or_fail(made.id)
    assert repr(getattr(found, name)) == repr(value)
    lists.sql(f"update lists set {name} = null").run()
    repository.save([found, made])
    assert getattr(repository.get_or_fail(made.id), name) is None
    setattr(found, name, other)
    repository.save(found)
    assert repr(getattr(repository.get_or_fail(made.id), name)) == repr(other)
