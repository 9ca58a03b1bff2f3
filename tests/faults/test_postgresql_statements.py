"""Statements on PostgreSQL that vanish, collide, take too long or are stopped too late: F29, F31 to F36.

Which failure has which code stands in tests/driver; here it is what the package makes of it: what is repeated and what is
not, whose object it was, and that the connection is of use afterwards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Town, at_once
from proxy import Proxy
from takeo import DataSource, errors

Open = Callable[..., DataSource]


def pid_of(db: DataSource) -> int:
    return db.sql("select pg_backend_pid()").scalar()  # type: ignore[no-any-return]


# ---- many in one flight


@pytest.mark.parametrize("count", [3, 40])
def test_f29_the_failure_in_the_middle_is_that_objects_own(open_source: Open, control: DataSource, count: int) -> None:
    """F29: at every place; nothing of the call stays, and the next one is well."""
    db = open_source(pool_size=1)
    db.save(Town(name="taken"))
    pid = pid_of(db)
    for bad in range(0, count, 1 if count < 10 else 7):
        towns = [Town(name=f"{number}") for number in range(count)]
        db.save(towns)  # changed then: each by an UPDATE of its own
        for number, town in enumerate(towns):
            town.name = "taken" if number == bad else f"new {number}"
        with pytest.raises(errors.UniqueViolation) as failure:
            db.save(towns)
        assert failure.value.outcome == "rolled_back" and failure.value.field == "name"
        assert control.repository(Town).count(Town.name.startswith("new")) == 0
        assert failure.value.object == bad + 1
        db.remove(towns)
    assert pid_of(db) == pid


# ---- statements and types that change


FORGETTING = ["discard all", "deallocate all", "discard plans"]


@pytest.mark.parametrize("words", FORGETTING)
def test_f31_a_statement_that_has_vanished_is_prepared_again(open_source: Open, words: str) -> None:
    """F31: outside of a transaction nobody sees it."""
    db = open_source(pool_size=1)
    for number in range(6):
        db.save(Town(name=f"{number}"))
        assert db.query(Town).where(Town.name == f"{number}").one().name == f"{number}"
        db.sql(words).run()
    assert db.repository(Town).count() == 6
    assert db.pool.stats().closed_broken == 0


def test_f31_inside_a_transaction_it_is_an_error_and_then_mended(open_source: Open) -> None:
    """F31: a transaction that has failed is not repeated; the next one is well."""
    db = open_source(pool_size=1)
    query = db.query(Town).where(Town.name == "x")
    assert query.list() == query.list() == []
    failed = 0
    for _ in range(3):
        try:
            with db.transaction():
                db.sql("deallocate all").run()
                assert query.list() == []
        except errors.DatabaseError as failure:
            failed += 1
            assert failure.sqlstate == "26000"
    assert 1 <= failed <= 2  # the statement, and `deallocate all` itself
    assert query.list() == []
    assert db.pool.stats().closed_broken == 0


@pytest.mark.parametrize("words", FORGETTING)
@pytest.mark.parametrize("count", [3, 200])
def test_f31_a_list_is_a_transaction_of_its_own_and_is_sent_again(open_source: Open, words: str, count: int) -> None:
    """F31: nothing of it has happened, so nobody sees it; also as a savepoint of somebody's transaction."""
    db = open_source(pool_size=1)
    towns = [Town(name=f"{number}") for number in range(count)]
    for turn in range(2):  # what the first turn has prepared is gone in the second
        db.sql(words).run()
        db.save(towns)
        for town in towns:
            town.size = turn + 1
        db.sql(words).run()
        db.save(towns)
        assert db.repository(Town).count(Town.size == turn + 1) == count
        db.sql(words).run()
        db.remove(towns)
        assert db.repository(Town).count() == 0
        towns = [Town(name=f"{number}") for number in range(count)]
    with db.transaction():
        db.sql("deallocate prepare all").run()  # other words: those above are prepared, and gone
        db.save(towns)
    assert db.repository(Town).count() == count
    assert [town.id for town in db.query(Town).order_by(Town.name).list()] == [
        town.id for town in sorted(towns, key=lambda town: town.name)]
    assert db.pool.stats().closed_broken == 0


