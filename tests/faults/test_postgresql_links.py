"""Links to PostgreSQL that end, stand still or are slow: F19, F20, F21, F23, F24, F27, F30, F41.

What the driver says to a lost connection stands in tests/driver; here it is what a program sees: a result is whole or an
error, what an error says about a write is true, nobody waits longer than he said, and memory has a limit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from conftest import BUSY, SLACK, TRUSTED, Town
from proxy import DOWN, FIN, RST, UP, Proxy
from takeo import DataSource, errors

Open = Callable[..., DataSource]
NAMES = ["Ax", "Brest", "Caen"]
LOST = (errors.ConnectionLost, errors.ProtocolError)


def fill(db: DataSource) -> None:
    db.repository(Town).insert([Town(name=name, size=index) for index, name in enumerate(NAMES)])


def length_of(proxy: Proxy, direction: str, work: Callable[[], Any]) -> int:
    before = proxy.count(direction)
    work()
    return proxy.count(direction) - before


def wait_for_nobody(control: DataSource) -> None:
    """The server may still be at it when the link has gone."""
    end = time.monotonic() + 10
    while control.sql("select count(*) from pg_stat_activity where application_name = 'takeo'").scalar():
        assert time.monotonic() < end
        time.sleep(0.002)


# ---- every byte of a reply


@pytest.mark.parametrize(
    "is_warm, ways", [(True, [FIN]), (True, [RST]), (False, [FIN, RST])], ids=["warm-fin", "warm-rst", "cold"]
)
def test_f19_f20_a_reply_cut_anywhere_is_an_error_or_complete(
    open_source: Open, control: DataSource, proxy: Proxy, is_warm: bool, ways: list[str]
) -> None:
    """F19, F20: also the first reply of a statement, which tells its columns."""
    fill(control)
    db = open_source(proxy, pool_size=1)
    query = db.query(Town).order_by(Town.id)

    def get_ready() -> None:
        proxy.heal()
        assert db.sql("select 1").scalar() == 1
        for _ in range(2 if is_warm else 0):
            query.list()

    get_ready()
    length = length_of(proxy, DOWN, query.list)
    assert length > 60
    failed = 0
    for after in range(length + 1):
        if not is_warm:
            proxy.end()
            time.sleep(TRUSTED)
        get_ready()
        proxy.cut(DOWN, after, ways[after % len(ways)])
        try:
            found = query.list()
        except LOST as failure:
            failed += 1
            assert failure.outcome in (None, "unknown"), after
        else:
            assert [town.name for town in found] == NAMES, after
            assert after >= length - 6, after  # ReadyForQuery says nothing that is not known
    assert failed >= length - 6
    assert db.pool.stats().size <= 1


# ---- every byte of a write


def swept(proxy: Proxy, direction: str, db: DataSource, control: DataSource, write: Callable[[str], Any]) -> list[str]:
    """Cut the link at every byte of a write, or of its answer.  What is said of the write has to be true, and it was
    done once or not at all.  Gives what was said."""

    def get_ready() -> None:
        proxy.heal()
        time.sleep(TRUSTED)
        assert db.sql("select 1").scalar() == 1
        write(f"ready {time.monotonic_ns()}")

    get_ready()
    length = length_of(proxy, direction, lambda: write("measured"))
    said = []
    for after in range(0, length + 1):
        name = f"{direction} {after}"
        get_ready()
        proxy.cut(direction, after, RST if after % 2 else FIN)
        try:
            write(name)
            outcome = "committed"
        except errors.TakeoError as failure:
            assert isinstance(failure, (*LOST, errors.TransactionClosed)), failure
            outcome = str(failure.outcome)
        proxy.heal()
        proxy.end()
        wait_for_nobody(control)
        count = control.repository(Town).count(Town.name == name)
        expected = {"committed": {1}, "rolled_back": {0}, "not_sent": {0}, "unknown": {0, 1}}
        assert count in expected[outcome], (name, outcome, count)
        said.append(outcome)
    return said


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_f16_f19_f41_a_write_of_its_own_is_told_truly(
    open_source: Open, control: DataSource, proxy: Proxy, direction: str
) -> None:
    """F16, F19, F41: a write outside of a transaction whose answer is lost is unknown, and never written twice."""
    db = open_source(proxy, pool_size=1)
    said = swept(proxy, direction, db, control, lambda name: db.sql("insert into towns (name) values ({n})", n=name).run())
    assert said.count("unknown") > len(said) - 10


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_f19_f37_f38_a_transaction_is_told_truly(
    open_source: Open, control: DataSource, proxy: Proxy, direction: str
) -> None:
    """F19, F37, F38: before its COMMIT is on its way a transaction is rolled back for certain; then it is unknown."""
    db = open_source(proxy, pool_size=1)

    def write(name: str) -> None:
        with db.transaction():
            db.save(Town(name=name))

    said = swept(proxy, direction, db, control, write)
    assert "rolled_back" in said and "unknown" in said


# ---- links that stand still or are slow


def timed(work: Callable[[], Any], expected: type[BaseException]) -> tuple[float, Any]:
    start = time.monotonic()
    with pytest.raises(expected) as failure:
        work()
    return time.monotonic() - start, failure.value


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_f21_a_silent_link_ends_with_the_deadline(open_source: Open, proxy: Proxy, direction: str) -> None:
    """F21: what is sent, or what comes back, vanishes; the request to stop vanishes as well."""
    db = open_source(proxy, pool_size=1)
    assert db.sql("select 1").scalar() == 1
    proxy.stall(direction)
    took, failure = timed(db.sql("select 2").timeout(0.3).scalar, errors.StatementTimeout)
    assert 0.3 <= took < 0.3 + SLACK + BUSY, failure
    proxy.heal()
    assert db.sql("select 3").scalar() == 3
    assert db.pool.stats().closed_broken == 1


def test_f21_a_write_into_a_silent_link_is_unknown(open_source: Open, proxy: Proxy) -> None:
    """F21, F41: nobody knows whether it has arrived."""
    db = open_source(proxy, pool_size=1)
    assert db.sql("select 1").scalar() == 1
    proxy.stall(DOWN)
    _, failure = timed(db.sql("insert into towns (name) values ('x')").timeout(0.1).run, errors.StatementTimeout)
    assert failure.outcome == "unknown"


def test_f21_in_a_transaction_the_silent_link_is_given_up(open_source: Open, control: DataSource, proxy: Proxy) -> None:
    """F21: the block ends in time as well, and nothing of it stays."""
    db = open_source(proxy, pool_size=1)

    def block() -> None:
        with db.transaction():
            db.save(Town(name="lost"))
            proxy.stall(DOWN)
            db.sql("select 1").timeout(0.2).scalar()

    took, _ = timed(block, errors.StatementTimeout)
    assert took < 0.2 + SLACK + BUSY
    proxy.heal()
    assert db.sql("select 1").scalar() == 1
    wait_for = time.monotonic() + 5
    while control.repository(Town).exists() and time.monotonic() < wait_for:
        time.sleep(0.01)
    assert not control.repository(Town).exists()


def test_f02_f21_a_silent_server_is_not_waited_for_while_connecting(open_source: Open, proxy: Proxy) -> None:
    """F02, F21: through the package, by the time of connecting and by that of the statement."""
    proxy.stall(DOWN)
    took, failure = timed(open_source(proxy, connect_timeout=0.3).sql("select 1").scalar, errors.TakeoError)
    assert 0.3 <= took < 0.3 + SLACK + BUSY and failure.outcome == "not_sent", failure
    took, failure = timed(open_source(proxy).sql("select 1").timeout(0.3).scalar, errors.StatementTimeout)
    assert 0.3 <= took < 0.3 + SLACK + BUSY and failure.outcome == "not_sent", failure


def test_f23_the_deadline_is_that_of_the_whole_call(open_source: Open, proxy: Proxy) -> None:
    """F23: a byte in 100 ms is progress, and no reason to wait longer."""
    db = open_source(proxy, pool_size=1)
    assert db.sql("select 1").scalar() == 1
    proxy.throttle(DOWN, 1, 0.1)
    took, _ = timed(db.sql("select repeat('x', 1000)").timeout(0.5).scalar, errors.StatementTimeout)
    assert 0.5 <= took < 0.5 + SLACK + BUSY
    proxy.heal()
    assert db.sql("select 1").scalar() == 1


def test_f23_without_a_deadline_a_slow_link_is_only_slow(open_source: Open, proxy: Proxy) -> None:
    db = open_source(proxy, pool_size=1)
    query = db.sql("select g from generate_series(1, 3) g")
    assert query.scalars() == [1, 2, 3]
    proxy.throttle(DOWN, 3, 0.01)
    assert query.scalars() == [1, 2, 3]
    proxy.throttle(UP, 1, 0.002)
    assert query.scalars() == [1, 2, 3]


VANISHING = """
import subprocess, sys, time
from takeo import DataSource, errors
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
from postgresql_server import Server
with Server() as server:
    db = DataSource(server.url(tcp_user_timeout=1500), pool_size=1)
    assert db.sql("select 1").scalar() == 1
    subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "blackhole"], check=True)
    start = time.monotonic()
    try:
        db.sql("select 2").scalar()
    except errors.ConnectionLost as failure:
        print("lost", time.monotonic() - start, failure.detail)
    subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
    assert db.sql("select 3").scalar() == 3
    db.close()
