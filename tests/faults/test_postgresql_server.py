"""A server of PostgreSQL that ends, restarts, stands still, is full or only reads: F14 to F18, F22, F65, F84, F07.

Each test leaves the server as it found it.  What the pool does is what is looked at: who sees an error, who does not, how
soon work goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import BUSY, SLACK, TRUSTED, Town
from postgresql_server import Server
from takeo import DataSource, errors

Open = Callable[..., DataSource]


def pid_of(db: DataSource) -> int:
    return db.sql("select pg_backend_pid()").scalar()  # type: ignore[no-any-return]


def warm(db: DataSource, count: int) -> list[int]:
    """Open so many connections, all idle then."""
    scopes = [threading.Thread(target=lambda: db.sql("select pg_sleep(0.2)").run()) for _ in range(count)]
    for scope in scopes:
        scope.start()
    for scope in scopes:
        scope.join()
    assert db.pool.stats().idle == count
    return backends(db)


def backends(db: DataSource) -> list[int]:
    return db.sql("select pid from pg_stat_activity where application_name = 'takeo' order by pid").scalars()


def terminate(control: DataSource, pids: list[int]) -> None:
    control.sql("select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid in {pids}", pids=pids).run()


class Doing(threading.Thread):
    """Work on another thread, until it ends in whatever way."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.result: Any = None
        self.failure: Any = None
        self.ended = 0.0
        self.start()

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as failure:  # the test looks at it
            self.failure = failure
        self.ended = time.monotonic()

    def wait(self, seconds: float = 20) -> Doing:
        self.join(seconds)
        assert not self.is_alive(), "it hangs"
        return self


def wait_for_active(control: DataSource, words: str, count: int = 1) -> int:
    """Until so many statements that hold these words run; gives the backend of the first."""
    end = time.monotonic() + 10
    while True:
        found = control.sql(
            "select pid from pg_stat_activity where state = 'active' and application_name = 'takeo' and query like {p}",
            p=f"%{words}%").scalars()
        if len(found) >= count:
            return found[0]  # type: ignore[no-any-return]
        assert time.monotonic() < end, words
        time.sleep(0.005)


# ---- backends that end


def test_f15_idle_backends_that_ended_are_not_seen(open_source: Open, control: DataSource) -> None:
    db = open_source()
    pids = warm(db, 4)
    terminate(control, pids)
    for work in range(8):
        assert db.sql("select {w}", w=work).scalar() == work
    with db.transaction():
        db.save(Town(name="after"))
    stats = db.pool.stats()
    assert not set(backends(db)) & set(pids)
    assert 1 <= stats.closed_broken <= 4 and stats.connect_failed == 0


def test_f15_f18_a_restart_costs_the_borrowed_one_error_and_the_idle_none(
    server: Server, open_source: Open, control: DataSource
) -> None:
    db = open_source()
    warm(db, 4)
    for work in (lambda: db.save(Town(name="as well")), lambda: db.repository(Town).count()):
        with pytest.raises(errors.ConnectionLost) as failure, db.transaction():
            db.save(Town(name="lost"))
            server.stop()
            server.start()
            time.sleep(TRUSTED)
            work()  # never on another connection, where it would stay
        assert failure.value.outcome == "rolled_back"
    for _ in range(8):  # one after the other, so the three that were idle are met as well
        assert db.repository(Town).count() == 0
    done = [Doing(lambda: db.sql("select pg_sleep(0.1)").run()) for _ in range(4)]
    assert [one.wait().failure for one in done] == [None] * 4
    assert control.sql("select 1").scalar() == 1


@pytest.mark.parametrize("sign", ["terminate", "kill"])
def test_f16_f17_a_backend_that_ends_while_it_works(
    server: Server, open_source: Open, control: DataSource, sign: str
) -> None:
    """F16, F17: what is told of a read, of a write of its own, and of one in a transaction; and nothing is written twice.
    After kill -9 the server ends all others as well and comes back."""
    db = open_source()
    writing = "insert into towns (name) select {name} from (select pg_sleep(30)) s"

    def in_transaction() -> None:
        with db.transaction():
            db.save(Town(name="first"))
            db.sql(writing, name="inside").run()

    works = {
        None: lambda: db.sql("select pg_sleep(30)").scalar(),
        "unknown": lambda: db.sql(writing, name="alone").run(),
        "rolled_back": in_transaction,
    }
    done = {outcome: Doing(work) for outcome, work in works.items()}
    wait_for_active(control, "pg_sleep(30)", 3)
    start = time.monotonic()
    if sign == "terminate":
        terminate(control, backends(db))
        ready = time.monotonic()
    else:
        os.kill(wait_for_active(control, "pg_sleep(30)"), signal.SIGKILL)
        time.sleep(0.05)  # the postmaster is told, and ends the others
        ready = server.wait_until_ready()
    for outcome, one in done.items():
        one.wait()
        assert isinstance(one.failure, errors.ConnectionLost), one.failure
        assert one.failure.outcome == outcome
        assert one.ended - start < 1 + BUSY
    assert db.repository(Town).count() == 0  # the server may say that it recovers: the pool goes on trying
    assert time.monotonic() - ready < 2 + BUSY
    assert control.repository(Town).count() == 0


