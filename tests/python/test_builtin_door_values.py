"""Values of unusual classes through the builtin door."""

from __future__ import annotations

import decimal
import enum
import uuid
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models import Everything, Level, Status
from takeo import DataSource
from takeo._door import door
from takeo.errors import InputError

pytestmark = pytest.mark.skipif(door.name != "builtin", reason="about the builtin door")

BERLIN = ZoneInfo("Europe/Berlin")


class Int(int):
    def __str__(self) -> str:
        return "no digits"

    __repr__ = __str__


class Number(enum.IntEnum):
    ONE = 1
    HUGE = 2**70


class Str(str):
    def __str__(self) -> str:
        return "other"


class Word(str, enum.Enum):
    ACTIVE = "active"


class Float(float):
    pass


class Dec(Decimal):
    pass


class Bytes(bytes):
    pass


class Id(uuid.UUID):
    __slots__ = ()


class When(datetime):
    """As pandas and pendulum do: a subclass whose differences are its own business."""

    def __sub__(self, other: Any) -> Any:
        raise AssertionError("nobody has to subtract")

    __rsub__ = __sub__


class Day(date):
    pass


class Clock(time):
    pass


class Shifted(tzinfo):
    """Asks `fold`, and is off by less than a second."""

    def utcoffset(self, when: Any) -> timedelta:
        return timedelta(hours=1 + when.fold, microseconds=7)

    dst = tzname = utcoffset  # type: ignore[assignment]


class Unknown(tzinfo):
    """A zone that says nothing: the time is a naive one."""

    def utcoffset(self, when: Any) -> Any:
        return None

    dst = tzname = utcoffset