"""


def test_f21_without_a_deadline_the_kernel_notices(server: Any) -> None:
    """F21: packets vanish, in a network of its own; what ends it is the default that the driver gives libpq (30 s, here
    shorter)."""
    support = os.path.join(os.path.dirname(os.path.dirname(__file__)), "support")
    path = os.pathsep.join([support, *sys.path])
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", VANISHING], env={**os.environ, "PYTHONPATH": path},
                          text=True, capture_output=True, timeout=60)
    if done.returncode and "lost" not in done.stdout:
        if any(words in done.stderr for words in ("not permitted", "No such file", "Specified qdisc", "'tc'", "'ip'")):
            pytest.skip("this machine has no networks of one's own, or none that lose packets")
    assert done.returncode == 0, done.stderr
    word, seconds, *_ = done.stdout.split()
    assert word == "lost" and float(seconds) < 10


# ---- too much


LARGE = """
import resource, sys, time
from takeo import DataSource, errors
url, sql, budget = sys.argv[1:]
db = DataSource(url, pool_size=1, max_result_bytes=int(budget))
pid = db.sql("select pg_backend_pid()").scalar()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.monotonic()
try:
    db.sql(sql).tuples()
except errors.ResultTooLarge:
    took = time.monotonic() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert db.sql("select 1").scalar() == 1
    print(grown, took, pid == db.sql("select pg_backend_pid()").scalar())
