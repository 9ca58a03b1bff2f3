"""The builtin door and the interpreter around it: threads, signals, fork, the end of the process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import models
from models import City, Country, Everything
from takeo import DataSource, ref
from takeo._door import door
from takeo.errors import Closed, Forked, InputError, TakeoError

pytestmark = pytest.mark.skipif(door.name != "builtin", reason="about the builtin door")
SANITIZED = "TAKEO_SANITIZED" in os.environ
SECONDS = 0.3 if SANITIZED else 1.0

LONG = "with recursive n(i) as (select 1 union all select i + 1 from n where i < {many}) select count(*) from n"


def _in_threads(count: int, work: Any) -> list[BaseException]:
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def _filled(url: str) -> DataSource:
    db = DataSource(url, entities=models.ALL)
    db.synchronize()
    france = db.repository(Country).save(Country(code="FR", name="France"))
    db.save([City(name=f"city {i}", population=i, country=france, meta={"i": i}) for i in range(300)])
    return db


def test_threads_share_a_source(url: str) -> None:
    db = _filled(url)
    ends = time.monotonic() + 2 * SECONDS
    done = [0] * 6

    def work(number: int) -> None:
        cities = db.repository(City)
        while time.monotonic() < ends:
            done[number] += 1
            if number == 0:
                assert len(cities.find(load=[City.country])) >= 300
            elif number == 1:
                one = db.save(City(name=f"{number} {done[number]}", country=ref(Country, "FR")))
                db.remove(one)
            elif number == 2:
                with db.transaction() as tx:
                    one = tx.get(City, 5)
                    one.population += 1
                    tx.save(one)
            elif number == 3:
                with pytest.raises(InputError):
                    cities.find(City.population == "x")
                cities.query().where(City.id == 7).timeout(20).list()
            elif number == 4:
                assert all(c.meta["i"] == c.id - 1 for c in cities.find(City.id <= 300, order_by=City.id))
                gc.collect()
            else:
                assert db.get(City, 9).name == "city 8"

    assert _in_threads(6, work) == []
    assert db.get(City, 5).population == 4 + done[2]
    assert min(done) > 0
    assert gc.isenabled()
    db.close()


# F49
def test_a_thread_closes_the_source_that_others_use(database: str, new_url: Callable[[], str], url: str) -> None:
    for _ in range(3 if SANITIZED else 10):
        is_file = database == "sqlite" and url != "sqlite://"
        db = _filled(url.replace(".db", f"{time.monotonic_ns()}.db") if is_file else new_url())
        ends = time.monotonic() + 5

        def work(number: int, db: DataSource = db, ends: float = ends) -> None:
            if number == 0:
                time.sleep(0.02)
                db.close()
                return
            while time.monotonic() < ends:
                try:
                    if number == 1:
                        db.repository(City).query().timeout(10).list()
                    elif number == 2:
                        with db.transaction() as tx:
                            tx.save(City(name="x", country=ref(Country, "FR")))
                            raise KeyError
                    else:
                        db.sql(LONG, many=100_000).scalar()
                except KeyError:
                    pass
                except Closed:
                    return
            raise AssertionError("the source was never closed")

        assert _in_threads(5, work) == []
        with pytest.raises(Closed):
            db.get(City, 1)


def test_other_threads_run_during_a_long_statement(memory: DataSource) -> None:
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    began = time.monotonic()
    memory.sql(LONG, many=20_000_000 if SANITIZED else 3_000_000).scalar()
    took = time.monotonic() - began
    stop.set()
    thread.join()
    assert counted > took / 0.001 / 50


def test_the_collector_belongs_to_the_program(memory: DataSource) -> None:
    """While one thread makes rows and another one runs, that one sees the collector as it was, and what
    it does to it stays."""
    memory.sql("create table many (a integer)").run()
    memory.sql("insert into many " + LONG.replace("select count(*)", "select i"), many=300_000).run()
    seen: set[bool] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(gc.isenabled())
            time.sleep(0)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(3):
        assert len(memory.sql("select a, a as b from many").tuples()) == 300_000
    stop.set()
    thread.join()
    assert seen == {True}
    assert gc.isenabled()

    off = threading.Thread(target=lambda: (time.sleep(0.02), gc.disable()))
    off.start()
    while off.is_alive():
        memory.sql("select a, a as b from many").tuples()
    try:
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("in_transaction", [False, True])
def test_ctrl_c_ends_a_long_statement(url: str, in_transaction: bool) -> None:
    db = _filled(url)
    for many in (4_000_000_000, 10):
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            if many == 10:
                assert db.sql(LONG, many=many).scalar() == 10
                time.sleep(1)
            elif in_transaction:
                with db.transaction():
                    db.save(City(name="gone", country=ref(Country, "FR")))
                    db.sql(LONG, many=many).scalar()
            else:
                db.sql(LONG, many=many).scalar()
            raise AssertionError("it was not interrupted")
        except KeyboardInterrupt:
            assert time.monotonic() - began < (2.0 if SANITIZED else 0.3)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert db.repository(City).count() == 300
    assert db.repository(City).count(City.name == "gone") == 0
    db.close()


def test_ctrl_c_while_rows_are_made_leaves_nothing_behind(memory: DataSource) -> None:
    memory.sql("create table many (a integer)").run()
    memory.sql("insert into many " + LONG.replace("select count(*)", "select i"), many=200_000).run()
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = 0
    try:
        for number in range(5 if SANITIZED else 30):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + number * 0.002)
                while True:
                    memory.sql("select a, a as b from many").dicts()
            except KeyboardInterrupt:
                interrupted += 1
                assert gc.isenabled()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert interrupted > 0
    assert memory.sql("select count(*) from many").scalar() == 200_000


# F59
def test_a_signal_handler_cannot_use_the_connection_it_interrupts(new_url: Callable[[], str]) -> None:
    memory = DataSource(new_url(), entities=models.ALL, pool_size=1)
    memory.synchronize()
    codes: list[Any] = []

    def handle(*_: Any) -> None:
        try:
            codes.append(memory.repository(City).count())
        except TakeoError as e:
            codes.append(e.code)

    previous = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        began = time.monotonic()
        while not codes and time.monotonic() - began < 20:
            memory.sql(LONG, many=3_000_000).scalar()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert codes == ["TAKEO.CONNECT.BUSY"]
    assert memory.repository(City).count() == 0
    memory.close()


def test_a_forked_child_uses_a_source_of_its_own(shared_url: str) -> None:
    db = _filled(shared_url)
    scope = db.transaction()
    tx = scope.__enter__()
    tx.save(City(name="x", country=ref(Country, "FR")))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for use in (lambda: db.get(City, 1), lambda: tx.get(City, 1), lambda: tx.rollback()):
                try:
                    use()
                except Forked:
                    continue
                os._exit(2)
            del tx, scope
            own = DataSource(shared_url, entities=models.ALL)
            if own.repository(City).count() == 300:
                status = 0
            own.close()
            db.close()
            del db, own
            gc.collect()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    scope.__exit__(None, None, None)
    assert db.repository(City).count() == 301
    db.close()


def _program(text: str, *args: str) -> subprocess.CompletedProcess[str]:
    here = str(Path(__file__).parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    if SANITIZED:  # what an interpreter keeps at its end is no leak
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "").replace("detect_leaks=1", "detect_leaks=0")
    return subprocess.run(
        [sys.executable, "-X", "dev" if not SANITIZED else "utf8", "-W", "ignore", "-c", textwrap.dedent(text), *args],
        capture_output=True, text=True, timeout=60, env=env,
    )  # fmt: skip


START = """
    import models
    from models import *
    import sys, gc, threading, time, atexit
    from takeo import DataSource, ref, alias
    db = DataSource(sys.argv[1], entities=models.ALL)
    db.synchronize()
    fr = db.save(Country(code="FR", name="France"))
    db.save([City(name=str(i), country=fr) for i in range(100)])