def test_f32_a_table_that_has_changed_is_no_error(open_source: Open, control: DataSource) -> None:
    """F32: 0A000 after ALTER TABLE; also where the columns are not named."""
    db = open_source(pool_size=1)
    db.save(Town(name="x"))
    entity, star = db.query(Town), db.sql("select * from towns")
    for _ in range(3):
        assert [town.name for town in entity.list()] == ["x"]
        assert len(star.tuples()[0]) == 3
    control.sql("alter table towns add column more int default 7").run()
    try:
        assert [town.name for town in entity.list()] == ["x"]
        found = []
        for _ in range(2):  # it may be told once that there are other columns now
            try:
                found = star.dicts()
            except errors.DatabaseError as failure:
                assert failure.retryable or failure.hint or failure.why
        assert found == [{"id": 1, "name": "x", "size": 0, "more": 7}]
    finally:
        control.sql("alter table towns drop column more").run()
    assert [town.name for town in entity.list()] == ["x"]
    control.sql("alter table towns alter column size type bigint").run()
    try:
        assert [town.size for town in entity.list()] == [0]
    finally:
        control.sql("alter table towns alter column size type integer").run()
    assert [town.size for town in entity.list()] == [0]


def test_f33_a_type_that_was_made_again_is_read_as_it_is(open_source: Open, control: DataSource) -> None:
    """F33: another number of the type, more labels, another form; never the old layout."""
    db = open_source(pool_size=1)
    control.sql("create type mood as enum ('sad', 'ok')").run()
    control.sql("create table moods (m mood)").run()
    try:
        read = db.sql("select m from moods")
        control.sql("insert into moods values ('ok')").run()
        assert [read.scalar() for _ in range(3)] == ["ok"] * 3
        control.sql("alter type mood add value 'happy'").run()
        control.sql("update moods set m = 'happy'").run()
        assert [read.scalar() for _ in range(3)] == ["happy"] * 3
        for made, put, expected in (("integer", "77", 77), ("text", "'seven'", "seven"), ("float8", "0.5", 0.5)):
            control.sql("drop table moods").run()
            control.sql(f"create table moods (m {made})").run()
            control.sql(f"insert into moods values ({put})").run()
            with pytest.raises(errors.OperationalError) as failure:  # once, because a program may have looked at the type
                read.scalar()
            assert failure.value.code == "TAKEO.SERVER.SCHEMA"
            assert [read.scalar() for _ in range(3)] == [expected] * 3
    finally:
        control.sql("drop table moods").run()
        control.sql("drop type mood").run()


# ---- transactions that collide


def test_f34_a_deadlock_is_run_again_as_a_whole(open_source: Open) -> None:
    """F34: 40P01; both transactions have their effect once."""
    db = open_source()
    db.save([Town(name="a"), Town(name="b")])
    calls = {"ab": 0, "ba": 0}
    meet = threading.Barrier(2)

    def work(order: str) -> None:
        calls[order] += 1
        for place, name in enumerate(order):
            db.query(Town).where(Town.name == name).update(size=Town.size + 1)
            if place == 0 and calls[order] == 1:
                meet.wait(10)

    at_once(lambda: db.transaction(retry=5).run(work, "ab"), lambda: db.transaction(retry=5).run(work, "ba"))
    assert sum(calls.values()) >= 3  # one of them twice; it may meet the other once more, who has not ended yet
    assert db.query(Town.size).order_by(Town.id).scalars() == [2, 2]


def test_f34_a_deadlock_without_retry_is_told(open_source: Open) -> None:
    db = open_source()
    db.save([Town(name="a"), Town(name="b")])
    meet = threading.Barrier(2)
    told: list[errors.TakeoError] = []

    def work(order: str) -> None:
        try:
            with db.transaction():
                for place, name in enumerate(order):
                    db.query(Town).where(Town.name == name).update(size=Town.size + 1)
                    if place == 0:
                        meet.wait(10)
        except errors.DeadlockDetected as failure:
            told.append(failure)

    at_once(lambda: work("ab"), lambda: work("ba"))
    (failure,) = told
    assert failure.retryable and failure.sqlstate == "40P01" and failure.outcome == "rolled_back"
    assert db.query(Town.size).order_by(Town.id).scalars() == [1, 1]


def test_f34_what_cannot_be_serialized_is_run_again(open_source: Open) -> None:
    """F34: 40001, also when it is told at COMMIT; a savepoint is never repeated alone."""
    db = open_source()
    db.save([Town(name=f"{number}", size=1) for number in range(2)])
    calls = [0]
    meet = threading.Barrier(2)

    def work(name: str) -> None:  # write skew: each reads both and writes its own
        calls[0] += 1
        first = calls[0] <= 2
        with db.transaction():
            total = db.query(Town).list()
        if first:
            meet.wait(10)
        db.query(Town).where(Town.name == name).update(size=sum(town.size for town in total))

    at_once(*(
        lambda name=name: db.transaction(isolation="serializable", retry=10).run(work, name) for name in ("0", "1")
    ))
    assert calls[0] >= 3
    assert sorted(db.query(Town.size).scalars()) == [2, 3]  # as one after the other
    assert db.pool.stats().closed_broken == 0


