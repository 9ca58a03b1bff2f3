"""A function as `password=` (PG-01): when and where it is called, and what becomes of what it gives and raises."""

from __future__ import annotations

import gc
import os
import socket
import threading
import traceback
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from takeo import DataSource, errors

SECRET = "pa55-of-nobody"


class Tokens:
    """A function that gives another password each time and notes who asked."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self) -> str:
        self.threads.append(threading.get_ident())
        return f"{SECRET}-{len(self.threads)}"


class Guard:
    """A server that asks for the password in plain text, notes it and lets nobody in."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.url = f"postgresql://me:old@127.0.0.1:{port}/d?sslmode=disable&gssencmode=disable"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                client.recv(4096)
                client.sendall(b"R\0\0\0\x08\0\0\0\x03")
                said = client.recv(8192)
                self.seen.append(said[5:-1])
                words = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed with " + said[5:-1] + b"\0\0"
                client.sendall(b"E" + (len(words) + 4).to_bytes(4, "big") + words)


@pytest.fixture
def guard() -> Iterator[Guard]:
    made = Guard()
    yield made
    made.listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
    made.thread.join(20)
    made.listener.close()


@pytest.mark.postgresql("SQLite asks for no password")
def test_pg_01_a_password_is_asked_for_each_try_and_sent(guard: Guard) -> None:
    tokens = Tokens()
    with pytest.raises(errors.AuthFailed) as failure:
        DataSource(guard.url, entities=[], password=tokens).connect()
    first = len(guard.seen)
    assert set(guard.seen) == {f"{SECRET}-1".encode()} and len(tokens.threads) == 1
    assert SECRET not in str(failure.value) and SECRET not in str(failure.value.to_dict())
    with pytest.raises(errors.AuthFailed):
        DataSource(guard.url, entities=[], driver_options={"password": "x"}, password=tokens).connect()
    assert set(guard.seen[first:]) == {f"{SECRET}-2".encode()}


@pytest.mark.postgresql("SQLite asks for no password")
def test_pg_01_the_pool_asks_once_for_each_connection(url: str) -> None:
    tokens = Tokens()
    with DataSource(url, entities=[], password=tokens, pool_min=3, pool_size=4) as db:  # connects
        assert tokens.threads == [threading.get_ident()] * 3
        assert SECRET not in repr(db) and SECRET not in str(vars(db))
        for _ in range(5):
            assert db.sql("select 1").scalar() == 1
        assert len(tokens.threads) == 3
        ours = db.sql("select array_agg(pid) from pg_stat_activity where pid <> pg_backend_pid() and "
                      "application_name = current_setting('application_name')").scalar()
        for pid in ours:  # as when the server restarts
            db.sql("select pg_terminate_backend({pid}, 5000)", pid=pid).run()
        with db.transaction():
            done = threading.Thread(target=lambda: db.sql("select 1").scalar())
            done.start()
            done.join(20)
        assert len(tokens.threads) == 4 and tokens.threads[3] == done.ident  # by the thread that needs it


class NoToken(Exception):
    pass


@pytest.mark.postgresql("SQLite asks for no password")
def test_pg_01_what_the_function_raises_is_the_cause(url: str) -> None:
    reasons: list[BaseException | None] = [NoToken("the role is gone"), KeyboardInterrupt(), None]

    def token() -> str:
        reason = reasons.pop(0)
        if reason is not None:
            raise reason
        return SECRET

    db = DataSource(url, entities=[], password=token)
    with pytest.raises(errors.ConnectFailed) as failure:
        db.connect()
    assert failure.value.code == "TAKEO.CONNECT.PASSWORD" and failure.value.outcome == "not_sent"
    assert isinstance(failure.value.__cause__, NoToken)
    with pytest.raises(KeyboardInterrupt):
        db.connect()
    assert db.sql("select 1").scalar() == 1 and not reasons
    db.close()


@pytest.mark.postgresql("SQLite asks for no password")
@pytest.mark.parametrize("given", [None, SECRET.encode(), f"{SECRET}\0", f"{SECRET}\udc80", SECRET * 10000])
def test_pg_01_s21_what_is_no_password_is_refused_and_not_shown(url: str, given: Any) -> None:
    db = DataSource(url, entities=[], password=lambda: given)
    with pytest.raises(errors.ConnectFailed) as failure:
        db.connect()
    assert failure.value.code == "TAKEO.CONNECT.PASSWORD"
    told: Any = failure.value
    while told is not None:
        assert SECRET not in repr(told) and SECRET not in repr(told.to_dict())
        for frame, _ in traceback.walk_tb(told.__traceback__):
            assert "tests" in frame.f_code.co_filename or SECRET not in repr(frame.f_locals)
        told = told.__cause__ or told.__context__


@pytest.mark.postgresql("SQLite asks for no password")
def test_pg_01_a_child_asks_for_itself(url: str) -> None:
    tokens = Tokens()
    with DataSource(url, entities=[], password=tokens) as db:
        child = os.fork()
        if child == 0:
            try:
                db.sql("select 1").scalar()
                os._exit(1)
            except errors.Forked:
                own = DataSource(url, entities=[], password=tokens)
                good = own.sql("select 1").scalar() == 1 and len(tokens.threads) == 2
                own.close()
                os._exit(0 if good else 2)
        assert os.waitpid(child, 0)[1] == 0
        assert db.sql("select 1").scalar() == 1 and len(tokens.threads) == 1


@pytest.mark.postgresql("SQLite asks for no password")
def test_pg_01_the_function_goes_with_its_source(url: str) -> None:
    tokens = Tokens()
    seen = weakref.ref(tokens)
    db = DataSource(url, entities=[], password=tokens)
    db.connect().close()
    del db, tokens
    gc.collect()
    assert seen() is None


@pytest.mark.sqlite("PostgreSQL asks for a password")
def test_pg_01_sqlite_takes_no_password(url: str) -> None:
    tokens = Tokens()
    with pytest.raises(errors.ConfigError) as failure:
        DataSource(url, entities=[], password=tokens).connect()
    assert "sqlite takes none" in str(failure.value) and not tokens.threads


def test_s21_a_password_that_is_no_text_is_not_shown(url: str) -> None:
    for given in (f"{SECRET}\0", f"{SECRET}\udc80"):
        with pytest.raises(errors.InputError) as failure:
            DataSource(url, entities=[], password=given).connect()
        assert SECRET not in str(failure.value) and SECRET not in str(failure.value.to_dict())