"""

ENDS = {
    "nothing closed": "kept = db.repository(City).find(load=[City.country[Country.cities]])",
    "in a transaction": "scope = db.transaction(); tx = scope.__enter__(); tx.save(City(name='x', country=fr))",
    "in a module": "import builtins; builtins.kept = (db, db.repository(City).find()); models.kept = db",
    "in a cycle": "one = db.get(City, 1); one.meta['db'] = db; one.meta['one'] = one; db.one = one; gc.disable()",
    "at exit": "atexit.register(lambda: db.repository(City).count() == 100 or print('wrong'))",
    "a finalizer": """
        class Last:
            def __del__(self, db=db, City=City):
                db.repository(City).count()
        last = Last()
        """,
    "an exception": """
        try:
            db.save(City(name='x', country=fr, meta={'a': object()}))
        except Exception as e:
            kept = e
        """,
    "a daemon thread": """
        many = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
        threading.Thread(target=lambda: db.sql(many).scalar(), daemon=True).start()
        time.sleep(0.2)
        """,
    "a daemon thread that waits": """
        scope = db.transaction()
        scope.__enter__()
        threading.Thread(target=lambda: db.get(City, 1), daemon=True).start()
        time.sleep(0.2)
        """,
    "a daemon thread in values": """
        class Slow:
            def __index__(self):
                time.sleep(60)
                return 1
        threading.Thread(target=lambda: db.repository(City).find(City.id == Slow()), daemon=True).start()
        time.sleep(0.2)
        """,
    "a daemon thread and close": """
        many = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
        threading.Thread(target=lambda: db.sql(many).scalar(), daemon=True).start()
        time.sleep(0.2)
        db.close()
        """,
    "sys.exit": "sys.exit(0)",
}


# F49
@pytest.mark.parametrize("end", ENDS)
def test_the_interpreter_ends_quietly(shared_url: str, end: str) -> None:
    done = _program(textwrap.dedent(START) + textwrap.dedent(ENDS[end]), shared_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# F49
def test_the_interpreter_ends_within_an_exception(shared_url: str) -> None:
    done = _program(textwrap.dedent(START) + "with db.transaction():\n    raise KeyError('mine')", shared_url)
    assert done.returncode == 1 and done.stderr.endswith("KeyError: 'mine'\n")


def test_types_of_the_door_outlive_the_library(shared_url: str) -> None:
    done = _program(
        textwrap.dedent(START) + "from takeo import _lib\ncity = db.get(City, 1)\nfor name in list(sys.modules):\n"
        "    if name.startswith('takeo'):\n        del sys.modules[name]\n_lib.lib = None\ngc.collect()\nassert city.name == '0'",
        shared_url,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_everything_is_made_in_a_thread(shared_url: str) -> None:
    done = _program(
        """
        import sys, threading
        def work():
            import models
            from takeo import DataSource
            db = DataSource(sys.argv[1], entities=models.ALL)
            db.synchronize()
            assert db.repository(models.City).find() == []
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """,
        shared_url,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_all_types_are_read_by_many_threads(memory: DataSource) -> None:
    memory.save(Everything(json={"a": [1, {"b": None}]}, words=["x"], numbers=[1]))
    ends = time.monotonic() + SECONDS

    def work(number: int) -> None:
        while time.monotonic() < ends:
            one = memory.get(Everything, 1)
            assert one.json == {"a": [1, {"b": None}]} and one.words == ["x"]
            one.json["mine"] = number
            del one.json["mine"]
            memory.save(one)

    assert _in_threads(4, work) == []