def test_f16_a_statement_that_commits_inside_is_never_repeated(open_source: Open, control: DataSource) -> None:
    """F16: the backend is gone before it can answer, when its work was done."""
    control.sql("create or replace procedure say() language plpgsql as $$ begin insert into towns (name) values ('said'); "
                "commit; perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); end $$").run()
    db = open_source()
    with pytest.raises(errors.ConnectionLost) as failure:
        db.sql("call say()").run()
    assert failure.value.outcome in ("unknown", None)
    time.sleep(0.05)
    assert control.repository(Town).count() == 1


# ---- the server goes and comes back


def test_f14_f18_fifty_waiters_and_a_server_that_comes_back(server: Server, open_source: Open) -> None:
    """F14, F18: 50 threads over 4 connections while the postmaster is killed and started again.  Never more than four
    connect at once, attempts stand apart, and all is well within a second after the server is."""
    db = open_source(pool_timeout=15)
    warm(db, 4)
    is_over = threading.Event()
    ready = [float("inf")]
    first = [float("inf")]
    failed: list[errors.TakeoError] = []
    most = [0]

    def work() -> None:
        while not is_over.is_set():
            try:
                assert db.sql("select 7").scalar() == 7
                if time.monotonic() > ready[0]:
                    first[0] = min(first[0], time.monotonic())
                    return
            except errors.TakeoError as failure:
                failed.append(failure)
            time.sleep(0.001)

    def watch() -> None:
        while not is_over.is_set():
            stats = db.pool.stats()
            most[0] = max(most[0], stats.connecting, stats.size)
            time.sleep(0.001)

    watcher = Doing(watch)
    workers = [Doing(work) for _ in range(50)]
    time.sleep(0.2)
    server.kill()
    time.sleep(1)
    attempts = db.pool.stats().connect_failed
    server.start()
    ready[0] = time.monotonic()
    for worker in workers:
        worker.join(10)
    is_over.set()
    watcher.wait()
    assert [worker for worker in workers if worker.is_alive() or worker.failure] == []
    assert first[0] - ready[0] < 1 + BUSY
    assert 0 < most[0] <= 4
    assert 0 < attempts < 60, attempts  # 50 threads that try as they like are thousands
    assert {type(failure) for failure in failed} <= {errors.ConnectionLost}  # no connection is waited for


def test_f18_a_restart_is_waited_for(server: Server, open_source: Open) -> None:
    """F18: nobody listens for a moment; who has patience sees nothing of it."""
    db = open_source()
    warm(db, 4)
    server.stop()
    try:
        time.sleep(TRUSTED)
        done = [Doing(db.sql("select 1").scalar) for _ in range(12)]
        time.sleep(0.5)
        assert [one for one in done if not one.is_alive()] == []
        assert 0 < db.pool.stats().connect_failed < 30
        with pytest.raises(errors.StatementTimeout):
            db.sql("select 1").timeout(0.1).scalar()
    finally:
        server.start()
    assert [(one.wait().failure, one.result) for one in done] == [(None, 1)] * 12


def test_f18_while_the_server_is_down_nobody_waits_longer_than_he_said(server: Server, open_source: Open) -> None:
    db = open_source(pool_timeout=0.4)
    assert db.sql("select 1").scalar() == 1
    server.stop()
    try:
        start = time.monotonic()
        done = [Doing(db.sql("select 1").scalar) for _ in range(12)]
        for one in done:
            one.wait()
            assert isinstance(one.failure, errors.PoolTimeout), one.failure
            assert one.failure.outcome == "not_sent" and "No connection could be made" in one.failure.message
            assert isinstance(one.failure.__cause__, errors.ConnectFailed)  # also of who never tried himself
            assert "No server listens" in one.failure.__cause__.message
            assert 0.4 <= one.ended - start < 0.4 + SLACK + BUSY
        with pytest.raises(errors.ConnectFailed) as failure:  # it never was there: who would it wait for?
            open_source(pool_timeout=5).sql("select 1").scalar()
        assert failure.value.outcome == "not_sent"
    finally:
        server.start()
    end = time.monotonic() + 2 + BUSY
    while True:
        try:
            assert db.sql("select 1").scalar() == 1
            break
        except errors.TakeoError:
            assert time.monotonic() < end
    assert db.pool.stats().size >= 1