UTC = timezone.utc
TAKEN = [
    ("big", Int(7), 7),
    ("big", Number.ONE, 1),
    ("small", Int(-3), -3),
    ("text", Str("a"), "a"),
    ("text", "\U0001f600é\x7f", "\U0001f600é\x7f"),
    ("short", Str("abc"), "abc"),
    ("real", Float(1.5), 1.5),
    ("real", 3, 3.0),
    ("amount", Dec("1.5"), Decimal("1.50")),
    ("free", Decimal("1E+30"), Decimal(10**30)),
    ("free", Decimal("-0"), Decimal(0)),
    ("free", 2**70, Decimal(2**70)),
    ("free", Number.HUGE, Decimal(2**70)),
    ("free", Int(2**70), Decimal(2**70)),
    ("data", Bytes(b"\0a"), b"\0a"),
    ("data", bytearray(b"ab"), b"ab"),
    ("data", memoryview(b"abcd")[::2], b"ac"),
    ("token", Id(int=2**127 + 5), uuid.UUID(int=2**127 + 5)),
    ("day", Day(2024, 2, 29), date(2024, 2, 29)),
    ("day", date.min, date.min),
    ("day", date.max, date.max),
    ("clock", Clock(23, 59, 59, 999999), time(23, 59, 59, 999999)),
    ("clock", time(2, 30, fold=1), time(2, 30)),
    ("wall", datetime(2024, 10, 27, 2, 30, fold=1), datetime(2024, 10, 27, 2, 30)),
    ("wall", When(1, 1, 1), datetime(1, 1, 1)),
    ("wall", datetime(2024, 1, 1, tzinfo=Unknown()), datetime(2024, 1, 1)),
    ("wall", datetime.max, datetime.max),
    ("seen", datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
    ("seen", datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)),
    ("seen", When(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)),
    ("seen", When(2024, 10, 27, 2, 30, tzinfo=UTC), datetime(2024, 10, 27, 2, 30, tzinfo=UTC)),
    ("seen", datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ("seen", datetime(2024, 1, 1, tzinfo=Shifted()), datetime(2023, 12, 31, 22, 59, 59, 999993, tzinfo=UTC)),
    ("seen", datetime(2024, 1, 1, fold=1, tzinfo=Shifted()), datetime(2023, 12, 31, 21, 59, 59, 999993, tzinfo=UTC)),
    ("seen", datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ("seen", datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
    ("flag", True, True),
    ("status", Status.ACTIVE, Status.ACTIVE),
    ("status", "active", Status.ACTIVE),
    ("status", Word.ACTIVE, Status.ACTIVE),
    ("level", Level.HIGH, Level.HIGH),
    ("level", 2, Level.HIGH),
    ("json", {"a": Str("b"), "c": [Int(3), 1.5, None, True]}, None),
]


@pytest.mark.parametrize(("name", "given", "stored"), TAKEN, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(TAKEN)])
def test_taken(memory: DataSource, name: str, given: Any, stored: Any) -> None:
    one = memory.save(Everything(**{name: given}))
    found = getattr(memory.get(Everything, one.id), name)
    if name == "json":
        assert found == {"a": "b", "c": [3, 1.5, None, True]} or found["c"][0] == "no digits"
        return
    assert found == stored and type(found) is type(stored)
    if name != "data":
        assert memory.repository(Everything).count(getattr(Everything, name) == given) == 1
    memory.save(one)
    assert memory.repository(Everything).count() == 1


REFUSED = [
    ("big", 2**63),
    ("big", -(2**63) - 1),
    ("big", 10**5000),
    ("big", Int(10**30)),
    ("big", Number.HUGE),
    ("big", True),
    ("big", 1.0),
    ("big", Decimal(1)),
    ("small", 2**15),
    ("small", 10**5000),
    ("free", 10**20_000),
    ("text", "a\ud800"),
    ("text", Str("\udfff")),
    ("text", "a\0b"),
    ("text", b"bytes"),
    ("short", "abcd"),
    ("real", float("nan")),
    ("free", Decimal("NaN")),
    ("free", Decimal("sNaN")),
    ("free", Decimal("Infinity")),
    ("free", Decimal("1E+200000")),
    ("token", Str("no uuid")),
    ("day", datetime(2024, 1, 1)),
    ("clock", time(1, tzinfo=UTC)),
    ("seen", datetime(2024, 1, 1)),
    ("seen", datetime(2024, 1, 1, tzinfo=Unknown())),
    ("seen", datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
    ("seen", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    ("wall", datetime(2024, 1, 1, tzinfo=UTC)),
    ("flag", 1),
    ("status", Level.LOW),
    ("status", "nobody"),
    ("level", 3),
    ("level", 1.5),
    ("level", []),
    ("json", {"a": float("nan")}),
    ("json", {"a": "\ud800"}),
    ("json", {1: 2}),
    ("json", {"a": [{"b": {2: 3}}]}),
    ("words", ["a", 1]),
    ("words", "ab"),
    ("numbers", [1, 10**5000]),
    ("numbers", [True]),
]


@pytest.mark.parametrize(("name", "given"), REFUSED, ids=[f"{n}-{i}" for i, (n, _) in enumerate(REFUSED)])
def test_refused(database: str, memory: DataSource, name: str, given: Any) -> None:
    if database == "postgresql" and isinstance(given, (float, Decimal)) and str(given) in ("nan", "NaN", "Infinity"):
        pytest.skip("sqlite: PostgreSQL keeps it")
    with pytest.raises(InputError):
        memory.save(Everything(**{name: given}))
    assert memory.repository(Everything).count() == 0


def test_the_context_of_decimal_does_not_matter(memory: DataSource) -> None:
    with decimal.localcontext() as context:
        context.capitals = 0
        context.prec = 3
        one = memory.save(Everything(free=Decimal("1.25e+30"), amount=Decimal("1.25")))
        assert str(memory.sql("select {x}", x=Decimal("2e+3")).scalar()) == "2000"
    assert memory.get(Everything, one.id).free == Decimal("1.25e+30")


def test_a_failing_zone_of_a_time_is_the_programs_error(memory: DataSource) -> None:
    class Broken(time):
        @property
        def tzinfo(self) -> Any:  # type: ignore[override]
            raise KeyError("mine")

    with pytest.raises(KeyError):
        memory.save(Everything(clock=Broken(1)))


def test_a_wrong_offset_is_the_programs_error(memory: DataSource) -> None:
    class Wrong(tzinfo):
        def utcoffset(self, when: Any) -> Any:
            return 5

    with pytest.raises(TypeError):
        memory.save(Everything(seen=datetime(2024, 1, 1, tzinfo=Wrong())))


def test_a_uuid_without_its_number_is_the_programs_error(memory: DataSource) -> None:
    class Empty(uuid.UUID):
        def __init__(self) -> None:
            pass

    with pytest.raises(AttributeError):
        memory.save(Everything(token=Empty()))
