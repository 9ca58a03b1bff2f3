"""Signals, forks and many threads over PostgreSQL: F50, F52 to F54, F45.

What a signal or a fork does to a process is tried in a process of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Town
from postgresql_server import Server
from takeo import DataSource, errors

Open = Callable[..., DataSource]
AT_ONCE = 0.1  # seconds from Ctrl-C to its exception
AFTER = [0.15, 0.35, 0.6]  # seconds of work; the best has to be at once: the machine may have other work


@contextlib.contextmanager
def started(server: Server, program: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-c", program, server.url(application_name="child"), *words], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    with child:
        try:
            yield child
            _, failed = child.communicate(timeout=30)
            assert child.returncode == 0, failed
            assert failed == ""
        finally:
            child.kill()


def run(server: Server, program: str, *words: str) -> None:
    with started(server, program, *words):
        pass


# ---- Ctrl-C


INTERRUPTED = """
import sys, time
from takeo import DataSource
url, how, sql = sys.argv[1:]
db = DataSource(url, pool_size=1)
pid = db.sql("select pg_backend_pid()").scalar()
def work():
    if how == "run":
        db.sql(sql).run()
    elif how == "transaction":
        with db.transaction() as tx:
            db.sql("insert into towns (name) values ('child')").run()
            db.sql(sql).tuples()
            tx.rollback()
    else:
        db.sql(sql).tuples()
for _ in range(3):
    print("ready", flush=True)
    try:
        while True:
            work()
    except KeyboardInterrupt:
        print(time.monotonic(), flush=True)
    assert db.sql("select 7").scalar() == 7
    print(db.sql("select pg_backend_pid()").scalar() == pid, flush=True)
    sys.stdin.readline()
db.close()
"""


def interrupt(child: subprocess.Popen[str], control: DataSource, after: float) -> float:
    """Send it Ctrl-C; gives the seconds until its exception."""
    assert child.stdout and child.stdin
    assert child.stdout.readline() == "ready\n"
    time.sleep(after)
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    word = child.stdout.readline()
    assert word
    assert child.stdout.readline() == "True\n"  # the backend is the same
    still = control.sql("select query from pg_stat_activity where application_name = 'child' and state = 'active'")
    assert still.scalars() == []
    child.stdin.write("\n")
    child.stdin.flush()
    return float(word) - sent


@pytest.mark.parametrize("how", ["tuples", "run", "transaction"])
@pytest.mark.parametrize("work", ["waiting", "decoding"])
def test_f50_ctrl_c_ends_a_statement_at_once(server: Server, control: DataSource, how: str, work: str) -> None:
    """F50: while the server is waited for, and while a million rows are read; the statement is cancelled on the server,
    the connection is the same, and the transaction is rolled back."""
    control.sql("truncate towns").run()
    waiting = "select pg_sleep(30)"
    sql = waiting if work == "waiting" else "select g, g::text, 'text', 1.5::float8 from generate_series(1, 1000000) g"
    took = []
    with started(server, INTERRUPTED, how, sql) as child:
        for after in AFTER:
            took.append(interrupt(child, control, after))
    assert min(took) < AT_ONCE and max(took) < 1, took
    assert control.repository(Town).count() == 0


STORM = """
import signal, sys
from conftest import Town
from takeo import DataSource
came = 0
def count(number, frame):
    global came
    came += 1
db = DataSource(sys.argv[1], entities=[Town], pool_size=1)
towns = db.repository(Town)
towns.count()
signal.signal(signal.SIGALRM, count)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
for turn in range(40):
    made = towns.save([Town(name=f"{turn} {number}") for number in range(50)])
    for town in made[:5]:
        town.size = turn
        towns.save(town)
        assert towns.get(town.id).size == turn
    assert towns.count(Town.name.startswith(f"{turn} ")) == 50
    assert sum(town.size for town in towns.find(Town.name.startswith(f"{turn} "))) == 5 * turn
    assert db.sql("select count(*) from generate_series(1, 3000) g, pg_sleep(0.002)").scalar() == 3000
    towns.remove(made)
signal.setitimer(signal.ITIMER_REAL, 0)
stats = db.pool.stats()
assert stats.connected == 1 and stats.closed_broken == 0, stats
print(came)
"""


@pytest.mark.parametrize("wait", ["adaptive", "poll"])
def test_f51_signals_that_interrupt_every_system_call(server: Server, control: DataSource, wait: str) -> None:
    """F51: thousands a second, from outside of Takeo: nothing is lost, nothing is sent twice, no connection is given up."""
    control.sql("truncate towns").run()
    words = STORM.replace("pool_size=1", f"pool_size=1, wait={wait!r}")
    done = subprocess.run([sys.executable, "-c", words, server.url()], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])})
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


WAITING_FOR_OTHERS = """
import sys, threading, time
from takeo import DataSource
url, how = sys.argv[1:]
db = DataSource(url, pool_size=1, connect_timeout=20)
if how == "pool":
    threading.Thread(target=db.sql("select pg_sleep(1)").run).start()
    time.sleep(0.3)