# ---- a server that stands still


@pytest.mark.parametrize("is_all", [False, True], ids=["backend", "postmaster"])
def test_f22_a_server_that_stands_still_ends_with_the_deadline(
    server: Server, open_source: Open, control: DataSource, is_all: bool
) -> None:
    """F22: the backend does not answer; or the postmaster does not either, so that the request to stop hangs."""
    db = open_source(pool_size=2)
    assert control.sql("select 1").scalar() == 1
    pid = pid_of(db)
    os.kill(pid, signal.SIGSTOP)
    try:
        if is_all:
            server.freeze()
        start = time.monotonic()
        with pytest.raises(errors.StatementTimeout):
            db.sql("select 1").timeout(0.4).scalar()
        took = time.monotonic() - start
        assert 0.4 <= took < 0.4 + SLACK + BUSY
        server.thaw()
        assert db.sql("select 1").scalar() == 1  # by another connection
        assert pid_of(db) != pid
    finally:
        server.thaw()
        os.kill(pid, signal.SIGCONT)
    assert db.pool.stats().closed_broken == 1


def test_f22_a_postmaster_that_stands_still_lets_nobody_in(server: Server, open_source: Open) -> None:
    """F22, F03: connecting ends in time; what is connected goes on."""
    db = open_source(pool_size=1)
    assert db.sql("select 1").scalar() == 1
    server.freeze()
    try:
        start = time.monotonic()
        with pytest.raises(errors.TakeoError) as failure:
            open_source(connect_timeout=0.3, pool_timeout=1).sql("select 1").scalar()
        assert time.monotonic() - start < 0.3 + SLACK + BUSY
        assert failure.value.outcome == "not_sent"
        assert db.sql("select 2").scalar() == 2
    finally:
        server.thaw()


# ---- no room


@pytest.fixture
def narrow(control: DataSource) -> Iterator[str]:
    """A role that may have two connections."""
    control.sql("create role narrow login connection limit 2").run()
    yield "narrow"
    control.sql("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'narrow'").run()
    control.sql("drop role narrow").run()


def test_f07_out_of_connections_is_waited_for(open_source: Open, narrow: str) -> None:
    """F07: another process has them all; who waits gets one when it is free."""
    other = open_source(query={"user": narrow}, pool_size=2)
    holders = [Doing(lambda: other.sql("select pg_sleep(0.6)").run()) for _ in range(2)]
    time.sleep(0.3)
    db = open_source(query={"user": narrow}, pool_size=4)
    waiter = Doing(db.sql("select 5").scalar)
    for holder in holders:
        assert holder.wait().failure is None
    other.close()
    waiter.wait()
    assert waiter.failure is None and waiter.result == 5
    assert 0 < db.pool.stats().connect_failed < 40


def test_f07_out_of_connections_for_too_long_says_why(open_source: Open, narrow: str) -> None:
    """F07: PoolTimeout, whose cause is what the server has said."""
    other = open_source(query={"user": narrow}, pool_size=2)
    warm(other, 2)
    db = open_source(query={"user": narrow}, pool_timeout=0.5)
    done = [Doing(db.sql("select 1").scalar) for _ in range(30)]
    for one in done:
        one.wait()
        assert isinstance(one.failure, errors.PoolTimeout) and one.failure.outcome == "not_sent", one.failure
        assert "No connection could be made" in one.failure.message
        cause = one.failure.__cause__  # also of who stood behind those who tried
        assert isinstance(cause, errors.TooManyConnections) and cause.sqlstate == "53300"


