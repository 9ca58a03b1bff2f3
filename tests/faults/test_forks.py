"""A fork at any moment, on every database: F54.

What a fork does to a process is tried in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postgresql_server import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fork.db"
    server: Server = request.getfixturevalue("server")
    return server.url(application_name="fork")


def run(program: str, *words: str) -> None:
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


IN_THE_MIDDLE = """
import os, signal, sys, threading, warnings
from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn, errors
warnings.simplefilter("ignore")  # of forks beside threads
url, how = sys.argv[1:]

@Entity("things")
class Thing:
    id: Mapped[int] = PrimaryGeneratedColumn()

parent = os.getpid()
is_inside, may_go_on = threading.Event(), threading.Event()

class Slow(list):
    def __iter__(self):
        if os.getpid() == parent:
            is_inside.set()
            may_go_on.wait()
        return super().__iter__()

db = DataSource(url, entities=[Thing] if how == "held" else Slow([Thing]))
def work():
    if how == "held":
        db.connect()
        def hold(pointer):
            is_inside.set()
            may_go_on.wait()
        db._with_pointer(hold)
    else:
        db.connect()
thread = threading.Thread(target=work)
thread.start()
is_inside.wait()
child = os.fork()
if child == 0:
    signal.alarm(10)  # it hangs
    code = 3
    try:
        if how == "held":
            try:
                db.sql("select 1").scalar()
            except errors.Forked:
                db.close()
                code = 0
        elif how == "close":
            db.close()
            try:
                db.sql("select 1").scalar()
            except errors.Closed:
                code = 0
        else:  # nothing was opened yet, so the child opens its own
            code = 0 if db.sql("select 1").scalar() == 1 else 4
            db.close()
    finally:
        os._exit(code)
status = os.waitpid(child, 0)[1]
may_go_on.set()
thread.join()
assert status == 0, status
assert db.sql("select 2").scalar() == 2
db.close()
"""


@pytest.mark.skipif("TAKEO_SANITIZED" in os.environ, reason="the sanitizer's own locks do not outlive a fork")
@pytest.mark.parametrize("how", ["use", "close", "held"])
def test_f54_a_fork_while_another_thread_opens_the_source(address: str, how: str) -> None:
    """F54: the other thread is not there in the child, and what it held is free."""
    run(IN_THE_MIDDLE, address, how)


OPENED_AT_ONCE = """
import os, signal, sys, threading, warnings
from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn, errors
warnings.simplefilter("ignore")

@Entity("things")
class Thing:
    id: Mapped[int] = PrimaryGeneratedColumn()

sys.setswitchinterval(1e-5)
for number in range(60):
    db = DataSource(sys.argv[1], entities=[Thing])
    threads = [threading.Thread(target=lambda: db.sql("select 1").scalar()) for _ in range(2)]
    for thread in threads:
        thread.start()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        code = 3
        try:
            code = 0 if db.sql("select 1").scalar() == 1 else 4
        except errors.Forked:  # it was opened before
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    for thread in threads:
        thread.join()
    assert status == 0, (number, status)
    db.close()
"""


@pytest.mark.skipif("TAKEO_SANITIZED" in os.environ, reason="the sanitizer's own locks do not outlive a fork")
def test_f54_forks_beside_first_uses(address: str) -> None:
    """F54: wherever the others stand, the child has the whole of a source or opens its own."""
    run(OPENED_AT_ONCE, address)
