"""The pool seen from outside: draining it, and what SQL by hand leaves on its connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from takeo import DataSource, errors

NewUrl = Callable[..., str]


class Doing(threading.Thread):
    """Work on another thread, until it ends in whatever way."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.failure: Any = None
        self.result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as failure:  # the test looks at it
            self.failure = failure

    def wait(self) -> Doing:
        self.join(20)
        assert not self.is_alive(), "it hangs"
        return self


class Held(Doing):
    """A transaction that stays open until it is told to go on; then it does one thing more."""

    def __init__(self, db: DataSource) -> None:
        self.is_open, self.may_end = threading.Event(), threading.Event()
        super().__init__(lambda: self.hold(db))
        assert self.is_open.wait(20)

    def hold(self, db: DataSource) -> Any:
        with db.transaction():
            db.sql("select 1").scalar()
            self.is_open.set()
            assert self.may_end.wait(20)
            return db.sql("select 2").scalar()


@pytest.fixture
def pooled(url: str) -> Any:
    with DataSource(url, entities=[], pool_size=2) as db:
        yield db


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def assert_is_closed(db: DataSource) -> None:
    with pytest.raises(errors.Closed, match="The data source was closed"):
        db.sql("select 1").scalar()
    with pytest.raises(errors.Closed), db.transaction():
        pass
    assert db.pool.stats().size == 0


# ---- drain


def test_drain_of_an_idle_pool(pooled: DataSource) -> None:
    assert pooled.sql("select 1").scalar() == 1
    assert pooled.pool.drain() == 0
    assert_is_closed(pooled)
    with pytest.raises(errors.Closed):
        pooled.pool.drain()
    pooled.close()


def test_drain_waits_for_what_has_begun(pooled: DataSource) -> None:
    """A transaction ends with all that still comes in it, and who waits for a connection is served."""
    held = [Held(pooled) for _ in range(pooled.pool.stats().max_size)]
    queued = Doing(pooled.sql("select 3").scalar)
    until(lambda: pooled.pool.stats().waiting == 1)
    drain = Doing(lambda: pooled.pool.drain(timeout=None))

    def refused() -> bool:
        if not queued.is_alive():
            return True
        try:
            pooled.sql("select 1").timeout(0.01).scalar()
        except errors.Closed as failure:
            assert failure.message == "The data source takes no new work." and "drained" in failure.why
            return True
        except errors.StatementTimeout:
            return False
        return False

    until(refused)
    assert drain.is_alive() and queued.is_alive()
    for one in held:
        one.may_end.set()
    assert [(one.wait().failure, one.result) for one in held] == [(None, 2)] * len(held)
    assert (queued.wait().failure, queued.result) == (None, 3)
    assert (drain.wait().failure, drain.result) == (None, 0)
    assert_is_closed(pooled)


def test_drain_cuts_off_what_is_late(pooled: DataSource) -> None:
    held = [Held(pooled) for _ in range(pooled.pool.stats().max_size)]
    queued = Doing(pooled.sql("select 3").scalar)
    until(lambda: pooled.pool.stats().waiting == 1)
    assert pooled.pool.drain(timeout=0.05) == len(held) + 1
    assert pooled.pool.stats().size == 0  # also of transactions whose threads sleep
    assert isinstance(queued.wait().failure, errors.Closed) and queued.failure.outcome == "not_sent"
    for one in held:
        one.may_end.set()
        assert isinstance(one.wait().failure, errors.Closed), one.failure
        assert one.failure.outcome == "rolled_back"
    assert_is_closed(pooled)


def test_drain_cancels_a_statement(pooled: DataSource, database: str) -> None:
    endless = {
        "sqlite": "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n",
        "postgresql": "select pg_sleep(60)",
    }[database]
    for_ever = Doing(pooled.sql(endless).scalar)
    until(lambda: pooled.pool.stats().busy == 1 and pooled.pool.stats().connecting == 0)
    time.sleep(0.05)
    begun = time.monotonic()
    assert pooled.pool.drain(timeout=0) == 1
    assert time.monotonic() - begun < 5
    assert isinstance(for_ever.wait().failure, errors.QueryCanceled), for_ever.failure
    assert "drained" in for_ever.failure.why
    assert_is_closed(pooled)


