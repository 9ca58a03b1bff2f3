"""Every type of column, with values at its edges and random ones: what is read is exactly what was written.

Each value goes in alone, in a list (COPY and unnest on a server), as an update of both kinds, and is looked for.
TAKEO_TEST_SEED chooses other random values; failures say the column and the value.
"""

from __future__ import annotations

import math
import os
import random
import struct
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest

from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
from takeo.types import JSON_NULL, Float32, Int16, Int32, Interval, Timestamp

SEED = os.environ.get("TAKEO_TEST_SEED", "1")
RANDOM_VALUES = 40  # of each column; with its edges more than a list of objects needs to go the server's way for bulk
UTC = timezone.utc


class Word(Enum):
    PLAIN = "plain"
    ODD = "it's \"odd\", {a\\b} \u00e9\U0001f600"
    BLANK = " "


class Number(IntEnum):
    LEAST = -(2**63)
    MOST = 2**63 - 1


@Entity("anything")
class Anything:
    id: Mapped[int] = PrimaryGeneratedColumn()
    int64: Mapped[int | None] = Column(default=None)
    int32: Mapped[int | None] = Column(Int32, default=None)
    int16: Mapped[int | None] = Column(Int16, default=None)
    float64: Mapped[float | None] = Column(default=None)
    float32: Mapped[float | None] = Column(Float32, default=None)
    amount: Mapped[Decimal | None] = Column(precision=12, scale=3, default=None)
    decimal: Mapped[Decimal | None] = Column(default=None)
    flag: Mapped[bool | None] = Column(default=None)
    text: Mapped[str | None] = Column(default=None)
    short: Mapped[str | None] = Column(length=5, default=None)
    data: Mapped[bytes | None] = Column(default=None)
    token: Mapped[UUID | None] = Column(default=None)
    word: Mapped[Word | None] = Column(default=None)
    number: Mapped[Number | None] = Column(default=None)
    day: Mapped[date | None] = Column(default=None)
    clock: Mapped[time | None] = Column(default=None)
    zoned: Mapped[time | None] = Column("timetz", default=None)
    instant: Mapped[datetime | None] = Column(default=None)
    wall: Mapped[datetime | None] = Column(Timestamp, default=None)
    span: Mapped[Interval | None] = Column(default=None)
    lapse: Mapped[timedelta | None] = Column(default=None)
    json: Mapped[dict[str, Any] | None] = Column(default=None)
    ints: Mapped[list[int] | None] = Column(default=None)
    floats: Mapped[list[float] | None] = Column(default=None)
    decimals: Mapped[list[Decimal] | None] = Column(default=None)
    flags: Mapped[list[bool] | None] = Column(default=None)
    texts: Mapped[list[str] | None] = Column(default=None)
    blobs: Mapped[list[bytes] | None] = Column(default=None)
    tokens: Mapped[list[UUID] | None] = Column(default=None)
    days: Mapped[list[date] | None] = Column(default=None)
    clocks: Mapped[list[time] | None] = Column(default=None)
    instants: Mapped[list[datetime] | None] = Column(default=None)
    spans: Mapped[list[Interval] | None] = Column(default=None)
    lapses: Mapped[list[timedelta] | None] = Column(default=None)


# ---- values ------------------------------------------------------------------------------------------------

Rng = random.Random


def whole(bits: int) -> Callable[[Rng], int]:
    return lambda rng: rng.randrange(-(2 ** (bits - 1)), 2 ** (bits - 1)) >> rng.randrange(bits)


def real(rng: Rng) -> float:
    """Any bits; one in four is a number as people write it."""
    if rng.randrange(4) == 0:
        return round(rng.uniform(-1e6, 1e6), rng.randrange(5))
    return float(struct.unpack("d", rng.randbytes(8))[0])


def single(rng: Rng) -> float:
    return float(struct.unpack("f", rng.randbytes(4))[0])


def decimal(rng: Rng) -> Decimal:
    digits = tuple(rng.randrange(10) for _ in range(rng.choice([1, 4, 5, 8, 40, 300])))
    return Decimal((rng.randrange(2), digits, rng.randrange(-len(digits) - 9, 9)))


def amount(rng: Rng) -> Decimal:
    return Decimal(rng.randrange(-(10**12) + 1, 10**12)).scaleb(-3)


