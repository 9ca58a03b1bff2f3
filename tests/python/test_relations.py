"""Relations, cascades and loading."""

from __future__ import annotations

import pytest

from models import Cat, City, Country, Move, Passport, Person, Stock
from takeo import DataSource, NotLoaded, ref
from takeo.errors import ForeignKeyViolation, InputError
from takeo.types import is_loaded


def test_load_01_paths(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    found = cities.find(order_by=City.id, load=[City.country[Country.cities]])
    assert found[0].country is found[1].country  # the same row is one object
    assert found[0].country.cities[0] in found[0].country.cities
    assert sorted(c.name for c in found[0].country.cities) == ["Ax", "Brest", "Caen", "Dijon", "Evian"]
    assert [c.name for c in found[5].country.cities] == ["Rome"]


def test_load_03_nothing_is_fetched_behind_the_programs_back(db: DataSource, towns: list[City]) -> None:
    city = db.get(City, 1)
    with pytest.raises(NotLoaded) as e:
        city.country  # noqa: B018
    assert "load=[City.country]" in str(e.value) and "db.load" in str(e.value)
    assert not isinstance(e.value, AttributeError)
    with pytest.raises(NotLoaded):
        hasattr(city, "country")


def test_load_04_by_join_or_by_query(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    for path in (City.country.by("join"), City.country.by("query")):
        assert [c.country.code for c in cities.find(order_by=City.id, load=[path])] == ["FR"] * 5 + ["IT"]
    assert " join " in str(cities.query().load(City.country))
    assert " join " not in str(cities.query().load(City.country.by("query")))
    with pytest.raises(InputError):
        City.country.by("magic")


def test_load_06_and_08_for_objects_in_hand(db: DataSource, towns: list[City]) -> None:
    found = db.repository(City).find(order_by=City.id)
    db.load(found, City.country[Country.cities], City.twin)
    assert found[0].country.name == "France" and found[0].twin is None
    assert len(found[0].country.cities) == 5
    france = found[0].country
    db.load(found, City.country)
    assert found[0].country is france  # what is loaded is left
    db.load(found, City.country, reload=True)
    assert found[0].country is not france
    with pytest.raises(InputError, match="no relation of City"):
        db.load(found, Country.cities)
    with pytest.raises(InputError, match="load takes relations"):
        db.load(found, City.name)


def test_rel_17_not_loaded_none_and_empty_differ(db: DataSource, france: Country) -> None:
    spain = Country(code="ES", name="Spain")
    db.save(spain)
    (found,) = db.repository(Country).find(Country.code == "ES", load=[Country.cities])
    assert found.cities == []
    assert not is_loaded(db.get(Country, "ES"), Country.cities)
    city = db.repository(City).save(City(name="x", country=france))
    assert db.repository(City).get(city.id, load=[City.twin]).twin is None


def test_find_13_a_condition_does_not_thin_out_what_is_loaded(db: DataSource, towns: list[City]) -> None:
    (found,) = db.repository(Country).find(Country.cities.any(City.name == "Ax"), load=[Country.cities])
    assert len(found.cities) == 5


def test_fetch_order_of_a_collection(db: DataSource, towns: list[City]) -> None:
    db.save([Person(name=n, city=towns[0]) for n in ("Zoe", "Ann", "Max")])
    city = db.repository(City).get(1, load=[City.people])
    assert [p.name for p in city.people] == ["Ann", "Max", "Zoe"]


def test_a_collection_alone_saves_nobody(db: DataSource, towns: list[City]) -> None:
    found = db.repository(Country).get("FR", load=[Country.cities])
    found.cities = [c for c in found.cities if c.name != "Ax"]
    with pytest.raises(InputError, match="was assigned"):  # rather than saying nothing
        db.save(found)
    assert db.repository(City).count() == 6


def test_rel_18_a_new_object_only_adds(db: DataSource, towns: list[City]) -> None:
    france = Country(code="FR", name="La France")
    france.cities.append(City(name="Gap", country=france))
    db.repository(Country).upsert(france, on=[Country.code])
    assert db.repository(City).count() == 6


def test_save_13_an_unsaved_related_object_is_refused(db: DataSource) -> None:
    with pytest.raises(InputError) as e:
        db.save(City(name="x", country=Country(code="ES", name="Spain")))
    assert e.value.code == "TAKEO.INPUT.UNSAVED"


def test_rel_08_on_delete_cascade_and_restrict(db: DataSource, towns: list[City]) -> None:
    db.save(Person(name="Ann", city=towns[0]))
    db.repository(Country).delete(Country.code == "IT")
    assert db.repository(City).count() == 5
    with pytest.raises(ForeignKeyViolation):
        db.repository(City).delete(City.id == 1)


def test_rel_09_required_relation(db: DataSource) -> None:
    city = City(name="x", country=None)
    with pytest.raises(InputError) as e:
        db.save(city)
    assert e.value.field == "country"


def test_rel_13_to_itself(db: DataSource) -> None:
    root = Cat(name="a")
    mid = Cat(name="b", parent=root)
    leaf = Cat(name="c", parent=mid)
    db.save([leaf, mid, root])
    found = db.repository(Cat).get(leaf.id, load=[Cat.parent[Cat.parent]])
    assert found.parent.parent.name == "a"
    assert found.parent.parent.id == root.id


def test_rel_14_keys_of_several_columns(db: DataSource) -> None:
    stock = Stock(shop=1, sku="a", amount=3)
    move = Move(item=stock, by=2)
    db.save([move, stock])
    found = db.repository(Move).get(move.id, load=[Move.item])
    assert found.item.amount == 3
    assert db.repository(Move).count(Move.item == ref(Stock, (1, "a"))) == 1
    assert db.repository(Move).count(Move.item == ref(Stock, (1, "b"))) == 0
    assert db.repository(Move).count(Move.item.in_([stock])) == 1
    found.item = ref(Stock, (1, "a"))
    db.save(found)
    assert db.repository(Move).count(Move.item[Stock.sku] == "a") == 1


def test_rel_03_one_to_one_from_both_sides(db: DataSource) -> None:
    ann = Person(name="Ann")
    db.save([ann, Passport(owner=ann, number="7")])
    (found,) = db.repository(Person).find(load=[Person.passport])
    assert found.passport.number == "7"
    (passport,) = db.repository(Passport).find(load=[Passport.owner])
    assert passport.owner.name == "Ann"


def test_rel_12_the_declared_key_and_the_relation_at_save(db: DataSource, towns: list[City]) -> None:
    ann = Person(name="Ann", city_id=1)
    db.save(ann)
    found = db.repository(Person).get(ann.id, load=[Person.city])
    assert (found.city_id, found.city.name) == (1, "Ax")
    found.city = towns[5]
    assert found.city_id == 6
    db.save(found)
    assert db.get(Person, ann.id).city_id == 6
    found.city_id = None
    db.save(found)
    assert db.repository(Person).find_one(Person.city.is_null()).name == "Ann"


def test_a_relation_takes_no_bare_key(db: DataSource) -> None:
    for wrong in ("FR", {"code": "FR"}, 3):
        with pytest.raises(InputError):
            db.save(City(name="x", country=wrong))
    with pytest.raises(InputError):
        db.save(City(name="x", country=Cat(name="cat")))
