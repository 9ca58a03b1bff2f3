"""Connecting to PostgreSQL where names, passwords and encryption are in the way: F04, F08, F11, F12; and peers that talk
nonsense or too much: F25, F26.

What the driver makes of single answers stands in tests/driver; here a program connects: nobody waits longer than he said,
no link that ends is more than a failure, and no certificate is trusted that should not be.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import certificates
from conftest import BUSY, SLACK
from postgresql_server import LOOPBACK, Server
from proxy import DOWN, FIN, RST, UP, Proxy
from takeo import DataSource, errors

PASSWORD = "secret1word"


def connect(url: str, **options: Any) -> str:
    """Connect once; how it went: "" or the failure, which says nothing of the password."""
    try:
        with DataSource(url, **{"pool_size": 1, "connect_timeout": 10, **options}) as db:
            db.connect()
            return "" if db.sql("select 1").scalar() == 1 else "wrong"
    except errors.TakeoError as failure:
        assert isinstance(failure, (errors.ConnectFailed, errors.AuthFailed, errors.ConnectionLost)), failure
        text = f"{failure.code}: {failure} {failure.detail}"
        assert PASSWORD not in text
        return text


# ---- F04: names


SLOW = """
import sys, threading, time
from takeo import DataSource, errors

ticks = []
def tick():
    while True:
        ticks.append(time.monotonic())
        time.sleep(0.002)

def timed(work):
    start = time.monotonic()
    try:
        work()
    except errors.TakeoError as failure:
        print(time.monotonic() - start, type(failure).__name__, failure.outcome)

threading.Thread(target=tick, daemon=True).start()
timed(DataSource("postgresql://me@db.slow.test/d", connect_timeout=0.3).connect)
timed(DataSource("postgresql://me@db.slow.test,other.slow.test/d", connect_timeout=0.3).connect)
timed(DataSource("postgresql://me@db.slow.test/d").sql("select 1").timeout(0.3).scalar)
print(max(after - before for before, after in zip(ticks, ticks[1:])))
start = time.monotonic()
with DataSource(sys.argv[1]) as db:
    assert db.sql("select 1").scalar() == 1
print(time.monotonic() - start, flush=True)
"""


@pytest.fixture(scope="session")
def slow_names(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What makes names ending with slow.test take 30 seconds, to be preloaded."""
    library = str(tmp_path_factory.mktemp("slow") / "slow_names.so")
    source = Path(__file__).parent / "slow_names.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, str(source), "-ldl"], check=True)
    return library


def test_f04_a_name_that_blocks_is_not_waited_for(server: Server, slow_names: str) -> None:
    """F04: the deadline holds, other threads run meanwhile, other sources connect, and the process ends."""
    env = {**os.environ, "LD_PRELOAD": slow_names, "PYTHONPATH": os.pathsep.join(sys.path)}
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SLOW, server.url()], text=True, capture_output=True, timeout=60, env=env)
    assert done.returncode == 0, done.stderr
    *told, lag, other = done.stdout.splitlines()
    assert len(told) == 3
    for line, kind in zip(told, ("ConnectFailed", "ConnectFailed", "StatementTimeout")):
        took, name, outcome = line.split()
        assert 0.3 <= float(took) < 0.3 + SLACK + BUSY
        assert (name, outcome) == (kind, "not_sent")
    assert float(lag) < 0.05 + SLACK + BUSY
    assert float(other) < 1 + SLACK + BUSY
    assert time.monotonic() - start < 10  # nobody joins the threads that still look names up


# ---- F08: links that end


@pytest.fixture(scope="module")
def guarded(server: Server, control: DataSource) -> Iterator[str]:
    """The query of a role that proves itself by a password."""
    rules = server.folder / "data/pg_hba.conf"
    before = rules.read_text()
    control.sql(f"create role guarded login password '{PASSWORD}'").run()
    rules.write_text(f"host all guarded all scram-sha-256\n{before}")
    server.reload()
    yield f"user=guarded&password={PASSWORD}"
    rules.write_text(before)
    server.reload()
    control.sql("drop role guarded").run()


