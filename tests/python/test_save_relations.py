"""Relations that are assigned to objects that were read: what save writes of them, and what it refuses."""

from __future__ import annotations

import pytest

from models import City, Country, Person
from takeo import DataSource
from takeo.errors import InputError


@pytest.fixture
def world(memory: DataSource) -> DataSource:
    countries = [Country(code="FR", name="France"), Country(code="IT", name="Italy")]
    memory.save(countries)
    memory.save([City(name="Paris", country=countries[0]), City(name="Rome", country=countries[1])])
    return memory


def city(world: DataSource, name: str) -> City:
    return world.repository(City).find(City.name == name)[0]


def test_an_assigned_list_is_refused(world: DataSource) -> None:
    """SAVE: a list says that its members are to be written, which save does not do."""
    country = world.repository(Country).get("FR")
    country.cities = [city(world, "Rome")]
    with pytest.raises(InputError, match="was assigned") as e:
        world.save(country)
    assert (e.value.entity, e.value.field) == ("Country", "cities")
    assert e.value.hint
    assert city(world, "Rome").name == "Rome"


def test_a_relation_over_a_declared_key_is_saved(world: DataSource) -> None:
    """SAVE: the relation alone was changed; its key column is a field of its own."""
    people = world.repository(Person)
    paris, rome = city(world, "Paris"), city(world, "Rome")
    people.save(Person(name="Ada", email=None, secret=None, city=paris))
    ada = people.find(Person.name == "Ada")[0]
    assert ada.city_id == paris.id
    ada.city = rome
    people.save(ada)
    assert people.find(Person.name == "Ada")[0].city_id == rome.id
    assert ada.city_id == rome.id
    ada = people.find(Person.name == "Ada")[0]
    ada.city = None
    people.save(ada)
    assert people.find(Person.name == "Ada")[0].city_id is None


def test_a_relation_over_a_hidden_key_is_saved(world: DataSource) -> None:
    """SAVE: as it is with a declared key."""
    rome = city(world, "Rome")
    france = world.repository(Country).get("FR")
    rome.country = france
    world.save(rome)
    assert world.repository(City).count(City.country == france) == 2
