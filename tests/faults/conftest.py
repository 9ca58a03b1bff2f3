"""Fixtures of the tests that break things around the Python package: a server of their own, a proxy before it, and data
sources that are closed after each test.

The server is made once and put right again by whoever broke it; TAKEO_TEST_POSTGRESQL does not matter here, because nobody
else's server may be killed.  `make test` runs this folder in its step `faults`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from postgresql_server import LOOPBACK, Server, tool  # noqa: E402
from proxy import Proxy  # noqa: E402

SLACK = 0.25  # seconds that a deadline may be passed by
BUSY = 0.5  # and for a machine that has other work
TRUSTED = 0.005  # a connection that was used a moment ago is not looked at before it is used again


@Entity("towns")
class Town:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=20000, unique=True)
    size: Mapped[int] = Column(default=0)


def at_once(*works: Callable[[], Any]) -> None:
    """Each on a thread of its own; the first failure is raised when all have ended."""
    failures: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "it hangs"
    if failures:
        raise failures[0]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    try:
        made = Server({"max_connections": "30", "deadlock_timeout": "100ms", "max_wal_senders": "4", "wal_level": "replica"})
    except tool.NoServer as why:
        pytest.skip(str(why))
    with made:
        yield made


@pytest.fixture(scope="session")
def control(server: Server) -> Iterator[DataSource]:
    """A way to the server that no fault is on: it looks, and it breaks things."""
    with DataSource(server.url(application_name="control"), entities=[Town], pool_size=4) as source:
        source.synchronize()
        yield source


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy((LOOPBACK, server.port)) as made:
        yield made


@pytest.fixture
def open_source(server: Server, control: DataSource) -> Iterator[Callable[..., DataSource]]:
    """Makes data sources on the server; with `through=` by way of a proxy.  The table of towns is empty."""
    control.sql("truncate towns restart identity").run()
    sources: list[DataSource] = []

    def new(through: Proxy | None = None, query: dict[str, str] | None = None, **options: Any) -> DataSource:
        url = server.url(through.port if through is not None else None, **(query or {}))
        sources.append(DataSource(url, entities=[Town], **{"pool_size": 4, "pool_timeout": 20, **options}))
        return sources[-1]

    yield new
    for source in sources:
        source.close()