# ---- time


def hold_lock(control: DataSource, seconds: float) -> threading.Thread:
    held = threading.Event()

    def hold() -> None:
        with control.transaction():
            control.query(Town).where(Town.name == "x").update(size=1)
            held.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    return thread


def test_f35_limits_of_time_are_told_apart(open_source: Open, control: DataSource) -> None:
    """F35: lock_timeout, statement_timeout of the server, our own, an admin's cancel: four failures, and the connection
    goes on."""
    control.save(Town(name="x"))
    db = open_source(pool_size=1, query={"options": "-clock_timeout%3D50ms%20-cstatement_timeout%3D300ms"})
    pid = pid_of(db)
    holder = hold_lock(control, 0.4)
    update = db.query(Town).where(Town.name == "x")
    with pytest.raises(errors.LockTimeout) as locked:
        update.update(size=2)
    assert locked.value.sqlstate == "55P03" and locked.value.retryable and locked.value.outcome == "rolled_back"
    with pytest.raises(errors.StatementTimeout) as late:
        db.sql("select pg_sleep(5)").scalar()
    assert late.value.sqlstate == "57014"
    with pytest.raises(errors.StatementTimeout) as own:
        db.sql("select pg_sleep(5)").timeout(0.1).scalar()
    assert own.value.sqlstate is None and "0.1" in own.value.message
    admin = threading.Timer(0.1, lambda: control.sql("select pg_cancel_backend({p})", p=pid).run())
    admin.start()
    with pytest.raises(errors.QueryCanceled) as canceled:
        db.sql("select pg_sleep(5)").scalar()
    assert type(canceled.value) is errors.QueryCanceled and canceled.value.sqlstate == "57014"
    admin.join()
    holder.join()
    assert pid_of(db) == pid
    assert update.update(size=3) == 1


def test_f35_an_aborted_transaction_takes_nothing_more(open_source: Open) -> None:
    """F35: after a failure nothing is sent in it (25P02 never comes to that); a savepoint keeps the rest."""
    db = open_source(pool_size=1)
    db.save(Town(name="x"))
    pid = pid_of(db)
    with pytest.raises(errors.TransactionClosed), db.transaction():
        with pytest.raises(errors.UniqueViolation):
            db.sql("insert into towns (name) values ('x')").run()
        db.repository(Town).count()
    with db.transaction():
        db.save(Town(name="kept"))
        with pytest.raises(errors.UniqueViolation), db.transaction():
            db.save(Town(name="x"))
        assert db.repository(Town).count() == 2
    assert db.repository(Town).count() == 2
    assert pid_of(db) == pid


def test_f35_a_transaction_that_idles_too_long_is_lost(open_source: Open) -> None:
    """F35: 25P03 closes the connection; what is done next in the block fails and stays nowhere, the pool goes on."""
    db = open_source(pool_size=1, query={"options": "-cidle_in_transaction_session_timeout%3D50ms"})
    assert db.repository(Town).count() == 0
    for work, outcome in (
        (lambda: db.save(Town(name="late")), "rolled_back"),
        (lambda: db.repository(Town).count(), "rolled_back"),
        (lambda: None, "rolled_back"),  # its COMMIT, which found nothing to commit
    ):
        with pytest.raises((errors.ConnectionLost, errors.TransactionClosed)) as failure, db.transaction():
            db.save(Town(name="early"))
            time.sleep(0.15)
            work()
        assert failure.value.outcome == outcome
        assert db.repository(Town).count() == 0
    assert db.pool.stats().size == 1


# ---- stopped too late


@pytest.mark.parametrize("rounds", [pytest.param(300, id="some"), pytest.param(10_000, id="many", marks=pytest.mark.slow)])
@pytest.mark.parametrize("delay", [0, 0.005], ids=["at-once", "delayed"])
def test_f36_a_late_cancel_never_hits_the_next_statement(
    open_source: Open, proxy: Proxy, delay: float, rounds: int
) -> None:
    """F36: timeouts about as long as the statements they are for, so that requests to stop come before, in and after
    their end; on the wire they may come later still.  What follows is never stopped."""
    db = open_source(proxy, pool_size=2)
    assert db.sql("select 1").scalar() == 1
    proxy.hold_first(delay)
    stopped = done = 0
    for number in range(rounds):
        try:
            db.sql("select pg_sleep(0.002)").timeout(0.0005 + number % 40 * 0.0001).scalar()
            done += 1
        except errors.StatementTimeout:
            stopped += 1
        assert db.sql("select {n}", n=number).scalar() == number
    assert stopped > 20 and done > 20, (stopped, done)
    assert db.pool.stats().closed_broken <= stopped // 10
