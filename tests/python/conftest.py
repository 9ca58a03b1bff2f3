"""Fixtures: empty databases and databases with all tables, on SQLite or where --database says.

On SQLite they are in memory and in files.  On a server, which TAKEO_TEST_POSTGRESQL names, each is a schema
of its own, made for one test and dropped after it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import models
from models import City, Country
from takeo import DataSource


DATABASES = ["sqlite", "postgresql"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=DATABASES, default="sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "url" in metafunc.fixturenames:
        places = ["memory", "file"] if metafunc.config.getoption("--database") == "sqlite" else ["schema"]
        metafunc.parametrize("url", places, indirect=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    database = item.config.getoption("--database")
    for mark in item.iter_markers():
        if mark.name in DATABASES and mark.name != database:
            pytest.skip(f"{mark.name}: {mark.args[0]}")


class Schemas:
    """Empty schemas of a server."""

    numbers = itertools.count(1)

    def __init__(self, server: str) -> None:
        self.server = server
        self.db = DataSource(server, entities=[])

    def new(self) -> str:
        name = f"takeo_{os.getpid()}_{next(self.numbers)}"
        self.db.sql(f"create schema {name}").run()
        more = f"options=-csearch_path%3D{name}&application_name={name}"
        return f"{self.server}{'&' if '?' in self.server else '?'}{more}"

    def drop(self, url: str) -> None:
        name = url.rpartition("=")[2]
        # A test may have left a connection with locks, or with a statement that has no end.
        self.db.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = {name}", name=name).run()
        self.db.sql(f"drop schema {name} cascade").run()


@pytest.fixture(scope="session")
def database(pytestconfig: pytest.Config) -> str:
    """The kind of database that the tests run on."""
    name: str = pytestconfig.getoption("--database")
    return name


@pytest.fixture(scope="session")
def schemas(database: str) -> Iterator[Schemas | None]:
    if database == "sqlite":
        yield None
        return
    server = os.environ.get(f"TAKEO_TEST_{database.upper()}")
    if not server:
        pytest.exit(f"--database {database} needs TAKEO_TEST_{database.upper()}=<url>; tools/postgres COMMAND sets it", 2)
    made = Schemas(server)
    with made.db:
        yield made


@pytest.fixture
def new_url(schemas: Schemas | None) -> Iterator[Callable[[], str]]:
    """Makes an empty database and gives its url: in memory, for one source, or a schema."""
    if schemas is None:
        yield lambda: "sqlite://"
        return
    urls: list[str] = []

    def new() -> str:
        urls.append(schemas.new())
        return urls[-1]

    yield new
    for url in urls:
        schemas.drop(url)


@pytest.fixture
def shared_url(database: str, new_url: Callable[[], str], tmp_path: Path) -> str:
    """An empty database for several sources or processes: a file or a schema."""
    return f"sqlite:///{tmp_path / 'shared.db'}" if database == "sqlite" else new_url()


@pytest.fixture
def url(request: pytest.FixtureRequest, new_url: Callable[[], str], tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'world.db'}" if request.param == "file" else new_url()


@pytest.fixture
def db(url: str) -> Iterator[DataSource]:
    with DataSource(url, entities=models.ALL) as source:
        source.synchronize()
        yield source


@pytest.fixture
def memory(new_url: Callable[[], str]) -> Iterator[DataSource]:
    """For tests to which a file adds nothing."""
    with DataSource(new_url(), entities=models.ALL) as source:
        source.synchronize()
        yield source


@pytest.fixture
def france(db: DataSource) -> Country:
    return db.repository(Country).save(Country(code="FR", name="France"))  # type: ignore[no-any-return]


@pytest.fixture
def towns(db: DataSource, france: Country) -> list[City]:
    """Five cities of France and one of Italy, by population."""
    italy = Country(code="IT", name="Italy")
    db.save(italy)
    names = ["Ax", "Brest", "Caen", "Dijon", "Evian"]
    made = [City(name=name, population=index * 10, country=france) for index, name in enumerate(names)]
    made.append(City(name="Rome", population=1000, country=italy, tags=["old"], meta={"hills": 7}))
    db.save(made)
    return made