def characters(rng: Rng, most: int) -> str:
    ranges = [(1, 32), (32, 127), (0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(most + 1)))


def text(rng: Rng) -> str:
    return characters(rng, rng.choice([3, 20, 2000]))


def data(rng: Rng) -> bytes:
    return rng.randbytes(rng.choice([0, 1, 7, 8, 9, 5000]))


def day(rng: Rng) -> date:
    return date.fromordinal(rng.randrange(1, date.max.toordinal() + 1))


def clock(rng: Rng) -> time:
    return (datetime.min + timedelta(microseconds=rng.randrange(86_400_000_000))).time()


def offset(rng: Rng) -> timezone:
    return timezone(timedelta(seconds=rng.choice([0, 19_800, -12_600, rng.randrange(-57_599, 57_600)])))


def wall(rng: Rng) -> datetime:
    return datetime.combine(day(rng), clock(rng))


def instant(rng: Rng) -> datetime:
    passed = timedelta(days=rng.randrange(2, date.max.toordinal() - 2), microseconds=rng.randrange(86_400_000_000))
    return (datetime.min + passed).replace(tzinfo=offset(rng))


def span(rng: Rng) -> Interval:
    return Interval(*(whole(bits)(rng) if rng.randrange(3) else 0 for bits in (32, 32, 64)))


def lapse(rng: Rng) -> timedelta:
    return timedelta(whole(30)(rng), 0, whole(40)(rng)) if rng.randrange(3) else timedelta(microseconds=whole(60)(rng))