def test_f07_the_server_is_full(server: Server, open_source: Open) -> None:
    """F07: the limit of the whole server: three sources want more together than it has."""
    sources = [open_source(pool_size=20, pool_timeout=20) for _ in range(3)]
    done = [Doing(lambda db=db: db.sql("select pg_sleep(0.02)").run()) for db in sources for _ in range(20)]
    time.sleep(0.1)
    for db in sources:
        Doing(lambda db=db: (time.sleep(0.5), db.pool.limit(2, timeout=20)))
    for one in done:
        one.wait(30)
    kinds = {type(one.failure) for one in done if one.failure}
    assert kinds <= {errors.PoolTimeout}, [one.failure for one in done if one.failure][:3]
    assert all(db.sql("select 1").scalar() == 1 for db in sources)


# ---- a server that only reads


def assert_reads_only(db: DataSource) -> None:
    assert db.repository(Town).count() == 1
    for write in (
        lambda: db.save(Town(name="x")),
        lambda: db.sql("delete from towns").run(),
        lambda: db.repository(Town).insert([Town(name=str(number)) for number in range(50)]),
    ):
        with pytest.raises(errors.ReadOnly) as failure:
            write()
        assert failure.value.sqlstate == "25006" and failure.value.outcome == "rolled_back"
        assert not failure.value.retryable
    with pytest.raises(errors.ReadOnly), db.transaction():
        assert db.repository(Town).count() == 1
        db.save(Town(name="x"))
    assert db.repository(Town).find()[0].name == "there"
    assert db.pool.stats().closed_broken == 0


def test_f65_a_session_that_only_reads(open_source: Open, control: DataSource) -> None:
    control.save(Town(name="there"))
    assert_reads_only(open_source(query={"options": "-cdefault_transaction_read_only%3Don"}))


def test_f65_a_standby_only_reads(server: Server, open_source: Open, control: DataSource) -> None:
    """F65: a standby that follows the server; a write is refused, and after its promotion it is not."""
    control.save(Town(name="there"))
    with Server(server.settings, copy_of=server) as standby, DataSource(standby.url(), entities=[Town]) as db:
        assert_reads_only(db)
        assert db.sql("select pg_promote()").scalar() is True
        db.save(Town(name="after"))
        assert db.repository(Town).count() == 2


# ---- no disk


def test_f84_a_limit_of_temporary_files(open_source: Open) -> None:
    """F84: 53400; the statement is refused, the transaction is at its end, the connection is of use."""
    db = open_source(pool_size=1, query={"options": "-ctemp_file_limit%3D64%20-cwork_mem%3D64kB"})
    pid = pid_of(db)
    sort = db.sql("select count(*) from (select g from generate_series(1, 100000) g order by g desc offset 1) s")
    with pytest.raises(errors.OperationalError) as failure:
        sort.scalar()
    assert failure.value.sqlstate == "53400" and not failure.value.retryable
    with pytest.raises(errors.OperationalError), db.transaction():
        db.save(Town(name="x"))
        sort.scalar()
    assert db.repository(Town).count() == 0
    assert pid_of(db) == pid


@pytest.fixture
def tiny(server: Server, control: DataSource) -> Iterator[Callable[[], Any]]:
    """A tablespace with room for two megabytes, and what makes it larger."""
    folder = server.folder / "tiny"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    if server.user:
        os.chown(folder, server.user["user"], server.user["group"])
    control.sql(f"create tablespace tiny location '{folder}'").run()
    yield lambda: subprocess.run(["mount", "-o", "remount,size=20m", folder], check=True)
    control.sql("drop table if exists narrow").run()
    control.sql("drop tablespace tiny").run()
    subprocess.run(["umount", folder], check=True)


def test_f84_a_full_disk(open_source: Open, control: DataSource, tiny: Callable[[], Any]) -> None:
    """F84: 53100 is DiskFull; what was written before stands, and with more room the work goes on."""
    control.sql("create table narrow (id int primary key, name text) tablespace tiny").run()
    db = open_source(pool_size=1)
    fill = "insert into narrow select g, repeat(md5(g::text), 30) from generate_series({a}::int, {b}) g"
    assert db.sql(fill, a=1, b=100).run() == 100
    pid = pid_of(db)
    with pytest.raises(errors.DiskFull) as failure:
        db.sql(fill, a=101, b=10_000).run()
    assert failure.value.sqlstate == "53100" and failure.value.outcome == "rolled_back"
    with pytest.raises(errors.DiskFull), db.transaction():
        db.sql(fill, a=101, b=110).run()
        db.sql(fill, a=111, b=10_000).run()
    assert db.sql("select count(*) from narrow").scalar() == 100
    assert pid_of(db) == pid
    tiny()
    assert db.sql(fill, a=101, b=1000).run() == 900