db.close()
"""


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 100000) from generate_series(1, 4000)",  # 400 MB
        "select a.oid, b.relname from pg_class a, pg_class b, pg_class c, pg_class d, pg_class e",  # no end in sight
        "with recursive r as (select 1 as n union all select n + 1 from r) select n from r",
    ],
    ids=["large", "endless", "recursive"],
)
def test_f24_f27_the_budget_of_bytes_is_the_limit_of_memory(server: Any, sql: str) -> None:
    """F24, F27: ResultTooLarge at the budget, while the server has far more to say; then the connection is of use."""
    budget = 8 << 20
    done = subprocess.run([sys.executable, "-c", LARGE, server.url(), sql, str(budget)], text=True, capture_output=True,
                          timeout=60, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    grown, took, is_same = done.stdout.split()
    assert int(grown) << 10 < 12 * budget  # objects of Python are larger than what is counted
    assert float(took) < 10
    assert is_same == "True"


def test_f30_more_than_all_buffers_hold_goes_both_ways(open_source: Open, control: DataSource, proxy: Proxy) -> None:
    """F30: 10 000 rows of 10 KiB are inserted, changed and read, which is far more than sockets hold."""
    db = open_source(proxy, pool_size=1)
    towns = [Town(name=f"{number} ".ljust(10240, "x")) for number in range(10_000)]
    start = time.monotonic()
    db.repository(Town).insert(towns)
    for town in towns:
        town.name = f"y{town.name}"
    db.save(towns)
    assert control.sql("select count(*), sum(length(name)), count(distinct id) from towns").one() == (
        10_000, 10_000 * 10_241, 10_000)
    assert sum(len(town.name) for town in db.query(Town).list()) == 10_000 * 10_241
    assert time.monotonic() - start < 60