def json(rng: Rng, depth: int = 0) -> Any:
    kind = rng.randrange(9 if depth < 4 else 7)
    if kind == 7:
        return [json(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 8:
        return {characters(rng, 5): json(rng, depth + 1) for _ in range(rng.randrange(5))}
    number = real(rng)
    simple = [None, rng.randrange(2) == 0, rng.getrandbits(rng.choice([8, 64, 200])), 1.5, number, "x", text(rng)]
    return 0.5 if kind == 4 and not math.isfinite(number) else simple[kind] if depth or kind else JSON_NULL


def many(make: Callable[[Rng], Any]) -> Callable[[Rng], list[Any]]:
    return lambda rng: [None if rng.randrange(5) == 0 else make(rng) for _ in range(rng.choice([0, 1, 3, 30]))]


FLOATS = [0.0, -0.0, 1.0, 0.1, 1e16, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.5, math.inf, -math.inf, math.nan]
TEXTS = ["", " ", "'", '"', "\\", "\\N", "\\.", "NULL", "null", "{}", "{,}", "a,b", "\x01\x1f\x7f", "\r\n\t", "\u0080\ufeff\uffff", "e\u0301", "\U0010ffff", "x" * 70_000]
DAYS = [date.min, date.max, date(1970, 1, 1), date(1969, 12, 31), date(2000, 1, 1), date(2024, 2, 29), date(1900, 2, 28)]
CLOCKS = [time.min, time.max, time(12), time(23, 59, 59, 1)]
INSTANTS = [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
SPANS = [Interval(), Interval(1), Interval(days=30), Interval(-1, 1, -1), Interval(days=1), Interval(microseconds=86_400_000_000)] + [
    Interval(months, days, us) for months in (-(2**31), 2**31 - 1) for days in (-(2**31), 2**31 - 1) for us in (1 - 2**63, 2**63 - 2)
]
LAPSES = [timedelta(), timedelta.min, timedelta.max, timedelta(microseconds=-1), timedelta(days=-1), timedelta(days=-1, microseconds=1), timedelta(hours=36)]
BYTES = [b"", b"\0", b"\\x", bytes(range(256)), b"\xff" * 70_000]
TOKENS = [UUID(int=0), UUID(int=2**128 - 1)]
DECIMALS = [Decimal(one) for one in ["0", "-0.00", "1E+20", "1E-20", "10", "1.10", "9999", "10000", "0.0001", "-1E-400", "12345678901234567890.000", "NaN", "Infinity", "-Infinity"]]
JSONS = [{}, [], "", "null", 0, -0.0, True, False, 1e16, 1e23, 1e308, 5e-324, 2**64, -(10**400), {"": None}, {"a": {"b": [1, 2.0, "3"]}}, [[]] * 3, JSON_NULL]

VALUES: dict[str, tuple[list[Any], Callable[[Rng], Any]]] = {
    "int64": ([0, -1, 2**63 - 1, -(2**63), 2**31, -(2**31) - 1], whole(64)),
    "int32": ([0, -1, 2**31 - 1, -(2**31)], whole(32)),
    "int16": ([0, -1, 2**15 - 1, -(2**15)], whole(16)),
    "float64": (FLOATS, real),
    "float32": ([0.0, -0.0, 0.5, 3.4028234663852886e38, 1.401298464324817e-45, 16777216.0, math.inf, math.nan], single),
    "amount": ([Decimal(0), Decimal("0.001"), Decimal("-999999999.999"), Decimal("1E+3"), Decimal("1.5"), Decimal("NaN")], amount),
    "decimal": (DECIMALS, decimal),
    "flag": ([True, False], lambda rng: rng.randrange(2) == 0),
    "text": (TEXTS, text),
    "short": (["", "\U0001f600" * 5, "     ", "a    "], lambda rng: characters(rng, 5)),
    "data": (BYTES, data),
    "token": (TOKENS, lambda rng: UUID(bytes=rng.randbytes(16))),
    "word": (list(Word), lambda rng: rng.choice(list(Word))),
    "number": (list(Number), lambda rng: rng.choice(list(Number))),
    "day": (DAYS, day),
    "clock": (CLOCKS, clock),
    "zoned": ([one.replace(tzinfo=UTC) for one in CLOCKS], lambda rng: clock(rng).replace(tzinfo=offset(rng))),
    "instant": (INSTANTS, instant),
    "wall": ([datetime.min, datetime.max, datetime(1970, 1, 1)], wall),
    "span": (SPANS, span),
    "lapse": (LAPSES, lapse),
    "json": (JSONS, json),
    "ints": ([[], [None], [2**63 - 1, -(2**63)]], many(whole(64))),
    "floats": ([FLOATS[:11], FLOATS], many(real)),
    "decimals": ([DECIMALS], many(decimal)),
    "flags": ([[True, None, False]], many(lambda rng: rng.randrange(2) == 0)),
    "texts": ([TEXTS, [""], ["NULL", None]], many(text)),
    "blobs": ([BYTES], many(data)),
    "tokens": ([TOKENS], many(lambda rng: UUID(bytes=rng.randbytes(16)))),
    "days": ([DAYS], many(day)),
    "clocks": ([CLOCKS], many(clock)),
    "instants": ([INSTANTS], many(instant)),
    "spans": ([SPANS], many(span)),
    "lapses": ([LAPSES], many(lapse)),
}  # fmt: skip

LACKS = {"sqlite": {"zoned", "blobs"}, "postgresql": set()}


def values_of(name: str, database: str) -> list[Any]:
    edges, make = VALUES[name]
    rng = random.Random(f"{SEED} {name}")
    return [one for one in [*edges, *(make(rng) for _ in range(RANDOM_VALUES))] if is_kept(name, one, database)]


def is_kept(name: str, value: Any, database: str) -> bool:
    """See the table of numbers in docs/values.md."""
    if database != "sqlite" or name == "decimals":
        return True
    if isinstance(value, list):
        return name != "floats" or all(one is None or math.isfinite(one) for one in value)
    return not (isinstance(value, float) and math.isnan(value)) and not (isinstance(value, Decimal) and not value.is_finite())


# ---- what is read ------------------------------------------------------------------------------------------


def read_back(name: str, value: Any, database: str) -> Any:
    """What a value reads as, where that is not the value itself."""
    if isinstance(value, list) and name != "json":
        return [read_back(name, one, database) for one in value]
    if name == "json":
        return json_of_server(value) if database == "postgresql" else value
    if isinstance(value, Decimal) and value.is_finite():
        plain = Decimal(format(value, "f")) if value else abs(Decimal(format(value, "f")))
        return plain.quantize(Decimal("0.001")) if name == "amount" else plain
    if isinstance(value, float) and name in ("float64", "float32") and database == "sqlite":
        return value + 0.0  # it has no zero with a sign
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is not None else value


def json_of_server(value: Any) -> Any:
    """Numbers of jsonb are decimals: without a sign of zero, and whole ones that JSON writes with an exponent are ints."""
    if isinstance(value, list):
        return [json_of_server(one) for one in value]
    if isinstance(value, dict):
        return {key: json_of_server(one) for key, one in value.items()}
    if isinstance(value, float):
        return int(Decimal(repr(value))) if "e+" in repr(value) else value + 0.0
    return value


def told(value: Any) -> str:
    """What tells any two values apart, the order of keys aside."""
    if isinstance(value, dict):
        return repr(sorted((key, told(one)) for key, one in value.items()))
    if isinstance(value, list):
        return repr([told(one) for one in value])
    return repr(value)


# ---- the tests ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def source(database: str, schemas: Any) -> Iterator[DataSource]:
    url = "sqlite://" if schemas is None else schemas.new()
    with DataSource(url, entities=[Anything]) as db:
        db.synchronize()
        yield db
    if schemas is not None:
        schemas.drop(url)


@pytest.fixture
def empty(source: DataSource) -> DataSource:
    source.sql("delete from anything").run()
    return source


@pytest.mark.parametrize("name", VALUES)
def test_values_are_read_as_they_were_written(database: str, empty: DataSource, name: str) -> None:
    """TYP-01 TYP-19 TYP-20"""
    if name in LACKS[database]:
        pytest.skip("the database has no such type")
    rows, values = empty.repository(Anything), values_of(name, database)
    expected = [told(read_back(name, one, database)) for one in values]

    def check(objects: list[Anything], way: str) -> None:
        by_key = {one.id: getattr(one, name) for one in rows.find()}
        for made, value, wanted in zip(objects, values, expected):
            assert told(by_key[made.id]) == wanted, f"{way}: {name} {value!r:.300}"
            assert told(getattr(rows.get_or_fail(made.id), name)) == wanted, f"{way}, alone: {name} {value!r:.300}"

    singles = [rows.insert(Anything(**{name: value})) for value in values]
    check(singles, "insert")
    listed = rows.insert([Anything(**{name: value}) for value in values])
    check(listed, "insert of a list")
    for objects, way in ((singles, "save"), (listed, "save of a list")):
        for made in objects:
            setattr(made, name, None)
        rows.save(objects)
        assert all(getattr(one, name) is None for one in rows.get_many([made.id for made in objects]))
        for made, value in zip(objects, values):
            setattr(made, name, value)
            if way == "save":
                rows.save(made)
        rows.save(objects)
        check(objects, way)
    for made, value in zip(singles, values):
        rows.update(Anything.id == made.id, **{name: value})
    check(singles, "update")


@pytest.mark.parametrize("name", VALUES)
def test_values_are_found_by_equality(database: str, empty: DataSource, name: str) -> None:
    """OP-01 OP-10"""
    if name in LACKS[database]:
        pytest.skip("the database has no such type")
    rows, values, member = empty.repository(Anything), values_of(name, database), getattr(Anything, name)
    made = rows.insert([Anything(**{name: value}) for value in values])
    is_scalar = not isinstance(values[0], list) and name != "json"
    for one, value in zip(made, values):
        found = {row.id for row in rows.find(member == value)}
        assert one.id in found, f"{name} == {value!r:.300}"
        assert one.id not in {row.id for row in rows.find(member != value)}, f"{name} != {value!r:.300}"
        if is_scalar:
            assert {row.id for row in rows.find(member.in_([value, value]))} == found, f"{name} in {value!r:.300}"
    if is_scalar:
        assert rows.count(member.in_(values)) == len(values)


@pytest.mark.parametrize("name", VALUES)
def test_loaded_values_are_not_changed(database: str, empty: DataSource, name: str) -> None:
    """Nothing is sent for objects that were loaded and not touched."""
    if name in LACKS[database]:
        pytest.skip("the database has no such type")
    rows, values = empty.repository(Anything), values_of(name, database)
    rows.insert([Anything(**{name: value}) for value in values])
    found = rows.find()
    empty.sql(f"update anything set {name} = null").run()
    rows.save(found)
    for one in found:
        rows.save(one)
    assert all(getattr(one, name) is None for one in rows.find())
