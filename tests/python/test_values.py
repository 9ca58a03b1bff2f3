"""Which values are taken and which are refused: every cell of the table in docs/spelling.md, section 6."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import models
from models import City, Country, Everything, Level, Status
from takeo import UNSET, DataSource, ref
from takeo.errors import DecodeError, InputError, NotNullViolation
from takeo.types import JSON_NULL

UTC = timezone.utc
EAST = timezone(timedelta(hours=5, minutes=30))
TOKEN = UUID("0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0")


class Text(str):
    pass


class Number(IntEnum):
    SEVEN = 7


class Indexed:
    def __index__(self) -> int:
        return 9


class Other(Enum):
    A = "a"


deep: list[Any] = []
deep.append(deep)


TAKEN: list[tuple[str, Any, Any]] = [
    ("big", 5, 5), ("big", -(2**63), -(2**63)), ("big", 2**63 - 1, 2**63 - 1), ("big", Number.SEVEN, 7), ("big", Indexed(), 9),
    ("small", 32767, 32767), ("int4", -(2**31), -(2**31)),
    ("real", 1.5, 1.5), ("real", 3, 3.0), ("real", 2**53, float(2**53)), ("real", math.inf, math.inf), ("real", 1e-320, 1e-320),
    ("real4", 0.5, 0.5), ("real4", 3, 3.0),
    ("amount", Decimal("12.50"), Decimal("12.50")), ("amount", 3, Decimal(3)), ("amount", Decimal("-0.01"), Decimal("-0.01")),
    ("free", Decimal("1e-30"), Decimal("1e-30")), ("free", 10**40, Decimal(10**40)), ("free", Decimal("0." + "1" * 60), Decimal("0." + "1" * 60)),
    ("flag", True, True), ("flag", False, False),
    ("text", "x", "x"), ("text", "", ""), ("text", "\u00e9\U0001f600'\"%_\\", "\u00e9\U0001f600'\"%_\\"), ("text", Text("sub"), "sub"), ("text", "x" * 100_000, "x" * 100_000),
    ("short", "abc", "abc"), ("short", "\U0001f600\U0001f600\U0001f600", "\U0001f600\U0001f600\U0001f600"),
    ("data", b"a\0b", b"a\0b"), ("data", bytearray(b"x"), b"x"), ("data", memoryview(b"yz"), b"yz"), ("data", b"", b""),
    ("token", TOKEN, TOKEN), ("token", str(TOKEN), TOKEN), ("token", str(TOKEN).upper(), TOKEN),
    ("day", date(2024, 2, 29), date(2024, 2, 29)), ("day", date.min, date.min), ("day", date.max, date.max),
    ("clock", time(23, 59, 59, 999999), time(23, 59, 59, 999999)), ("clock", time(0), time(0)),
    ("seen", datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 12, tzinfo=UTC)),
    ("seen", datetime(2024, 1, 1, 12, tzinfo=EAST), datetime(2024, 1, 1, 6, 30, tzinfo=UTC)),
    ("seen", datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ("wall", datetime(2024, 1, 1, 12, 0, 0, 1), datetime(2024, 1, 1, 12, 0, 0, 1)), ("wall", datetime.min, datetime.min),
    ("status", Status.ACTIVE, Status.ACTIVE), ("status", "closed", Status.CLOSED),
    ("level", Level.HIGH, Level.HIGH), ("level", 1, Level.LOW),
    ("json", {"a": [1, 2.5, None, True, "x", {"b": {}}]}, {"a": [1, 2.5, None, True, "x", {"b": {}}]}), ("json", {}, {}),
    ("json", [1], [1]), ("json", "text", "text"), ("json", 3, 3), ("json", True, True), ("json", JSON_NULL, JSON_NULL),
    ("words", ["a", ""], ["a", ""]), ("words", ("a",), ["a"]), ("words", [], []), ("numbers", [1, 2**40], [1, 2**40]),
]  # fmt: skip

REFUSED: list[tuple[str, Any]] = [
    ("big", True), ("big", 1.0), ("big", 1.5), ("big", Decimal(1)), ("big", "1"), ("big", 2**63), ("big", -(2**63) - 1), ("big", 2**70),
    ("big", math.nan), ("big", math.inf), ("big", Fraction(1)), ("big", 1j), ("big", {"$gt": 0}), ("big", [1]), ("big", object()), ("big", UNSET),
    ("small", 32768), ("int4", 2**31), ("int4", -(2**31) - 1),
    ("real", Decimal("1.5")), ("real", "1.5"), ("real", True), ("real", 2**53 + 1), ("real", 10**400),
    ("real4", 4e40), ("real4", 1e-50),
    ("amount", 1.5), ("amount", "1.5"), ("amount", Decimal("1.005")), ("amount", Decimal("123456789.00")), ("amount", True),
    ("amount", Decimal("NaN")), ("amount", Decimal("sNaN")), ("amount", Decimal("Infinity")), ("free", 0.1), ("free", Decimal("sNaN")),
    ("flag", 0), ("flag", 1), ("flag", "true"), ("flag", 1.0),
    ("text", b"x"), ("text", 3), ("text", Path("x")), ("text", "a\0b"), ("text", "\ud800"), ("text", ["a"]), ("text", {"a": 1}), ("text", True),
    ("short", "abcd"),
    ("data", "x"), ("data", 3), ("data", [1]),
    ("token", "zz"), ("token", TOKEN.hex), ("token", "{" + str(TOKEN) + "}"), ("token", TOKEN.bytes), ("token", TOKEN.int),
    ("day", datetime(2024, 1, 1)), ("day", "2024-01-01"), ("day", 3),
    ("clock", "12:00"), ("clock", time(12, tzinfo=UTC)), ("clock", datetime(2024, 1, 1)),
    ("seen", datetime(2024, 1, 1)), ("seen", date(2024, 1, 1)), ("seen", "2024-01-01T00:00:00Z"), ("seen", 0.0),
    ("wall", datetime(2024, 1, 1, tzinfo=UTC)), ("wall", date(2024, 1, 1)),
    ("status", "ACTIVE"), ("status", "unknown"), ("status", Other.A), ("status", 1),
    ("level", 3), ("level", "HIGH"),
    ("json", math.nan), ("json", {"a": math.inf}), ("json", {1: 2}), ("json", {"a": {1, 2}}), ("json", {"a": datetime(2024, 1, 1)}),
    ("json", {"a": "x\0y"}), ("json", {"a": "\ud800"}), ("json", deep), ("json", {"a": object()}),
    ("words", {"a"}), ("words", "ab"), ("words", (x for x in "ab")), ("words", [1]), ("words", ["a", None, 3]), ("words", ["a\0"]),
    ("numbers", [True]), ("numbers", [2**63]), ("numbers", [[1]]), ("numbers", ["1"]),
]  # fmt: skip


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b


def ids(cells: list[Any]) -> list[str]:
    return [f"{cell[0]}-{index}" for index, cell in enumerate(cells)]


@pytest.mark.parametrize(("name", "value", "stored"), TAKEN, ids=ids(TAKEN))
def test_taken(memory: DataSource, name: str, value: Any, stored: Any) -> None:
    """TYP-01 TYP-19 B15 B17 B32 B35 B46"""
    repository = memory.repository(Everything)
    made = repository.save(Everything(**{name: value}))
    found = getattr(repository.get(made.id), name)
    assert same(found, stored)
    assert getattr(made, name) == stored  # an accepted conversion is written back
    member = getattr(Everything, name)
    if name not in ("json", "words", "numbers"):  # OP-10: conditions follow the same table
        assert repository.count(member == value) == 1
        assert repository.count(member.in_([value])) == 1
        assert same(repository.update_one(made.id, member.to(value)).__getattribute__(name), stored)
    memory.reload(made)
    assert same(getattr(made, name), stored)


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=ids(REFUSED))
def test_refused(database: str, memory: DataSource, name: str, value: Any) -> None:
    """B01-B08 B11-B14 B20 B23 B25 B26 B29 B40 B41 B53 B55 B56 B60 B62 B64 B71 S11"""
    if database == "postgresql" and (name, str(value)) == ("amount", "NaN"):
        pytest.skip("sqlite: PostgreSQL keeps it")
    repository = memory.repository(Everything)
    if value is not UNSET:
        made = Everything(**{name: value})
        with pytest.raises(InputError) as e:
            repository.save(made)
        assert e.value.entity == "Everything"
        # What only this database cannot keep is refused by its driver, which knows no names.
        assert e.value.field == name or (isinstance(value, Decimal) and not value.is_finite())
        assert e.value.expected or e.value.got or e.value.code
        with pytest.raises(InputError):
            repository.update(Everything.id == 1, **{name: value})
    is_number = not isinstance(value, Decimal) or value.is_finite() or value.is_snan()
    if name not in ("json", "words", "numbers") and is_number:  # B03: an input error, not an empty result
        with pytest.raises(InputError):
            repository.find(getattr(Everything, name) == value)
        if not isinstance(value, (list, tuple)):
            with pytest.raises(InputError):
                repository.find(getattr(Everything, name).in_([value]))
    assert repository.count() == 0


@pytest.mark.postgresql("SQLite has no such numbers")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("real", math.nan), ("real", math.inf), ("real", -math.inf), ("real4", math.nan), ("amount", Decimal("NaN")),
        ("free", Decimal("NaN")), ("free", Decimal("Infinity")), ("free", Decimal("-Infinity")),
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_kept(memory: DataSource, name: str, value: Any) -> None:
    repository = memory.repository(Everything)
    made = repository.save(Everything(**{name: value}))
    found = getattr(repository.get(made.id), name)
    assert type(found) is type(value) and str(found) == str(value)
    assert repository.count(getattr(Everything, name) == value) == 1  # NaN equals itself there


@pytest.mark.parametrize(
    ("coerce", "name", "value", "stored"),
    [
        ("text", "big", "12", 12),
        ("lossy", "big", 3.0, 3),
        ("lossy", "big", True, 1),
        ("text", "real", "1.5", 1.5),
        ("lossy", "real", Decimal("1.5"), 1.5),
        ("text", "amount", "12.50", Decimal("12.50")),
        ("lossy", "amount", 0.1, Decimal("0.10")),
        ("lossy", "amount", Decimal("1.005"), Decimal("1.00")),
        ("lossy", "amount", Decimal("1.015"), Decimal("1.02")),
        ("text", "flag", "true", True),
        ("lossy", "flag", 0, False),
        ("text", "day", "2024-02-29", date(2024, 2, 29)),
        ("lossy", "day", datetime(2024, 1, 2, 3), date(2024, 1, 2)),
        ("text", "seen", "2024-01-01T12:00:00+01:00", datetime(2024, 1, 1, 11, tzinfo=UTC)),
        ("text", "clock", "12:34:56", time(12, 34, 56)),
        ("text", "token", TOKEN.hex, TOKEN),
    ],
)
def test_relaxed(new_url: Callable[[], str], coerce: str, name: str, value: Any, stored: Any) -> None:
    with DataSource(new_url(), entities=[Everything], coerce=coerce) as db:
        db.synchronize()
        made = db.repository(Everything).save(Everything(**{name: value}))
        assert same(getattr(db.get(Everything, made.id), name), stored)
        assert db.repository(Everything).count(getattr(Everything, name) == value) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("big", "1.5"), ("big", "x"), ("day", "2024-02-30"), ("clock", "25:00"), ("seen", "2024-01-01"), ("short", "abcd"), ("amount", "x")],
)
def test_b45_text_that_means_nothing_stays_refused(new_url: Callable[[], str], name: str, value: Any) -> None:
    with DataSource(new_url(), entities=[Everything], coerce="lossy") as db:
        db.synchronize()
        with pytest.raises(InputError):
            db.save(Everything(**{name: value}))


def test_b31_none_where_there_must_be_a_value(memory: DataSource) -> None:
    with pytest.raises(InputError) as e:
        memory.save(City(name=None, country=ref(Country, "FR")))
    assert (e.value.field, e.value.code) == ("name", "TAKEO.INPUT.NULL")
    assert not isinstance(e.value, NotNullViolation)
    memory.save(Country(code="FR", name=""))


def test_typ_05_json_null_is_not_sql_null(memory: DataSource) -> None:
    everything = memory.repository(Everything)
    a, b = everything.save([Everything(json=JSON_NULL), Everything(json=None)])
    assert everything.get(a.id).json is JSON_NULL and everything.get(b.id).json is None
    assert everything.count(Everything.json.is_null()) == 1


def test_values_that_change_in_place_are_seen_at_save(memory: DataSource) -> None:
    made = Everything(json={"a": 1}, words=["x"])
    memory.save(made)
    found = memory.get(Everything, made.id)
    found.json["b"] = 2
    found.words.append("y")
    memory.save(found)
    again = memory.get(Everything, made.id)
    assert (again.json, again.words) == ({"a": 1, "b": 2}, ["x", "y"])


STORED = {"sqlite": [  # a column takes any value there
    ("big", "'abc'"), ("small", "70000"), ("flag", "7"), ("real", "'x'"), ("amount", "'x'"), ("day", "'2024-13-01'"), ("day", "'0044-03-15 BC'"),
    ("day", "'10000-01-01'"), ("clock", "'24:00:00'"), ("seen", "'yesterday'"), ("token", "'zz'"), ("status", "'gone'"), ("json", "'{'"),
    ("text", "x'ff'"), ("data", "5"), ("words", "'{}'"), ("numbers", "'[\"a\"]'"),
], "postgresql": [  # its types hold more than Python's
    ("day", "'0044-03-15 BC'"), ("day", "'10000-01-01'"), ("day", "'infinity'"), ("clock", "'24:00:00'"), ("seen", "'infinity'"),
    ("seen", "'10000-01-01 00:00+00'"), ("wall", "'-infinity'"), ("wall", "'0044-03-15 00:00 BC'"),
]}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "literal" in metafunc.fixturenames:
        stored = STORED[metafunc.config.getoption("--database")]
        metafunc.parametrize(("name", "literal"), stored, ids=ids(stored))


def test_stored_values_of_another_type_are_decode_errors(memory: DataSource, name: str, literal: str) -> None:
    """B19 B24 B36 B37 B38 B57"""
    if name == "status":
        pytest.skip("a CHECK keeps other labels out")
    memory.sql(f"insert into everything ({name}) values ({literal.replace('{', '{{').replace('}', '}}')})").run()
    with pytest.raises(DecodeError) as e:
        memory.repository(Everything).find()
    assert e.value.object == 1 and name in str(e.value)
    assert memory.repository(Everything).count() == 1  # the source stays usable


def test_ent_09_everything_is_listed() -> None:
    assert Everything in models.ALL


def test_s01_hostile_values_stay_values(memory: DataSource) -> None:
    hostile = ["'; drop table everything; --", "\" or 1=1", "?1", "$1", ":x", "{x}", "%s", "\\", "/* */", "\x1b[31m"]
    everything = memory.repository(Everything)
    everything.save([Everything(text=text) for text in hostile])
    for text in hostile:
        assert everything.find_one(Everything.text == text).text == text
        assert everything.count(Everything.text.contains(text)) >= 1
        assert memory.sql("select text from everything where text = {t}", t=text).scalars() == [text]


def test_arrays_are_not_looked_for_in_a_list(memory: DataSource) -> None:
    """TYP-20: equality is by the whole array; IN over arrays says that it is not built."""
    repository = memory.repository(Everything)
    repository.save(Everything(words=["a"]))
    assert repository.count(Everything.words == ["a"]) == 1
    with pytest.raises(Exception, match="not built yet"):
        repository.count(Everything.words.in_([["a"]]))


def test_arrays_are_seen_when_they_change(database: str, memory: DataSource) -> None:
    """TYP-20: in place too; a file of another tool may have other spaces."""
    repository = memory.repository(Everything)
    made = repository.save(Everything(words=["a"], numbers=[1]))
    words = {"sqlite": '[ "a" , "b" ]', "postgresql": "{{ a , b }}"}
    memory.sql(f"update everything set words = '{words[database]}'").run()
    found = repository.get(made.id)
    assert found.words == ["a", "b"]
    found.words.append("c")
    repository.save(found)
    assert repository.get(made.id).words == ["a", "b", "c"]


@pytest.mark.sqlite("arrays are typed elsewhere")
def test_arrays_of_another_type_name_their_column(memory: DataSource) -> None:
    repository = memory.repository(Everything)
    made = repository.save(Everything(words=["a"], numbers=[1]))
    memory.sql("update everything set numbers = '[\"1\"]'").run()
    with pytest.raises(DecodeError) as e:
        repository.get(made.id)
    assert (e.value.entity, e.value.field) == ("Everything", "numbers")