class Tls:
    """Encryption of the server, with whichever certificate a test wants it to show."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.authority = certificates.Authority(folder)
        for name in ("good", "revoked"):
            self.authority.sign(name)
        self.authority.sign("expired", until="20200102000000Z")
        self.authority.sign("elsewhere", host="db.example.org")
        self.authority.sign_itself("alone")
        self.authority.revoke("revoked")

    def show(self, name: str) -> None:
        for kind in ("crt", "key"):
            path = self.server.folder / f"data/server.{kind}"
            path.write_bytes((self.folder / f"{name}.{kind}").read_bytes())
            self.server.own(path)
        self.server.reload()

    def url(self, port: int | None = None, mode: str = "verify-full", root: str = "ca.crt", **more: str) -> str:
        words = {"host": certificates.HOST, "hostaddr": LOOPBACK, "sslrootcert": self.folder / root, "sslmode": mode, **more}
        return self.server.url(port, **words)


@pytest.fixture(scope="module")
def tls(server: Server, control: DataSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    if not certificates.is_there():
        pytest.skip("no program openssl: tools/setup test installs it")
    made = Tls(server, tmp_path_factory.mktemp("tls"))
    made.show("good")
    control.sql("alter system set ssl = on").run()
    server.reload()
    yield made
    control.sql("alter system reset ssl").run()
    server.reload()


def sweep(proxy: Proxy, url: str, direction: str, step: int) -> None:
    """Cut the link at every step-th byte of connecting: a failure within its time, or it was over."""
    proxy.heal()
    before = proxy.count(direction)
    with DataSource(url) as db:
        db.connect()
        length = proxy.count(direction) - before
    assert length > 200
    failed = 0
    for after in range(0, length, step):
        proxy.cut(direction, after, RST if after // step % 2 else FIN)
        start = time.monotonic()
        told = connect(url)
        assert time.monotonic() - start < 2
        if told:
            failed += 1
            assert told.startswith(("TAKEO.CONNECT.", "TAKEO.SERVER.LOST")), (after, told)
    proxy.heal()
    assert failed >= length // step - 1 - 6 // step  # what comes last is not needed
    assert connect(url) == ""


EVERY = pytest.param(1, marks=pytest.mark.slow, id="every")


@pytest.mark.parametrize("direction", [UP, DOWN])
@pytest.mark.parametrize("step", [pytest.param(13, id="some"), EVERY])
def test_f08_a_link_that_ends_while_the_password_is_proved(
    server: Server, proxy: Proxy, guarded: str, direction: str, step: int
) -> None:
    """F08: inside SCRAM, and in all that comes before and behind."""
    sweep(proxy, f"{server.url(proxy.port)}&{guarded}", direction, step)


@pytest.mark.parametrize("direction", [UP, DOWN])
@pytest.mark.parametrize("step", [pytest.param(29, id="some"), EVERY])
def test_f08_a_link_that_ends_while_encryption_begins(
    proxy: Proxy, tls: Tls, guarded: str, direction: str, step: int
) -> None:
    """F08: inside the handshake of TLS, and inside SCRAM within it."""
    sweep(proxy, f"{tls.url(proxy.port)}&{guarded}&channel_binding=require", direction, step)


# ---- F11, F12: who speaks


def test_f11_bytes_before_encryption_are_refused(proxy: Proxy, tls: Tls) -> None:
    """F11: what came in clear before the handshake is not taken for what the server says (CVE-2021-23222)."""
    for mode in ("require", "verify-full"):
        assert connect(tls.url(proxy.port, mode)) == ""
        proxy.end()  # its last words are not meant
        proxy.inject(DOWN, 1, b"R\0\0\0\10\0\0\0\0")  # "you are in", behind the word that encryption is to be had
        told = connect(tls.url(proxy.port, mode))
        assert told.startswith("TAKEO.CONNECT.TLS"), told
        assert "before encryption" in told, told


@pytest.mark.parametrize(
    "shown, more",
    [
        ("expired", {}),
        ("elsewhere", {}),
        ("alone", {}),
        ("good", {"root": "stranger.crt"}),
        ("revoked", {"sslcrl": "revoked.crl"}),
    ],
    ids=["expired", "another-host", "self-signed", "another-authority", "revoked"],
)
def test_f12_a_certificate_that_is_not_good_is_refused(tls: Tls, shown: str, more: dict[str, str]) -> None:
    """F12: verify-full takes none of these, and says that the certificate is why; the good one it takes."""
    crl = {"sslcrl": str(tls.folder / "revoked.crl")} if "sslcrl" in more else {}
    root = more.get("root", "ca.crt")
    try:
        tls.show(shown)
        told = connect(tls.url(root=root, **crl))
        assert told.startswith("TAKEO.CONNECT.TLS"), told
        assert "certificate" in told and PASSWORD not in told
        if shown == "elsewhere":
            assert "is not for this host" in told
        else:
            for reason in ("expired", "revoked", "sslrootcert"):  # libpq does not say which; the hint names them
                assert reason in told
    finally:
        tls.show("good")
    assert connect(tls.url(**crl)) == ""


# ---- F25, F26: a peer that talks nonsense, or never stops talking


def message(letter: bytes, body: bytes) -> bytes:
    return letter + (len(body) + 4).to_bytes(4, "big") + body


GREETING = message(b"R", b"\0\0\0\0") + b"".join(
    message(b"S", f"{name}\0{value}\0".encode())
    for name, value in {"server_version": "15.1", "client_encoding": "UTF8", "standard_conforming_strings": "on",
                        "DateStyle": "ISO, MDY", "IntervalStyle": "iso_8601"}.items()
) + message(b"K", bytes(8))
CHATTER = {
    "notices": message(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mhello\0\0"),
    "settings": message(b"S", b"TimeZone\0Asia/Kathmandu\0"),
    "notifications": message(b"A", b"\0\0\0\7channel\0payload\0"),
}


class Chatterbox:
    """A server that greets and then says the same for ever, or once, when a statement comes or in the middle of its
    greeting.  It never ends a connection."""

    def __init__(self, words: bytes, greeting: bytes, is_endless: bool = True) -> None:
        self.words = words * (65536 // len(words)) if is_endless else words
        self.is_endless = is_endless
        self.greeting = greeting
        self.clients: list[socket.socket] = []
        self.listener = socket.create_server((LOOPBACK, 0))
        self.url = f"postgresql://me@{LOOPBACK}:{self.listener.getsockname()[1]}/d?sslmode=disable&gssencmode=disable"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        try:
            client.recv(4096)
            client.sendall(self.greeting)
            if self.greeting.endswith(b"I"):  # ready for a statement
                client.recv(4096)
            client.sendall(self.words)
            while self.is_endless:
                client.sendall(self.words)
        except OSError:
            pass

    def __enter__(self) -> Chatterbox:
        return self

    def __exit__(self, *raised: object) -> None:
        for end in (self.listener, *self.clients):  # who was left behind by a deadline still listens
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


NONSENSE = {
    "another-protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "long": b"D\177\377\377\377xxxx",
    "short": b"D\0\0\0\1",
    "many-columns": b"T" + (6).to_bytes(4, "big") + b"\377\377",
    "negative-length": b"T\0\0\0\36\0\1a\0" + bytes(18) + b"\0\0\0D\0\0\0\12\0\1\377\377\377\0",
    "wrong-order": b"Z\0\0\0\5IC\0\0\0\15SELECT 1\0Z\0\0\0\5I",
    "part-of-one": b"1\0\0",
}


@pytest.mark.parametrize("words", NONSENSE)
def test_f25_nonsense_is_a_failure_in_time(words: str) -> None:
    """F25: also where the peer says nothing more and does not close; and nothing of it is taken for an answer."""
    greeting = GREETING + message(b"Z", b"I")
    with Chatterbox(NONSENSE[words], greeting, is_endless=False) as server, DataSource(server.url, pool_size=1) as db:
        db.connect()
        start = time.monotonic()
        with pytest.raises((errors.StatementTimeout, errors.ConnectionLost, errors.ProtocolError)):
            db.sql("select 1").timeout(0.4).tuples()
        assert time.monotonic() - start < 0.4 + SLACK + BUSY
        assert db.pool.stats().closed_broken == 1


@pytest.mark.parametrize("words", CHATTER)
def test_f26_endless_chatter_ends_with_the_deadline(words: str) -> None:
    """F26: while a statement runs, and memory stays as it is."""
    with Chatterbox(CHATTER[words], GREETING + message(b"Z", b"I")) as server, DataSource(server.url, pool_size=1) as db:
        db.connect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.monotonic()
        with pytest.raises(errors.StatementTimeout) as failure:
            db.sql("select 1").timeout(0.4).scalar()
        assert 0.4 <= time.monotonic() - start < 0.4 + SLACK + BUSY
        assert failure.value.outcome is None
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB
        assert db.pool.stats().closed_broken == 1


@pytest.mark.parametrize("words", ["settings", "notifications"])
def test_f26_endless_chatter_while_connecting_ends_with_the_deadline(words: str) -> None:
    """F26: the server never says that it is ready."""
    with Chatterbox(CHATTER[words], GREETING) as server:
        start = time.monotonic()
        told = connect(server.url, connect_timeout=0.4)
        assert 0.4 <= time.monotonic() - start < 0.4 + SLACK + BUSY
        assert re.match(r"TAKEO\.CONNECT\.TIMEOUT", told), told
