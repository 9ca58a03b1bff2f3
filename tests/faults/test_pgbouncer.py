"""PostgreSQL behind PgBouncer, which gives each transaction another of its few connections: F31, F06, F07, F18, F22.

Prepared statements fall back by themselves, or as `prepared=` says; a transaction, a list and a request to stop are what
they are without a pooler.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import pgbouncer
from conftest import BUSY, SLACK, Town, at_once
from pgbouncer import Pooler
from postgresql_server import LOOPBACK, Server
from takeo import DataSource, errors

SERVERS = 2  # connections of the pooler
OPTIONS = {"refuses": {}, "ignores": {"ignore_startup_parameters": "options,extra_float_digits"}}

Behind = Callable[..., DataSource]


@pytest.fixture(scope="module", params=OPTIONS)
def pooler(request: pytest.FixtureRequest, server: Server) -> Iterator[Pooler]:
    """PgBouncer as it is installed refuses `options`; told to ignore them it drops them."""
    if pgbouncer.program() is None:
        pytest.skip("no program pgbouncer: tools/setup test installs it")
    with Pooler(server, pool_mode="transaction", default_pool_size=SERVERS, **OPTIONS[request.param]) as made:
        yield made


@pytest.fixture
def behind(pooler: Pooler, server: Server, control: DataSource) -> Iterator[Behind]:
    """Makes data sources that see the server through the pooler; the table of towns is empty."""
    control.sql("truncate towns restart identity").run()
    sources: list[DataSource] = []

    def new(**options: Any) -> DataSource:
        sources.append(DataSource(server.url(pooler.port), entities=[Town], **{"pool_size": 4, "pool_timeout": 20, **options}))
        return sources[-1]

    yield new
    for source in sources:
        source.close()
    control.sql("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'takeo'").run()


def on_threads(count: int, work: Callable[[int], Any]) -> None:
    at_once(*(partial(work, number) for number in range(count)))


def backends(db: DataSource) -> set[int]:
    """Over how many of the server's connections the transactions of a data source go."""
    found: set[int] = set()
    lock = threading.Lock()

    def look(number: int) -> None:
        for _ in range(10):
            with db.transaction():
                pid = db.sql("select pg_backend_pid()").scalar()
                db.sql("select pg_sleep(0.002)").run()
            with lock:
                found.add(pid)

    on_threads(4, look)
    return found


def test_f31_statements_are_not_named_behind_a_pooler(behind: Behind) -> None:
    """F31: it is noticed when connecting, so a statement that ran often works on every server's connection."""
    db = behind()
    assert len(backends(db)) == SERVERS
    db.save(Town(name="a", size=1))

    def work(number: int) -> None:
        for turn in range(25):
            assert db.query(Town).where(Town.name == "a").one().size == 1
            assert db.sql("select {n} + {turn}", n=number, turn=turn).scalar() == number + turn
            db.save(Town(name=f"{number} {turn}", size=turn))
            with db.transaction():
                assert db.sql("select count(*) from pg_prepared_statements").scalar() == 0

    on_threads(4, work)
    assert db.repository(Town).count() == 101
    assert db.pool.stats().closed_broken == 0


@pytest.mark.parametrize("prepared", ["auto", "off"])
def test_values_mean_the_same_behind_a_pooler(behind: Behind, control: DataSource, prepared: str) -> None:
    """The pooler has dropped the settings that are sent when connecting."""
    query = ("select 1.10::numeric, array[1, null], '10.0.0.1/8'::inet, interval '1 day' * 2 || '', true, '\\x00ff'::bytea, "
             "0.1::float8 + 0.2, timestamptz '2024-05-01 12:00+02', date '2024-05-01', null")
    db = behind(driver_options={"prepared": prepared})
    for _ in range(3):
        found, expected = db.sql(query).one(), control.sql(query).one()
        assert found[:3] + found[4:] == expected[:3] + expected[4:]


def test_f31_named_statements_that_a_pooler_does_not_keep_are_told_or_mended(behind: Behind) -> None:
    """F31: `prepared=on` is wrong here: a name may be unknown (26000) or taken (42P05)."""
    db = behind(driver_options={"prepared": "on"})
    known = {"26000", "42P05"}
    told: list[str | None] = []

    def work(number: int) -> None:
        for turn in range(50):
            try:
                assert db.sql("select {n}::int8", n=turn).scalar() == turn
            except errors.DatabaseError as failure:
                told.append(failure.sqlstate)

    on_threads(4, work)
    assert set(told) <= known, told