def test_drain_inside_a_transaction_is_refused(pooled: DataSource) -> None:
    with pooled.transaction():
        with pytest.raises(errors.InterfaceError, match="wait for its own transaction"):
            pooled.pool.drain()
        assert pooled.sql("select 1").scalar() == 1
    assert pooled.sql("select 1").scalar() == 1


def test_drain_takes_seconds(pooled: DataSource) -> None:
    for wrong in (-1, float("nan"), False, "soon"):
        with pytest.raises(errors.ConfigError):
            pooled.pool.drain(timeout=wrong)  # type: ignore[arg-type]
    assert pooled.sql("select 1").scalar() == 1


# ---- the least number


@pytest.mark.postgresql("SQLite has one connection")
def test_connect_opens_pool_min(url: str) -> None:
    with DataSource(url, entities=[], pool_size=4, pool_min=3) as db:
        assert (db.pool.stats().idle, db.pool.stats().connected) == (3, 3)
        db.connect()
        assert db.sql("select 1").scalar() == 1
        assert (db.pool.stats().idle, db.pool.stats().connected) == (3, 3)


# ---- what SQL by hand leaves on a connection

CHANGES = [
    "set statement_timeout = '77s'",
    "  -- why\n /* how */ SET session statement_timeout to 77000",
    "listen news",
    "create temporary table left_over (a int)",
    "create local temp table left_over (a int)",
    "create or replace temp view left_over as select 1",
    "create temp table left_over as select 1 as a",
    "declare c cursor with hold for select 1",
]
UNDOING = ["reset all", "reset statement_timeout", "unlisten *", "discard temp", "discard plans"]
LOCAL = ["set local statement_timeout = '77s'", "set transaction read only", "set constraints all deferred"]


@pytest.fixture
def one(url: str) -> Any:
    """A pool of one connection: whatever is left on it, the next one has it."""
    with DataSource(url, entities=[], pool_size=1) as db:
        yield db


@pytest.mark.postgresql("SQLite has one connection, and a PRAGMA holds for it on purpose")
@pytest.mark.parametrize("text", CHANGES + LOCAL)
def test_s28_a_change_outside_of_a_transaction_is_refused(one: DataSource, text: str) -> None:
    pid = one.sql("select pg_backend_pid()").scalar()
    with pytest.raises(errors.InterfaceError) as failure:
        one.sql(text).run()
    assert (failure.value.code, failure.value.outcome) == ("TAKEO.TXN.NEEDED", "rolled_back")
    assert_is_as_ever(one, pid)


def assert_is_as_ever(db: DataSource, pid: int) -> None:
    assert db.sql("show statement_timeout").scalar() == "0"
    assert db.sql("select to_regclass('pg_temp.left_over')::text").scalar() is None
    assert db.sql("select pg_listening_channels()").scalars() == []
    assert db.sql("select count(*) from pg_cursors where is_holdable").scalar() == 0
    assert db.sql("show IntervalStyle").scalar() == "iso_8601"  # what Takeo itself has set
    assert db.sql("select pg_backend_pid()").scalar() == pid
    assert db.pool.stats().connected == 1


@pytest.mark.postgresql("SQLite has no such words")
@pytest.mark.parametrize("text", [*UNDOING, "discard all"])
def test_s28_what_only_undoes_is_harmless(one: DataSource, text: str) -> None:
    pid = one.sql("select pg_backend_pid()").scalar()
    one.sql(text).run()
    assert_is_as_ever(one, pid)


@pytest.mark.postgresql("SQLite has one connection, and a PRAGMA holds for it on purpose")
@pytest.mark.parametrize("text", CHANGES + UNDOING)
def test_s28_a_change_inside_a_transaction_ends_with_it(one: DataSource, text: str) -> None:
    pid = one.sql("select pg_backend_pid()").scalar()
    for ending in ("commit", "rollback"):
        with one.transaction() as tx:
            one.sql(text).run()
            if "77" in text:
                assert one.sql("show statement_timeout").scalar() == "77s"
            if ending == "rollback":
                tx.rollback()
        assert_is_as_ever(one, pid)


