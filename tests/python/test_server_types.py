"""Types of the server that no column of an entity has, and times with an offset: as Python reads and writes them.

A statement's first run comes as text, its next one in binary form; both have to say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
from takeo.errors import DecodeError, InputError, NotSupportedError

UTC = timezone.utc


def offset(**said: int) -> timezone:
    return timezone(timedelta(**said))


@Entity("openings")
class Opening:
    id: Mapped[int] = PrimaryGeneratedColumn()
    at: Mapped[time | None] = Column("timetz", default=None)


@pytest.fixture
def server(new_url: Callable[[], str]) -> Iterator[DataSource]:
    with DataSource(new_url(), entities=[Opening]) as db:
        db.synchronize()
        yield db


AS_THE_SERVER_SAYS = [
    "b'1'", "b'01000001'", "varbit '1111000011110000111'", "varbit ''", "repeat('10', 5000)::varbit",
    "point(0, 0)", "point(1, -2.5)", "point(1e300, 1e-300)", "point 'infinity, nan'", "line '{1,2,3}'", "lseg '[(1,2),(3,4)]'",
    "box '(1,2),(3,4)'", "path '((1,2),(3,4))'", "path '[(1,2),(3,4)]'", "polygon '((1,2),(3,4),(5,6))'", "circle '<(1,2),3>'",
    "inet '10.0.0.1/8'", "cidr '10.0.0.0/8'", "macaddr '08:00:2b:01:02:03'", "xml '<a/>'", "12.5::money", "row(1, 'a')",
    "'a b'::tsvector", "'pg_class'::regclass", "int4range(1, 5)", "'1 2 3'::int2vector", "jsonpath '$.a'",
]  # fmt: skip


@pytest.mark.postgresql("types of its server")
@pytest.mark.parametrize("value", AS_THE_SERVER_SAYS)
def test_types_without_a_class_are_what_the_server_writes(server: DataSource, value: str) -> None:
    value = value.replace("{", "{{").replace("}", "}}")
    query = server.sql(f"select {value}, array[{value}, null], ({value})::text")
    for _ in range(3):
        found, (inside, none), words = query.first()
        assert (found, inside, none) == (words, words, None)


@pytest.mark.postgresql("types of its server")
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("timetz '24:00+00'", ""), ("time '24:00'", ""),
        ("date 'infinity'", ""), ("timestamptz '10001-01-01'", ""),
    ],
)  # fmt: skip
def test_values_that_python_has_not_name_column_and_way_out(server: DataSource, value: str, why: str) -> None:
    query = server.sql(f"select 1 as one, {value} as odd")
    for read in (query.first, query.first, query.tuples, query.dicts):
        with pytest.raises(DecodeError) as e:
            read()
        assert (e.value.field, e.value.object, e.value.entity) == ("odd", 1, None)
        assert e.value.got and why in (e.value.why or "") and "cast(" in (e.value.hint or "")
    assert server.sql(f"select cast({value} as text)").scalar()


TIMES = [
    time(0, tzinfo=UTC), time(23, 59, 59, 999999, tzinfo=UTC), time(12, 30, tzinfo=offset(hours=5, minutes=30)),
    time(12, 30, 0, 5, tzinfo=offset(hours=-15, minutes=-59, seconds=-59)), time(1, tzinfo=offset(hours=15, minutes=59, seconds=59)),
    time(1, tzinfo=offset(seconds=-1)),
]  # fmt: skip


def told(value: time | None) -> tuple[Any, ...]:
    """Times with an offset are equal when they mean the same moment: here the offset has to be the same too."""
    assert value is not None
    return type(value), value.replace(tzinfo=None), value.utcoffset()


@pytest.mark.postgresql("SQLite has no timetz")
def test_times_with_an_offset_are_exact_both_ways(server: DataSource) -> None:
    openings = server.repository(Opening)
    singles = [openings.insert(Opening(at=value)) for value in TIMES]
    many = openings.insert([Opening(at=value) for value in TIMES * 10])  # by COPY
    for made, value in zip(singles + many, TIMES * 11):
        assert told(openings.get_or_fail(made.id).at) == told(value)
    for made in many:
        made.at = time(3, tzinfo=offset(hours=3))
    openings.save(many)
    assert {told(one.at) for one in openings.find(Opening.id > singles[-1].id)} == {told(time(3, tzinfo=offset(hours=3)))}
    for made, value in zip(singles, TIMES):
        assert openings.find_one_or_fail(Opening.at == value).id == made.id
        assert openings.count(Opening.at.in_([value])) == 1
        assert told(server.sql("select {at}::timetz", at=value).scalar()) == told(value)
        (inside,) = server.sql("select array[{at}::timetz]", at=value).scalar()
        assert told(inside) == told(value)


class Unknown(tzinfo):
    def utcoffset(self, when: Any) -> None:
        return None

    dst = tzname = utcoffset  # type: ignore[assignment]


@pytest.mark.postgresql("SQLite has no timetz")
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (time(12), "TIMEZONE"), (time(12, tzinfo=ZoneInfo("Europe/Berlin")), "TIMEZONE"), (time(12, tzinfo=Unknown()), "TIMEZONE"),
        (time(12, tzinfo=offset(hours=16)), "RANGE"), (time(12, tzinfo=offset(microseconds=1)), "PRECISION"), ("12:00+00", "TYPE"),
    ],
)  # fmt: skip
def test_times_whose_offset_cannot_be_kept_are_refused(server: DataSource, value: Any, code: str) -> None:
    openings = server.repository(Opening)
    for fails in (lambda: openings.insert(Opening(at=value)), lambda: openings.count(Opening.at == value)):
        with pytest.raises(InputError) as e:
            fails()
        assert (e.value.code, e.value.entity, e.value.field) == (f"TAKEO.INPUT.{code}", "Opening", "at")
    assert openings.count() == 0


@pytest.mark.sqlite("about what it cannot keep")
def test_times_with_an_offset_are_refused_by_sqlite(server: DataSource) -> None:
    openings = server.repository(Opening)
    for fails in (lambda: openings.insert(Opening(at=TIMES[0])), lambda: openings.count(Opening.at == TIMES[0])):
        with pytest.raises(NotSupportedError, match="Opening.at"):
            fails()
