"""Synchronize: by many at once, and what it says of times that keep fewer digits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timezone
from threading import Barrier, Thread
from typing import Any

import pytest

from takeo import Column, DataSource, Entity, ManyToOne, Mapped, PrimaryGeneratedColumn, Rel, errors
from takeo.types import Timestamp

LOCK = 499850634607  # as docs/postgresql.md says


@Entity("sync_shelves")
class Shelf:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(unique=True)
    room: Mapped[int] = Column(default=0)


@Entity("sync_books")
class Book:
    id: Mapped[int] = PrimaryGeneratedColumn()
    title: Mapped[str] = Column(index=True)
    shelf: Rel[Shelf] = ManyToOne(Shelf)


@Entity("sync_times")
class Times:
    id: Mapped[int] = PrimaryGeneratedColumn()
    millis: Mapped[datetime | None] = Column("timestamptz(3)", default=None)
    whole: Mapped[datetime | None] = Column("timestamp(0)", default=None)
    tenths: Mapped[time | None] = Column("time(1)", default=None)
    named: Mapped[datetime | None] = Column(Timestamp, precision=0, default=None)
    all: Mapped[datetime | None] = Column("timestamptz(6)", default=None)


# ---- many at once ---------------------------------------------------------------------------------------


def at_once(work: Callable[[], Any], count: int = 6) -> list[Any]:
    """What each of several threads gave, or raised."""
    barrier, results = Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def shared(shared_url: str) -> str:
    return shared_url


def test_many_synchronize_an_empty_database(shared: str) -> None:
    def work() -> list[str]:
        with DataSource(shared, entities=[Shelf, Book, Times]) as db:
            return db.synchronize()

    results = at_once(work)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sorted(map(bool, results)) == [False] * 5 + [True]  # one made all, the others found it


@pytest.mark.postgresql("isolation levels of a server")
@pytest.mark.parametrize("level", ["repeatable\\ read", "serializable"])
def test_what_others_made_meanwhile_is_seen_at_any_level(shared: str, level: str) -> None:
    url = shared.replace("options=", f"options=-cdefault_transaction_isolation%3D{level.replace(chr(92), '%5C').replace(' ', '%20')}%20")

    def work() -> list[str]:
        with DataSource(url, entities=[Shelf, Book, Times]) as db:
            assert db.sql("show default_transaction_isolation").scalar() == level.replace("\\", "")
            return db.synchronize()

    results = at_once(work)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sorted(map(bool, results)) == [False] * 5 + [True]


@pytest.mark.postgresql("locks of a server")
def test_the_lock_is_the_documented_one(shared: str) -> None:
    with DataSource(shared, entities=[Shelf]) as holder, DataSource(shared, entities=[Shelf], statement_timeout=0.2) as db:
        with holder.transaction():
            holder.sql("select pg_advisory_xact_lock({key})", key=LOCK).run()
            assert db.synchronize(plan=True) != []  # a plan waits for nobody
            with pytest.raises(errors.StatementTimeout):
                db.synchronize()
        assert db.synchronize() != []


# ---- digits of a second ---------------------------------------------------------------------------------


@pytest.fixture
def db(new_url: Any) -> Any:
    with DataSource(new_url(), entities=[Times]) as source:
        source.synchronize()
        yield source


@pytest.mark.postgresql("types of a server")
def test_digits_of_a_second_stand_in_the_type(db: DataSource) -> None:
    found = db.sql(
        "select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'sync_times'::regclass and attnum > 1 order by attnum"
    ).scalars()
    assert found == [
        "millis timestamp(3) with time zone", "whole timestamp(0) without time zone", "tenths time(1) without time zone",
        "named timestamp(0) without time zone", "all timestamp(6) with time zone",
    ]  # fmt: skip
    assert db.synchronize() == []


@pytest.mark.postgresql("types of a server")
@pytest.mark.parametrize("there", ["timestamptz", "timestamptz(2)", "timestamp(3)"])
def test_other_digits_are_a_difference(db: DataSource, there: str) -> None:
    db.sql(f"alter table sync_times alter millis type {there}").run()
    with pytest.raises(errors.MappingError, match="millis: it has another type") as caught:
        db.synchronize()
    assert caught.value.expected == "timestamptz(3)"


def test_digits_that_the_column_does_not_keep_are_refused(db: DataSource) -> None:
    times = db.repository(Times)
    moment = datetime(2024, 5, 1, 12, 30, 15, 123000, timezone.utc)
    made = times.insert(Times(millis=moment, whole=datetime(2024, 5, 1, 12), tenths=time(1, 2, 3, 400000), all=moment))
    found = times.get_or_fail(made.id)
    assert (found.millis, found.whole, found.tenths, found.all) == (made.millis, made.whole, made.tenths, made.all)
    for field, value, digits in [
        ("millis", moment.replace(microsecond=123400), 3),
        ("whole", datetime(2024, 5, 1, 12, 0, 0, 1), 0),
        ("tenths", time(1, 2, 3, 450000), 1),
        ("named", datetime(2024, 5, 1, 12, 0, 0, 500000), 0),
    ]:
        with pytest.raises(errors.InputError, match=f"which keeps {digits}") as caught:
            times.insert(Times(**{field: value}))
        assert (caught.value.entity, caught.value.field) == ("Times", field)
        with pytest.raises(errors.InputError):
            times.count(getattr(Times, field) == value)
    assert times.count() == 1


def test_digits_are_rounded_where_that_is_allowed(new_url: Any) -> None:
    with DataSource(new_url(), entities=[Times], coerce="lossy") as db:
        db.synchronize()
        times = db.repository(Times)
        made = times.insert(Times(millis=datetime(2024, 5, 1, 0, 0, 0, 1500, timezone.utc), whole=datetime(2024, 5, 1, 0, 0, 1, 500000)))
        found = times.get_or_fail(made.id)
        assert (found.millis, found.whole) == (datetime(2024, 5, 1, 0, 0, 0, 2000, timezone.utc), datetime(2024, 5, 1, 0, 0, 2))
        assert times.count(Times.whole == datetime(2024, 5, 1, 0, 0, 2, 400000)) == 1


# ---- schemas --------------------------------------------------------------------------------------------


@Entity("sync_loans", schema="takeo_library")
class Loan:
    """Of one schema, whatever the data source says."""

    id: Mapped[int] = PrimaryGeneratedColumn()
    title: Mapped[str] = Column(unique=True)
    days: Mapped[int] = Column(default=0)


@pytest.mark.postgresql("schemas of a server")
def test_ds_05_one_class_in_several_schemas(shared: str) -> None:
    own = shared.rpartition("=")[2]
    tenants = [f"{own}_a", f"{own}_b"]
    sources = [DataSource(shared, entities=[Shelf, Book], schema=name) for name in tenants]
    try:
        for number, db in enumerate(sources):
            assert any(f'create table "{tenants[number]}"."sync_shelves"' in text for text in db.synchronize())
            assert db.synchronize() == []
            shelves = [Shelf(name=f"{number} {n}") for n in range(30)]
            db.save(shelves)
            done = db.repository(Shelf).upsert(
                [Shelf(name=f"{number} {n}") for n in range(20, 40)], on=[Shelf.name], update=[Shelf.room]
            )
            assert [len(done.inserted), len(done.updated)] == [10, 10]
            done = db.repository(Shelf).upsert(Shelf(name=f"{number} 0"), on=[Shelf.name], update=[Shelf.room])
            assert len(done.updated) == 1
            db.save(Book(title="x", shelf=shelves[0]))
            with pytest.raises(errors.UniqueViolation) as caught:
                db.save(Shelf(name=f"{number} 1"))
            assert caught.value.field == "name" and caught.value.diag.schema_name == tenants[number]
        for number, db in enumerate(sources):
            assert {shelf.name[0] for shelf in db.repository(Shelf).find()} == {str(number)}
            assert db.repository(Shelf).count() == 40
    finally:
        for name, db in zip(tenants, sources):
            db.sql(f"drop schema {name} cascade").run()
            db.close()


@pytest.mark.postgresql("schemas of a server")
def test_ds_05_ent_02_an_entity_with_a_schema_of_its_own(shared: str) -> None:
    with DataSource(shared, entities=[Shelf, Loan]) as db:
        db.sql("drop schema if exists takeo_library cascade").run()
        try:
            assert db.synchronize() != [] and db.synchronize() == []
            db.save([Shelf(name="s"), *(Loan(title=f"{n}") for n in range(40))])
            loans = [Loan(title=f"{n}", days=n) for n in range(30, 60)]
            done = db.repository(Loan).upsert(loans, on=[Loan.title])
            assert [len(done.inserted), len(done.updated)] == [20, 10]
            assert db.sql("select count(*) from takeo_library.sync_loans").scalar() == 60
        finally:
            db.sql("drop schema takeo_library cascade").run()


# ---- comments -------------------------------------------------------------------------------------------


@Entity("sync_notes", comment="what's \"said\"; -- and \\n kept")
class Note:
    id: Mapped[int] = PrimaryGeneratedColumn()
    text: Mapped[str] = Column(comment="the note's own words")
    shelf: Rel[Shelf] = ManyToOne(Shelf)


def test_ent_04_col_13_comments(shared: str) -> None:
    with DataSource(shared, entities=[Note, Shelf]) as db:
        plan = db.synchronize(plan=True)
        assert len(db.synchronize()) == len(plan)
        assert db.synchronize() == []
        if shared.startswith("sqlite"):  # has no comments
            assert not [text for text in plan if "comment" in text]
            return
        found = db.sql(
            "select coalesce(a.attname, ''), d.description from pg_description d "
            "left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0 "
            "where d.objoid = 'sync_notes'::regclass order by 1"
        ).tuples()
        assert found == [("", "what's \"said\"; -- and \\n kept"), ("text", "the note's own words")]