def test_transactions_are_whole_behind_a_pooler(behind: Behind) -> None:
    db = behind()

    def work(number: int) -> None:
        for turn in range(10):
            with db.transaction():
                pid = db.sql("select pg_backend_pid()").scalar()
                db.save(Town(name=f"{number} {turn}"))
                with pytest.raises(errors.UniqueViolation), db.transaction():
                    db.save(Town(name=f"{number} {turn}"))
                assert db.sql("select pg_backend_pid()").scalar() == pid
            with pytest.raises(ZeroDivisionError), db.transaction():
                db.save(Town(name=f"lost {number} {turn}"))
                raise ZeroDivisionError

    on_threads(4, work)
    assert db.repository(Town).count() == 40
    with pytest.raises(errors.ReadOnly), db.transaction(isolation="serializable", read_only=True):
        db.save(Town(name="x"))
    assert db.repository(Town).count() == 40


def test_lists_go_through_a_pooler(behind: Behind) -> None:
    db = behind()

    def work(number: int) -> None:
        towns = db.repository(Town).insert([Town(name=f"{number} {turn}", size=turn) for turn in range(300)])
        assert len({town.id for town in towns}) == 300
        for town in towns:
            town.size += 1
        db.save(towns)
        db.remove(towns[:100])

    on_threads(4, work)
    assert db.repository(Town).count() == 800
    assert db.sql("select sum(size) from towns").scalar() == 4 * sum(range(101, 301))
    with pytest.raises(errors.UniqueViolation) as failure:
        db.repository(Town).insert([*(Town(name=f"new {number}") for number in range(50)), Town(name="0 200")])
    assert failure.value.object == 51
    assert db.repository(Town).count() == 800


def test_f22_what_takes_too_long_is_stopped_behind_a_pooler(behind: Behind, control: DataSource) -> None:
    """F22: the request to stop goes through the pooler to the server, and the connection is used again."""
    db = behind(pool_size=1)
    assert db.sql("select 1").scalar() == 1
    start = time.monotonic()
    with pytest.raises(errors.StatementTimeout):
        db.sql("select pg_sleep(30)").timeout(0.2).scalar()
    assert 0.2 <= time.monotonic() - start < 0.2 + SLACK + BUSY
    assert db.sql("select 2").scalar() == 2
    end = time.monotonic() + 5
    while control.sql("select count(*) from pg_stat_activity where query like 'select pg_sleep(30)%'"
                      " and state = 'active'").scalar():
        assert time.monotonic() < end
        time.sleep(0.01)
    with pytest.raises(errors.StatementTimeout), db.transaction():
        db.save(Town(name="lost"))
        db.sql("select pg_sleep(30)").timeout(0.1).scalar()
    assert db.repository(Town).count() == 0


def test_f16_f31_a_server_that_ends_behind_a_pooler(behind: Behind, control: DataSource) -> None:
    """F16: the pooler ends its client too; whoever comes next gets another connection."""
    db = behind(pool_size=1)
    with pytest.raises(errors.OperationalError) as failure, db.transaction():
        pid = db.sql("select pg_backend_pid()").scalar()
        db.save(Town(name="lost"))
        control.sql("select pg_terminate_backend({p}, 5000)", p=pid).run()
        db.save(Town(name="lost too"))
    assert failure.value.outcome == "rolled_back"
    assert db.repository(Town).count() == 0


def test_f06_f07_what_a_pooler_refuses_has_its_code(server: Server, pooler: Pooler) -> None:
    """F06, F07: an unknown database, and a pooler without room."""
    with pytest.raises(errors.ConnectFailed) as failure:
        DataSource(f"postgresql://postgres@{LOOPBACK}:{pooler.port}/nowhere").connect()
    assert failure.value.code == "TAKEO.CONNECT.DATABASE"
    with Pooler(server, pool_mode="transaction", max_client_conn=1) as full:
        with DataSource(server.url(full.port)):
            with pytest.raises(errors.PoolTimeout) as refused:
                DataSource(server.url(full.port), pool_timeout=0.3).connect()
            assert isinstance(refused.value.__cause__, errors.TooManyConnections)


def test_f18_a_pooler_that_ends_is_a_lost_connection(server: Server) -> None:
    """F18: as a server that ends; nobody waits for it."""
    if pgbouncer.program() is None:
        pytest.skip("no program pgbouncer: tools/setup test installs it")
    with Pooler(server, pool_mode="transaction") as pooler, DataSource(
            server.url(pooler.port), pool_size=1, pool_timeout=1) as db:
        with pytest.raises((errors.ConnectionLost, errors.TransactionClosed)) as failure, db.transaction():
            assert db.sql("select 1").scalar() == 1
            pooler.remove()
            db.sql("select 2").scalar()
        assert failure.value.outcome == "rolled_back"
        start = time.monotonic()
        with pytest.raises(errors.PoolTimeout) as none:  # one that was there may come again
            db.sql("select 3").scalar()
        assert isinstance(none.value.__cause__, errors.ConnectFailed)
        assert time.monotonic() - start < 1 + SLACK + BUSY
