"""Transactions: blocks, savepoints, functions, repetition, and what happens after their end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import models
from models import City, Country
from takeo import DataSource, Repository, TakeoError, Transaction
from takeo.errors import Busy, ConfigError, LockTimeout, ReadOnly, SerializationFailure, TransactionClosed, UniqueViolation


def country(code: str) -> Country:
    return Country(code=code, name=code)


def test_tx_01_commit_and_rollback(db: DataSource) -> None:
    countries = db.repository(Country)
    with db.transaction() as tx:
        assert isinstance(tx, Transaction)
        tx.repository(Country).save(country("AA"))
        countries.save(country("BB"))  # the outer source uses the bound transaction
        assert tx.status == "active"
    assert (countries.count(), tx.status) == (2, "committed")
    with pytest.raises(ZeroDivisionError), db.transaction() as tx:
        countries.save(country("CC"))
        1 / 0  # noqa: B018
    assert (countries.count(), tx.status) == (2, "rolled_back")


def test_tx_03_nested_is_a_savepoint(db: DataSource) -> None:
    countries = db.repository(Country)
    with db.transaction() as outer:
        countries.save(country("AA"))
        with pytest.raises(ValueError, match="x"), db.transaction():
            countries.save(country("BB"))
            raise ValueError("x")
        assert countries.count() == 1
        with outer.savepoint() as inner:
            inner.repository(Country).save(country("CC"))
        with pytest.raises(UniqueViolation), db.transaction():
            countries.save(country("AA"))
        assert countries.count() == 2
    assert {c.code for c in countries.find()} == {"AA", "CC"}


def test_tx_04_rollback_ends_the_block_quietly(db: DataSource) -> None:
    with db.transaction() as tx:
        tx.save(country("AA"))
        tx.rollback()
        with pytest.raises(TransactionClosed):
            tx.rollback()
    assert db.repository(Country).count() == 0


def test_tx_05_after_the_block(db: DataSource) -> None:
    with db.transaction() as tx:
        countries = tx.repository(Country)
        query = countries.query()
    for use in (
        lambda: countries.count(),
        lambda: countries.get("AA"),
        lambda: query.list(),
        lambda: tx.save(country("AA")),
        lambda: tx.sql("select 1").scalar(),
        lambda: tx.rollback(),
        lambda: tx.after_commit(print),
    ):
        with pytest.raises(TransactionClosed):
            use()
    with db.transaction() as outer:
        with db.transaction() as inner:
            countries = inner.repository(Country)
        with pytest.raises(TransactionClosed):
            countries.count()
        assert outer.repository(Country).count() == 0


def test_tx_07_callbacks(db: DataSource) -> None:
    said: list[str] = []
    with db.transaction() as tx:
        tx.after_commit(lambda: said.append("commit"))
        tx.after_rollback(lambda: said.append("rollback"))
        with db.transaction() as inner:
            inner.after_commit(lambda: said.append("inner"))
        assert said == []
    assert said == ["commit", "inner"]
    with pytest.raises(ValueError), db.transaction() as tx:  # noqa: PT011
        tx.after_commit(lambda: said.append("no"))
        tx.after_rollback(lambda: said.append("rollback"))
        raise ValueError
    assert said == ["commit", "inner", "rollback"]


def test_tx_08_decorator_and_run(db: DataSource) -> None:
    @db.transaction()
    def add(code: str, *, fail: bool = False) -> str:
        "Adds."
        db.save(country(code))
        if fail:
            raise ValueError
        return code

    assert add("AA") == "AA" and add.__doc__ == "Adds."
    with pytest.raises(ValueError):  # noqa: PT011
        add("BB", fail=True)
    assert db.transaction().run(add, "CC") == "CC"
    assert db.repository(Country).count() == 2
    with pytest.raises(ConfigError, match="cannot be repeated"), db.transaction(retry=3):
        pass


@pytest.fixture
def impatient(database: str, shared_url: str) -> str:
    """A database that waits 10 ms for a lock."""
    if database == "sqlite":
        return f"{shared_url}?timeout=0.01"
    return shared_url.replace("options=", "options=-clock_timeout%3D10%20")


def rename(db: DataSource, name: str) -> None:
    db.sql("update countries set name = {name} where code = 'AA'", name=name).run()


def test_tx_08_retry_repeats_the_whole_function(impatient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with DataSource(impatient, entities=models.ALL) as a, DataSource(impatient, entities=models.ALL) as b:
        a.synchronize()
        a.save(country("AA"))
        holder = a.transaction()
        holder.__enter__()
        rename(a, "a")
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                holder.__exit__(None, None, None)

        monkeypatch.setattr("takeo.transaction._sleep", pause)

        @b.transaction(retry=5)
        def work(code: str) -> str:
            b.save(country(code))
            rename(b, code)
            return code

        assert work("BB") == "BB"
        assert len(pauses) == 2 and all(0 < p < 1 for p in pauses)
        assert {(c.code, c.name) for c in b.repository(Country).find()} == {("AA", "BB"), ("BB", "BB")}


@pytest.mark.postgresql("SQLite has one writer at a time, so nothing is found out at the end")
def test_tx_08_what_cannot_be_serialized_is_repeated(shared_url: str) -> None:
    with DataSource(shared_url, entities=models.ALL) as a, DataSource(shared_url, entities=models.ALL) as b:
        a.synchronize()
        a.save(country("AA"))
        calls: list[str] = []

        def work() -> None:
            calls.append(b.get(Country, "AA").name)
            if len(calls) == 1:
                rename(a, "a")
            rename(b, "b")

        with pytest.raises(SerializationFailure) as e:
            b.transaction(isolation="repeatable read").run(work)
        assert e.value.retryable and calls == ["AA"]
        calls.clear()
        b.transaction(isolation="repeatable read", retry=3).run(work)
        assert calls == ["a", "a"] and a.get(Country, "AA").name == "b"


def test_a_single_savepoint_is_never_repeated(db: DataSource) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise Busy("again", record={"status": -54, "flags": 1})

    with pytest.raises(Busy), db.transaction():
        db.transaction(retry=3).run(work)
    assert len(calls) == 1


def test_retry_gives_up(database: str, impatient: str) -> None:
    with DataSource(impatient, entities=models.ALL) as a, DataSource(impatient, entities=models.ALL) as b:
        a.synchronize()
        a.save(country("AA"))
        with a.transaction():
            rename(a, "a")
            with pytest.raises(Busy if database == "sqlite" else LockTimeout) as e:
                b.transaction(retry=1).run(lambda: rename(b, "b"))
            assert e.value.retryable


def test_tx_08_other_failures_are_not_repeated(db: DataSource) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        db.transaction(retry=5).run(work)
    assert len(calls) == 1


def test_tx_02_isolation_and_read_only(db: DataSource) -> None:
    with pytest.raises(ConfigError, match="isolation='strict'"):
        db.transaction(isolation="strict")
    with db.transaction(isolation="serializable"):
        db.save(country("AA"))
    with pytest.raises(ReadOnly), db.transaction(read_only=True):
        db.save(country("BB"))
    assert db.repository(Country).count() == 1
    for wrong in (-1, True, "x"):
        with pytest.raises(ConfigError):
            db.transaction(retry=wrong)


@pytest.mark.sqlite("elsewhere a failed statement ends the transaction")
def test_a_failed_statement_leaves_the_transaction_usable(db: DataSource) -> None:
    with db.transaction():
        db.save(country("AA"))
        with pytest.raises(UniqueViolation):
            db.save(country("AA"))
        db.save(country("BB"))
    assert db.repository(Country).count() == 2


@pytest.mark.postgresql("elsewhere a failed statement leaves the transaction usable")
def test_a_failed_statement_ends_the_transaction(db: DataSource) -> None:
    with db.transaction() as tx:
        db.save(country("AA"))
        with pytest.raises(UniqueViolation):
            db.save(country("AA"))
        for use in (lambda: db.save(country("BB")), lambda: db.get(Country, "AA"), lambda: db.sql("select 1").scalar()):
            with pytest.raises(TransactionClosed, match="has failed"):
                use()
        tx.rollback()
    assert db.repository(Country).count() == 0
    with pytest.raises(TakeoError), db.transaction():  # and no end of the block can keep what it did
        db.save(country("AA"))
        with pytest.raises(UniqueViolation):
            db.save(country("AA"))
    assert db.repository(Country).count() == 0
    with db.transaction():
        db.save(country("AA"))
        with pytest.raises(UniqueViolation), db.transaction():  # a savepoint keeps the rest
            db.save(country("AA"))
        db.save(country("BB"))
    assert db.repository(Country).count() == 2


def test_f44_failure_at_commit_rolls_back(database: str, db: DataSource) -> None:
    later = {
        "sqlite": "pragma defer_foreign_keys = on",
        "postgresql": "alter table cities alter constraint fk_cities_country deferrable initially deferred",
    }
    with pytest.raises(TakeoError), db.transaction():
        db.sql(later[database]).run()
        db.sql("insert into cities (name, area, status, tags, meta, country_code) "
               "values ('x', 0, 'active', '[]', '{{}}', 'ZZ')").run()
    assert db.repository(City).count() == 0
    db.save(country("AA"))


def test_threads_do_not_share_a_transaction(db: DataSource) -> None:
    seen: list[Any] = []

    def other() -> None:
        try:
            seen.append(db.repository(Country).count())
        except TakeoError as e:
            seen.append(e)

    with db.transaction():
        db.save(country("AA"))
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [1]


def test_f53_many_threads_one_connection(db: DataSource) -> None:
    def work(number: int) -> None:
        for index in range(10):
            with db.transaction():
                db.repository(Country).save(country(f"{number}{index}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.repository(Country).count() == 40


def test_repo_02_the_same_verbs_on_source_and_transaction(db: DataSource) -> None:
    class Countries(Repository[Country]):
        pass

    with db.transaction() as tx:
        tx.save(country("AA"))
        assert tx.get(Country, "AA").code == "AA"
        assert tx.query(Country).count() == 1
        assert isinstance(tx.repository(Countries), Countries)
        assert tx.sql("select code from countries").scalars() == ["AA"]
        found = tx.get(Country, "AA")
        tx.load(found, Country.cities)
        tx.reload(found)
        tx.remove(found)
    assert db.repository(Country).count() == 0
