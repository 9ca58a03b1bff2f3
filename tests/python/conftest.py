"""Fixtures: a database with all tables, in memory and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from models import City, Country
from takeo import DataSource


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}"


@pytest.fixture
def db(url: str) -> Iterator[DataSource]:
    with DataSource(url, entities=models.ALL) as source:
        source.synchronize()
        yield source


@pytest.fixture
def memory() -> Iterator[DataSource]:
    """For tests to which a file adds nothing."""
    with DataSource("sqlite://", entities=models.ALL) as source:
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
