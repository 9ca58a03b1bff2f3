"""Intervals: the class, columns of it and of timedelta, and where the two refuse each other.

That each value is read as it was written, alone and in lists, is in test_round_trip.py.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from takeo import Column, DataSource, Entity, Mapped, PrimaryColumn, PrimaryGeneratedColumn, sql
from takeo import functions as fn
from takeo.errors import DecodeError, InputError, MappingError, NotSupportedError, UniqueViolation
from takeo.types import Interval, as_dict

MONTH, DAY, SECOND = Interval(months=1), timedelta(days=1), timedelta(seconds=1)


@Entity("loans")
class Loan:
    id: Mapped[int] = PrimaryGeneratedColumn()
    term: Mapped[Interval | None] = Column(default=None)
    grace: Mapped[timedelta] = Column(default=timedelta(days=3))
    delays: Mapped[list[timedelta] | None] = Column(default=None)
    pauses: Mapped[list[Interval] | None] = Column(default=None)
    rounded: Mapped[timedelta | None] = Column("interval(0)", default=None)


@Entity("steps")
class Step:
    after: Mapped[timedelta] = PrimaryColumn()
    note: Mapped[str] = Column(default="")


@pytest.fixture
def source(new_url: Callable[[], str]) -> Iterator[DataSource]:
    with DataSource(new_url(), entities=[Loan, Step]) as db:
        db.synchronize()
        yield db


# ---- the class ---------------------------------------------------------------------------------------------


def test_an_interval_keeps_its_parts_apart() -> None:
    value = Interval(months=-14, days=3, microseconds=-1)
    assert (value.months, value.days, value.microseconds) == (-14, 3, -1)
    assert repr(value) == "Interval(months=-14, days=3, microseconds=-1)" and eval(repr(value)) == value
    assert repr(Interval()) == "Interval()" and not Interval() and Interval(days=-1)
    assert value == Interval(-14, 3, -1) and hash(value) == hash(Interval(-14, 3, -1)) and value != (-14, 3, -1)
    assert MONTH != Interval(days=30) and Interval(days=1) != Interval(microseconds=86_400_000_000)
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


def test_an_interval_never_changes() -> None:
    for change in (lambda: setattr(MONTH, "months", 2), lambda: setattr(MONTH, "weeks", 2), lambda: delattr(MONTH, "days")):
        with pytest.raises(AttributeError, match="cannot be changed"):
            change()
    assert MONTH == Interval(months=1) and not hasattr(MONTH, "__dict__")
    with pytest.raises(TypeError):
        MONTH < Interval(months=2)  # type: ignore[operator]  # noqa: B015
    with pytest.raises(TypeError, match="no subclasses"):
        type("Mine", (Interval,), {})


@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ({"months": 2**31}, "RANGE", "months"), ({"days": -(2**31) - 1}, "RANGE", "days"), ({"microseconds": 2**63}, "RANGE", "microseconds"),
        ({"months": 1.0}, "TYPE", "months"), ({"days": True}, "TYPE", "days"), ({"microseconds": "1"}, "TYPE", "microseconds"),
    ],
)  # fmt: skip
def test_parts_outside_of_their_limits_are_refused(parts: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as e:
        Interval(**parts)
    assert e.value.code == f"TAKEO.INPUT.{code}" and "int from" in str(e.value.expected) and e.value.got


@pytest.mark.parametrize(
    ("lapse", "interval"),
    [
        (timedelta(), Interval()), (timedelta(microseconds=-1), Interval(microseconds=-1)), (timedelta(hours=-36), Interval(days=-1, microseconds=-43_200_000_000)),
        (timedelta(hours=36), Interval(days=1, microseconds=43_200_000_000)), (timedelta.min, Interval(days=-999_999_999)),
        (timedelta.max, Interval(days=999_999_999, microseconds=86_399_999_999)),
    ],
)  # fmt: skip
def test_a_timedelta_is_an_interval_and_back(lapse: timedelta, interval: Interval) -> None:
    """B44"""
    assert Interval.from_timedelta(lapse) == interval
    assert interval.to_timedelta() == lapse


def test_an_interval_that_is_no_timedelta_says_why() -> None:
    """B42"""
    with pytest.raises(InputError, match="with months") as e:
        MONTH.to_timedelta()
    assert e.value.got == "Interval(months=1)" and e.value.hint and e.value.why
    for days in (-(2**31), 2**31 - 1, 1_000_000_000):
        with pytest.raises(InputError, match="longer than a timedelta"):
            Interval(days=days).to_timedelta()
    assert Interval(days=1, microseconds=-2).to_timedelta() == DAY - timedelta(microseconds=2)


# ---- columns -----------------------------------------------------------------------------------------------


def test_each_column_takes_both_classes_and_holds_its_own(source: DataSource) -> None:
    """TYP-03"""
    loans = source.repository(Loan)
    made = loans.insert(Loan(term=timedelta(hours=36), grace=Interval(days=1, microseconds=-1), delays=[Interval(days=1)], pauses=[DAY, MONTH]))  # type: ignore[arg-type,list-item]
    found = loans.get_or_fail(made.id)
    for loan in (made, found):
        assert (loan.term, loan.grace) == (Interval(days=1, microseconds=43_200_000_000), DAY - timedelta(microseconds=1))
        assert (type(loan.term), type(loan.grace)) == (Interval, timedelta)
    assert (found.delays, found.pauses) == ([DAY], [Interval(days=1), MONTH])
    assert (type(found.delays[0]), type(found.pauses[0])) == (timedelta, Interval)  # type: ignore[index]
    assert loans.insert(Loan()).grace == timedelta(days=3) and as_dict(found)["term"] == found.term


class Late(timedelta):
    pass


def test_a_subclass_of_timedelta_is_one(source: DataSource) -> None:
    loans = source.repository(Loan)
    made = loans.insert(Loan(grace=Late(1, 2, 3)))
    assert loans.get_or_fail(made.id).grace == timedelta(1, 2, 3)


def test_changes_are_seen(source: DataSource) -> None:
    loans = source.repository(Loan)
    made = loans.insert(Loan(term=MONTH, delays=[DAY]))
    loan = loans.get_or_fail(made.id)
    loan.term, loan.delays = Interval(months=2), [DAY, SECOND]
    loans.save(loan)
    assert (loans.get_or_fail(made.id).term, loans.get_or_fail(made.id).delays) == (Interval(months=2), [DAY, SECOND])
    assert loan.delays is not None
    loan.delays.append(DAY)
    source.sql("update loans set term = null").run()
    loans.save(loan)
    found = loans.get_or_fail(made.id)
    assert (found.term, found.delays) == (None, [DAY, SECOND, DAY])  # what had not changed was not sent


def test_comparing_counts_a_month_as_30_days_and_a_day_as_24_hours(source: DataSource) -> None:
    """As PostgreSQL does; SQLite, which has texts, does the same."""
    loans = source.repository(Loan)
    terms = [Interval(-1), Interval(microseconds=-1), Interval(microseconds=9 * 3600 * 10**6), Interval(microseconds=24 * 3600 * 10**6), MONTH, Interval(days=31)]
    loans.insert([Loan(term=term, grace=timedelta(seconds=n)) for n, term in enumerate([*reversed(terms), Interval(days=1), Interval(days=30)])])
    in_order = [loan.term for loan in loans.find(order_by=[Loan.term, Loan.grace])]
    assert in_order == [*terms[:4], Interval(days=1), MONTH, Interval(days=30), terms[5]]
    assert loans.count(Loan.term == Interval(days=30)) == 2 and loans.count(Loan.term == DAY) == 2
    assert loans.count(Loan.term != MONTH) == 6 and loans.count(Loan.term.in_([DAY, MONTH])) == 4
    assert loans.count(Loan.term > timedelta(hours=10)) == 5 and loans.count(Loan.term.between(timedelta(), DAY)) == 3
    assert loans.count(Loan.grace < SECOND) == 1 and loans.max(Loan.grace) == timedelta(seconds=7)
    assert loans.max(Loan.term) == Interval(days=31) and loans.min(Loan.term) == Interval(-1)
    assert len(source.query(Loan.term).distinct().list()) == 6


def test_keys_upserts_and_batches(source: DataSource) -> None:
    steps = source.repository(Step)
    lapses = [timedelta(microseconds=n * 10**10 - 1) for n in range(60)]  # enough for the server's way for bulk
    steps.insert([Step(after=lapse) for lapse in lapses])
    told = steps.upsert([Step(after=lapse, note="again") for lapse in [*lapses, -DAY]], on=[Step.after])
    assert (len(told.inserted), len(told.updated)) == (1, 60)
    found = steps.find(order_by=Step.after)
    assert [one.after for one in found] == [-DAY, *lapses] and {one.note for one in found} == {"again"}
    assert steps.get_or_fail(lapses[7]).after == lapses[7]
    assert steps.update(Step.after == lapses[7], after=-SECOND) == 1 and steps.get(-SECOND) is not None
    steps.remove(steps.find(Step.after > timedelta()))
    assert steps.count() == 3


def test_a_duration_is_unique_however_it_was_given(source: DataSource) -> None:
    """Also on SQLite, to which values are the same when their texts are."""
    steps = source.repository(Step)
    steps.insert([Step(after=DAY), Step(after=-SECOND)])
    hours, back = Interval(microseconds=24 * 3600 * 10**6), Interval(0, -1, 86_399 * 10**6)
    assert (hours.to_timedelta(), back.to_timedelta()) == (DAY, -SECOND)
    for after in (hours, back):
        with pytest.raises(UniqueViolation):
            steps.insert(Step(after=after))  # type: ignore[arg-type]
        told = steps.upsert(Step(after=after, note="again"), on=[Step.after])  # type: ignore[arg-type]
        assert len(told.updated) == 1 and steps.get_or_fail(after).note == "again"
    assert steps.count() == 2


def test_synchronize_finds_its_own_columns(source: DataSource, database: str) -> None:
    kinds = [(column.name, column.type) for column in source.model(Loan).columns]
    assert kinds[1:] == [("term", "interval"), ("grace", "interval"), ("delays", "array"), ("pauses", "array"), ("rounded", "interval")]
    assert source.synchronize() == []
    if database == "postgresql":
        query = "select data_type, datetime_precision from information_schema.columns where table_schema = current_schema() and table_name = 'loans' and column_name = {name}"
        for name, precision in (("term", 6), ("grace", 6), ("rounded", 0)):
            assert source.sql(query, name=name).first() == ("interval", precision)


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "code", "words"),
    [
        ("grace", MONTH, "RANGE", "P1M has months"), ("grace", Interval(-1, 31), "RANGE", "has months"), ("term", 5, "TYPE", "not interval"),
        ("term", "P1M", "TYPE", "not interval"), ("grace", 1.5, "TYPE", "not interval"), ("rounded", timedelta(milliseconds=1), "PRECISION", "digits of a second"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(source: DataSource, field: str, value: Any, code: str, words: str) -> None:
    loans = source.repository(Loan)
    member = getattr(Loan, field)
    for fails in (lambda: loans.insert(Loan(**{field: value})), lambda: loans.insert([Loan(), Loan(**{field: value})]), lambda: loans.count(member == value)):
        with pytest.raises(InputError, match=words) as e:
            fails()
        assert (e.value.code, e.value.entity, e.value.field) == (f"TAKEO.INPUT.{code}", "Loan", field)
        assert e.value.expected and e.value.got
    assert loans.count() == 0


def test_months_in_an_array_of_timedelta_are_refused(source: DataSource) -> None:
    with pytest.raises(InputError, match="element 2.*has months") as e:
        source.repository(Loan).insert(Loan(delays=[DAY, MONTH]))  # type: ignore[list-item]
    assert (e.value.field, e.value.why) == ("delays", "a month is no number of days")


@pytest.mark.parametrize(("stored", "why"), [("P1M", "a month is no number of days"), ("P-1000000000D", None)])
def test_stored_values_that_are_no_timedelta_name_row_and_column(source: DataSource, stored: str, why: str | None) -> None:
    loans = source.repository(Loan)
    loans.insert([Loan(), Loan(), Loan()])
    source.sql("update loans set grace = {stored} where id = 2", stored=stored).run()
    for read in (lambda: loans.find(order_by=Loan.id), lambda: loans.find(order_by=Loan.id), lambda: source.query(Loan.grace).order_by(Loan.id).list()):
        with pytest.raises(DecodeError, match="no timedelta") as e:
            read()
        assert (e.value.entity, e.value.field, e.value.object) == ("Loan", "grace", 2)
        assert (e.value.got, e.value.why) == (stored, why) and "Interval" in (e.value.hint or "")
    source.sql("update loans set grace = 'P1D'").run()
    assert [loan.grace for loan in loans.find()] == [DAY] * 3


@pytest.mark.sqlite("a server's column holds nothing else")
def test_texts_of_other_tools_are_read_when_they_are_intervals(source: DataSource) -> None:
    loans = source.repository(Loan)
    loans.insert(Loan())
    source.sql("update loans set term = 'P2W', grace = 'PT90M'").run()
    (loan,) = loans.find()
    assert (loan.term, loan.grace) == (Interval(days=14), timedelta(minutes=90))
    source.sql("update loans set term = '1 month'").run()
    with pytest.raises(DecodeError) as e:
        loans.find()
    assert (e.value.field, e.value.got) == ("term", "a text: 1 month")


def test_relaxed_sources_take_texts(new_url: Callable[[], str]) -> None:
    with DataSource(new_url(), entities=[Loan], coerce="text") as db:
        db.synchronize()
        loans = db.repository(Loan)
        loan = loans.insert(Loan(term="P1Y2M3DT4H", grace="PT1.5S"))  # type: ignore[arg-type]
        assert (loan.term, loan.grace) == (Interval(14, 3, 4 * 3600 * 10**6), timedelta(seconds=1.5))
        with pytest.raises(InputError, match="has months"):
            loans.insert(Loan(grace="P1M"))  # type: ignore[arg-type]


# ---- expressions and SQL by hand ---------------------------------------------------------------------------


def test_expressions_are_intervals(source: DataSource) -> None:
    source.repository(Loan).insert(Loan())
    for of_timedelta in (lambda: fn.cast(Loan.grace, timedelta), lambda: sql("x").typed(timedelta), lambda: fn.call("f", returns=timedelta)):
        with pytest.raises(MappingError, match="only a column") as e:
            of_timedelta()
        assert "Interval" in (e.value.hint or "")
    assert source.query(sql("{x}", x=Loan.grace).typed(Interval)).scalar() == Interval(days=3)
    for as_column in (fn.coalesce(Loan.grace, DAY), fn.max(Loan.grace), fn.greatest(Loan.grace, DAY)):
        value = source.query(as_column).scalar()
        assert value == timedelta(days=3) and type(value) is timedelta


@pytest.mark.sqlite("which calculates with numbers alone")
def test_sqlite_adds_no_intervals(source: DataSource) -> None:
    for function in (fn.sum, fn.avg):
        with pytest.raises(NotSupportedError, match="of intervals"):
            source.query(function(Loan.grace)).scalar()  # type: ignore[type-var]


@pytest.mark.postgresql("types of its server")
@pytest.mark.parametrize("style", ["iso_8601", "postgres"])
def test_sql_by_hand_reads_and_takes_intervals(source: DataSource, style: str) -> None:
    """A first run comes as text, the next one in binary form."""
    value = Interval(-14, 3, -3_723_000_001)
    with source.transaction():
        source.sql(f"set local intervalstyle = {style}").run()  # type: ignore[arg-type]
        query = source.sql("select interval '-14 months 3 days -01:02:03.000001', array[interval '1 month', null]")
        for _ in range(3):
            assert query.first() == (value, [MONTH, None])
        for given, told in ((value, value), (timedelta(hours=-36), Interval(days=-1, microseconds=-43_200_000_000))):
            for _ in range(3):
                assert source.sql("select {x}::interval, {y}::timestamptz + {x}", x=given, y=datetime(2024, 5, 1, tzinfo=timezone.utc)).first()[0] == told  # type: ignore[index]


@pytest.mark.postgresql("types of its server")
def test_the_server_adds_intervals(source: DataSource) -> None:
    source.repository(Loan).insert([Loan(term=MONTH), Loan(term=Interval(days=40))])
    assert source.query(fn.sum(Loan.term)).scalar() == Interval(months=1, days=40)  # type: ignore[type-var]
    assert source.query(fn.sum(Loan.grace)).scalar() == timedelta(days=6)  # type: ignore[type-var]
    assert source.query(fn.avg(Loan.term)).scalar() == Interval(days=35)  # type: ignore[call-overload]
    assert source.repository(Loan).avg(Loan.grace, Loan.id > 0) == DAY * 3