@pytest.mark.postgresql("SQLite has no roles")
def test_s28_a_role_ends_with_its_transaction(one: DataSource) -> None:
    me = one.sql("select current_user::text").scalar()
    with one.transaction():
        one.sql("set role pg_read_all_data").run()
        assert one.sql("select current_user::text").scalar() == "pg_read_all_data"
    assert one.sql("select current_user::text").scalar() == me


@pytest.mark.postgresql("SQLite has no such settings")
def test_a_local_change_costs_nothing(one: DataSource) -> None:
    """What ends with the transaction needs no reset: what a function has left is still there."""
    one.sql("select set_config('takeo.mark', 'kept', false)").scalar()  # a function does it: nobody tells
    for text in LOCAL:
        with one.transaction():
            one.sql(text).run()
    assert one.sql("select current_setting('takeo.mark')").scalar() == "kept"
    with one.transaction():
        one.sql("set takeo.other = 'x'").run()
    assert one.sql("select coalesce(current_setting('takeo.mark', true), '')").scalar() == ""  # with all others


def test_words_of_transactions_are_refused(one: DataSource) -> None:
    for text in ("commit", "rollback", "end"):
        with pytest.raises(errors.InterfaceError):
            one.sql(text).run()
    for text in ("begin", "start transaction"):
        if text == "begin" or one._dialect() == "postgresql":
            with pytest.raises(errors.InterfaceError) as failure:
                one.sql(text).run()
            assert failure.value.outcome == "rolled_back"
            with one.transaction():
                with pytest.raises(errors.InterfaceError):
                    one.sql(text).run()
                assert one.sql("select 1").scalar() == 1


@pytest.mark.parametrize("text, outcome", [("commit", "committed"), ("rollback", "rolled_back"), ("end", "committed")])
def test_a_transaction_that_sql_has_ended_is_over(one: DataSource, text: str, outcome: str) -> None:
    one.sql("create table marks (a int)").run()
    with pytest.raises(errors.TransactionClosed), one.transaction():
        one.sql("insert into marks values (1)").run()
        with pytest.raises(errors.InterfaceError, match="has ended the transaction") as failure:
            one.sql(text).run()
        assert failure.value.outcome == outcome
        one.sql("insert into marks values (2)").run()  # not on its own
    assert one.sql("select count(*) from marks").scalar() == (1 if outcome == "committed" else 0)


def test_savepoints_by_hand_work(one: DataSource) -> None:
    one.sql("create table marks (a int)").run()
    with one.transaction():
        one.sql("savepoint mine").run()
        one.sql("insert into marks values (1)").run()
        one.sql("rollback to savepoint mine").run()
        one.sql("insert into marks values (2)").run()
        one.sql("release savepoint mine").run()
    assert one.sql("select a from marks").scalars() == [2]


@pytest.mark.sqlite("a PRAGMA")
def test_a_pragma_holds_for_the_data_source(one: DataSource) -> None:
    one.sql("pragma cache_size = 77").run()
    with one.transaction():
        pass
    assert one.sql("pragma cache_size").scalar() == 77


# ---- a transaction that was idle for too long


@pytest.mark.postgresql("a limit of the server")
@pytest.mark.parametrize("is_read_first", [False, True])
def test_f35_a_commit_after_too_long_was_rolled_back(one: DataSource, is_read_first: bool) -> None:
    one.sql("create table marks (a int)").run()
    with pytest.raises(errors.ConnectionLost) as failure, one.transaction():
        one.sql("set local idle_in_transaction_session_timeout = 50").run()
        one.sql("insert into marks values (1)").run()
        time.sleep(0.4)
        if is_read_first:
            one.sql("select 1").scalar()
    assert failure.value.outcome == "rolled_back" and failure.value.sqlstate == "25P03"
    assert one.sql("select count(*) from marks").scalar() == 0