print("ready", flush=True)
try:
    db.sql("select 1").scalar()
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
sys.stdin.readline()
assert db.sql("select 1").scalar() == 1
db.close()
"""


@pytest.mark.parametrize("how", ["pool", "connect"])
def test_f50_ctrl_c_ends_waiting_for_a_connection(server: Server, how: str) -> None:
    """F50: for one that another thread has, and for one that is being made."""
    if how == "connect":
        server.freeze()
    try:
        with started(server, WAITING_FOR_OTHERS, how) as child:
            assert child.stdout and child.stdout.readline() == "ready\n"
            time.sleep(0.2)
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
            assert float(child.stdout.readline()) - sent < 1
            server.thaw()
    finally:
        server.thaw()


# ---- fork


FORKED = """
import os, sys, warnings
from takeo import DataSource, errors
warnings.simplefilter("ignore")  # of forks beside threads
url, how = sys.argv[1:]
db = DataSource(url, pool_size=2)
pid = db.sql("select pg_backend_pid()").scalar()
def in_child():
    try:
        db.sql("select 1").scalar()
    except errors.Forked:
        pass
    else:
        return 3
    if how == "close":
        db.close()
    if how == "again":  # a source of the child's own
        with DataSource(url, pool_size=1) as own:
            if own.sql("select pg_backend_pid()").scalar() == pid:
                return 4
    return 0
for number in range(20):
    child = os.fork()
    if child == 0:
        code = 5
        try:
            code = in_child()
        finally:
            if how == "exit" and code == 0:
                sys.exit(0)  # with everything that an interpreter does at its end
            os._exit(code)
    assert db.sql("select {n}", n=number).scalar() == number
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    assert db.sql("select pg_backend_pid()").scalar() == pid
with db.transaction():  # the child is made while it is open
    db.sql("insert into towns (name) values ('parent')").run()
    child = os.fork()
    if child == 0:
        code = 6
        try:
            db.sql("select 1").scalar()
        except errors.Forked:
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert db.sql("select count(*) from towns").scalar() == 1
assert db.sql("select pg_backend_pid()").scalar() == pid
assert db.pool.stats().closed_broken == 0
db.close()
"""


@pytest.mark.parametrize("how", ["use", "close", "exit", "again"])
def test_f54_a_fork_leaves_the_parent_alone(server: Server, control: DataSource, how: str) -> None:
    """F54: the child is told Forked; whatever it does and however it ends, the parent's connection goes on."""
    control.sql("truncate towns").run()
    run(server, FORKED, how)
    assert control.repository(Town).count() == 1


FORKED_AT_WORK = """
import os, sys, threading, time, warnings
from takeo import DataSource, errors
warnings.simplefilter("ignore")
db = DataSource(sys.argv[1], pool_size=4).connect()
is_over = threading.Event()
failures = []
def work(number):
    while not is_over.is_set():
        if db.sql("select {n}", n=number).scalar() != number:
            failures.append(number)
def guarded(number):
    try:
        work(number)
    except BaseException as failure:
        failures.append(failure)
threads = [threading.Thread(target=guarded, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        try:
            db.sql("select 1").scalar()
        except errors.Forked:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
is_over.set()
for thread in threads:
    thread.join()
assert failures == [], failures
db.close()
"""


@pytest.mark.skipif("TAKEO_SANITIZED" in os.environ, reason="the sanitizer's own locks do not outlive a fork")
def test_f54_a_fork_while_other_threads_work(server: Server) -> None:
    """F54: the child has their locks and none of them; it says Forked and does not hang."""
    run(server, FORKED_AT_WORK)


# ---- threads


def test_f45_f53_sixteen_threads_share_four_connections(open_source: Open, control: DataSource) -> None:
    """F45, F52, F53: everybody gets his own answers, nobody is left behind, and the pool is whole at the end."""
    db = open_source(pool_size=4)
    count, each = 16, 60
    slowest = [0.0] * count
    failures: list[Any] = []

    def work(thread: int) -> None:
        try:
            for number in range(each):
                begun = time.monotonic()
                if number % 10 == 0:
                    with db.transaction():
                        town = db.save(Town(name=f"{thread} {number}"))
                        assert db.query(Town).where(Town.id == town.id).one().name == f"{thread} {number}"
                elif number % 10 == 5:
                    with pytest.raises(errors.DataError):
                        db.sql("select 1 / {zero}::int", zero=0).scalar()
                elif number % 10 == 7 and thread % 4 == 0:
                    with pytest.raises(errors.StatementTimeout):
                        db.sql("select pg_sleep(5)").timeout(0.01).scalar()
                else:
                    key = thread * 1000 + number
                    rows = db.sql("select {k}::int + g from generate_series(0, 20) g", k=key).scalars()
                    assert rows == list(range(key, key + 21))
                slowest[thread] = max(slowest[thread], time.monotonic() - begun)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not [thread for thread in threads if thread.is_alive()]
    assert failures == []
    stats = db.pool.stats()
    assert stats.size == stats.idle <= 4 and stats.busy == stats.waiting == stats.connecting == stats.timed_out == 0
    assert max(slowest) < 5, slowest  # in turn: nobody waits for all of the others' work
    assert control.repository(Town).count() == count * each // 10


def test_f45_an_exhausted_pool_says_so_in_time(open_source: Open) -> None:
    """F45: at the deadline, with who has the connections; afterwards they are there again."""
    db = open_source(pool_size=2, pool_timeout=0.3)
    held = threading.Barrier(3)
    done = threading.Event()

    def hold() -> None:
        with db.transaction():
            db.sql("select 1").scalar()
            held.wait(10)
            done.wait(10)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    held.wait(10)
    begun = time.monotonic()
    with pytest.raises(errors.PoolTimeout) as failure:
        db.sql("select 1").scalar()
    took = time.monotonic() - begun
    done.set()
    for holder in holders:
        holder.join(10)
    assert 0.3 <= took < 0.3 + 0.25 + 0.5
    assert "2 are held by transactions" in failure.value.message and failure.value.outcome == "not_sent"
    assert db.sql("select 1").scalar() == 1 and db.pool.stats().idle == 2
