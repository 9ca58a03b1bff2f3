"""Every verb of a repository, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from models import Cat, City, Country, Defaulted, Everything, Passport, Person, Status, Stock, Tag
from takeo import (
    SKIP,
    UNSET,
    Column,
    DataSource,
    Entity,
    ManyToOne,
    Mapped,
    NotFound,
    NotLoaded,
    OneToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    Repository,
    Unique,
    count,
    ref,
)
from takeo import functions as fn
from takeo.errors import InputError, MultipleFound, UniqueViolation, UnknownField, UnsafeQuery
from takeo.types import is_loaded


def test_save_01_inserts_what_is_new_and_updates_what_exists(db: DataSource, france: Country) -> None:
    cities = db.repository(City)
    lyon = City(name="Lyon", country=france)
    assert cities.save(lyon) is lyon  # REPO-01
    assert lyon.id == 1
    lyon.name = "Lugdunum"
    cities.save(lyon)
    assert [c.name for c in cities.find()] == ["Lugdunum"]


def test_save_03_without_a_change_sends_nothing(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    found = cities.get(1)
    db.sql("update cities set name = 'other' where id = 1").run()
    cities.save(found)
    assert cities.get(1).name == "other"
    found.population = 77  # only this column is written
    cities.save(found)
    assert (cities.get(1).name, cities.get(1).population) == ("other", 77)


def test_save_04_key_by_hand_updates_what_was_given(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    cities.save(City(id=2, name="Quimper", country=ref(Country, "IT")))
    found = cities.get(2, load=[City.country])
    assert (found.name, found.country.code) == ("Quimper", "IT")
    assert found.population == 10  # a default is not "given"
    with pytest.raises(NotFound) as e:
        cities.save(City(id=99, name="None", country=ref(Country, "IT")))
    assert e.value.code == "TAKEO.WRITE.NOT_FOUND"
    assert cities.count() == 6


def test_save_06_all_or_nothing_and_save_12_objects_stay(db: DataSource, france: Country) -> None:
    cities = db.repository(City)
    a, b = City(name="same", country=france), City(name="same", country=france)
    with pytest.raises(UniqueViolation):
        cities.save([a, b])
    assert cities.count() == 0
    for city in (a, b):
        with pytest.raises(NotLoaded):
            city.id  # noqa: B018
    b.name = "other"
    cities.save([a, b])
    assert {a.id, b.id} == {c.id for c in cities.find()}


def test_save_08_keys_of_a_batch_go_to_the_right_objects(db: DataSource, france: Country) -> None:
    many = [City(name=f"c{i}", population=i, country=france) for i in range(500)]
    assert db.repository(City).save(many) is many
    stored = {c.id: c.name for c in db.repository(City).find()}
    assert all(stored[city.id] == city.name for city in many)


def test_save_09_generated_values_come_back(db: DataSource) -> None:
    person = Person(name="Ann")
    db.save(person)
    assert person.id.version == 7  # PK-03
    assert person.made == "now"  # COL-05
    made = Defaulted()
    db.save(made)
    assert made.late == "late"


def test_save_11_several_kinds_in_one_list(db: DataSource) -> None:
    spain = Country(code="ES", name="Spain")
    vigo = City(name="Vigo", country=spain)
    ann = Person(name="Ann", city=vigo)
    db.save([ann, vigo, spain])  # SAVE-07: parents first
    assert db.repository(Person).get(ann.id).city_id == vigo.id


def test_save_13_what_cannot_be_saved_is_named(db: DataSource, france: Country) -> None:
    with pytest.raises(InputError, match="no City"):
        db.repository(City).save({"name": "x"})
    with pytest.raises(InputError, match="no City"):
        db.repository(City).save([france])
    with pytest.raises(InputError, match="no entity"):
        db.save({"name": "x"})
    with pytest.raises(InputError):
        db.save(City(name="x", country=Country(code="XX", name="unsaved")))


def test_repo_07_insert_keeps_a_key_by_hand_pk_11(database: str, db: DataSource, france: Country) -> None:
    cities = db.repository(City)
    lyon = cities.insert(City(id=50, name="Lyon", country=france))
    assert cities.get(50).name == lyon.name
    a, b = cities.insert([City(name="a", country=france), City(name="b", country=france)])
    # SQLite goes on behind the highest key; an identity of PostgreSQL counts by itself.
    assert {a.id, b.id} == ({51, 52} if database == "sqlite" else {1, 2})


def test_repo_08_update_by_condition(db: DataSource, towns: list[City], france: Country) -> None:
    cities = db.repository(City)
    assert cities.update(City.country == france, population=5) == 5
    assert cities.update(City.name == "Ax", City.population.to(City.population + 1)) == 1  # REPO-11
    assert cities.find_one_by(name="Ax").population == 6
    assert cities.update(City.name == "Ax", country=ref(Country, "IT")) == 1
    assert cities.count(City.country == ref(Country, "IT")) == 2
    with pytest.raises(UnknownField, match="populatoin"):
        cities.update(City.name == "Ax", populatoin=1)
    with pytest.raises(InputError, match="sets nothing"):
        cities.update(City.name == "Ax", population=SKIP)


def test_repo_08_update_one_gives_the_row(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    found = cities.update_one(1, City.population.to(City.population + 5), name="New", founded=None)
    assert (found.id, found.name, found.population, found.founded) == (1, "New", 5, None)
    assert cities.update_one(99, name="x") is None


def test_repo_09_upsert(db: DataSource, towns: list[City], france: Country) -> None:
    cities = db.repository(City)
    old = City(name="Ax", population=500, country=france)
    new = City(name="Zug", population=3, country=france)
    done = cities.upsert([old, new], on=[City.country, City.name], update=[City.population])
    assert (done.inserted, done.updated, done.skipped) == ([new], [old], [])
    assert cities.find_one_by(name="Ax").population == 500
    assert old.id == 1 and new.id not in (None, UNSET)
    again = cities.upsert(City(name="Ax", population=1, country=france), on=[City.country, City.name], update="nothing")
    assert len(again.skipped) == 1
    assert cities.find_one_by(name="Ax").population == 500
    same = City(name="Ax", population=500, country=france)
    done = cities.upsert([same], on=[City.country, City.name], update=[City.population], only_if_changed=True)
    assert done.skipped == [same]


def test_repo_12_find_and_count(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    found, total = cities.find_and_count(City.population > 5, order_by=City.name, limit=2, offset=1)
    assert ([c.name for c in found], total) == (["Caen", "Dijon"], 5)


def test_find_02_conditions(db: DataSource, towns: list[City], france: Country) -> None:
    cities = db.repository(City)
    assert {c.name for c in cities.find(City.population > 10, City.country == france)} == {"Caen", "Dijon", "Evian"}
    assert [c.name for c in cities.find((City.name == "Ax") | (City.name == "Rome"), order_by=City.id)] == ["Ax", "Rome"]
    assert len(cities.find_by(country=france, population=10)) == 1
    with pytest.raises(UnknownField) as e:
        cities.find_by(nme="x")
    assert e.value.nearest == ("name",)


def test_find_04_order(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    names = [c.name for c in cities.find(order_by=[City.country[Country.name].desc(), City.name.desc()])]
    assert names == ["Rome", "Evian", "Dijon", "Caen", "Brest", "Ax"]
    cities.update(City.name == "Caen", founded=None)
    first = cities.find(order_by=[City.founded.asc(nulls="last"), City.id], limit=1)
    assert first[0].name == "Ax"


def test_find_05_limit_and_offset_count_objects(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert [c.id for c in cities.find(order_by=City.id, limit=2, offset=2)] == [3, 4]
    assert cities.find(limit=0) == []


def test_find_12_none_is_never_ignored(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    with pytest.raises(InputError, match="founded=None"):
        cities.find_by(founded=None)
    assert len(cities.find(City.founded == None)) == 6  # noqa: E711
    assert len(cities.find_by(founded=SKIP, name="Ax")) == 1
    with pytest.raises(InputError):
        cities.find(City.name == UNSET)


def test_repo_13_find_one(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.find_one(City.population > 5, order_by=City.population.desc()).name == "Rome"
    assert cities.find_one_by(name="none") is None
    assert cities.find_one(City.name == "none") is None


def test_repo_14_or_fail(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.get_or_fail(1).name == "Ax"
    with pytest.raises(NotFound, match="no City with the key 99"):
        cities.get_or_fail(99)
    with pytest.raises(NotFound):
        cities.find_one_or_fail(City.name == "x")
    with pytest.raises(NotFound, match="name='x'"):
        cities.find_one_by_or_fail(name="x")
    with pytest.raises(MultipleFound):
        cities.where(City.population > 5).one()


def test_get_by_one_and_by_several_keys_pk_06(db: DataSource, towns: list[City]) -> None:
    assert db.get(City, 3).name == "Caen"
    assert {c.id for c in db.repository(City).get_many([1, 2, 99])} == {1, 2}
    stock = db.repository(Stock)
    stock.insert([Stock(shop=1, sku="a", amount=3), Stock(shop=1, sku="b")])
    assert stock.get((1, "a")).amount == 3
    assert stock.get((2, "a")) is None
    assert [s.sku for s in stock.get_many([(1, "b"), (9, "z")])] == ["b"]
    for wrong in (1, (1,), (1, "a", 2)):
        with pytest.raises(InputError, match="2 parts"):
            stock.get(wrong)
    assert stock.update_one((1, "a"), amount=9).amount == 9
    assert stock.delete_one((1, "b")) is True


def test_key_that_is_a_relation_pk_07(db: DataSource) -> None:
    ann = Person(name="Ann")
    db.save([Passport(owner=ann, number="1"), ann])
    found = db.repository(Passport).get(ann.id, load=[Passport.owner])
    assert found.owner.name == "Ann"
    assert db.model(Passport).key_of(found) == ann.id


def test_key_of_a_relation_with_several_columns_pk_07(db: DataSource) -> None:
    stock = Stock(shop=1, sku="a")
    tags = db.repository(Tag)
    db.save([Tag(item=stock, lang="de", text="x"), stock])
    found = tags.get((1, "a", "de"), load=[Tag.item])
    assert (found.text, found.item.sku) == ("x", "a")
    assert db.model(Tag).key_of(found) == (1, "a", "de")
    assert tags.update_one((1, "a", "de"), text="y").text == "y"
    assert db.model(Tag).key_of(ref(Tag, (1, "a", "de"))) == (1, "a", "de")
    assert [t.text for t in tags.get_many([(1, "a", "de"), (2, "a", "de")])] == ["y"]
    with pytest.raises(InputError, match="3 parts"):
        tags.get((1, "a"))
    assert tags.delete_one((1, "a", "de"))


def test_find_14_get_with_a_relation_is_one_statement(db: DataSource, towns: list[City]) -> None:
    found = db.repository(City).get(6, load=[City.country])
    assert found.country.name == "Italy"


def test_find_01_only(db: DataSource, towns: list[City]) -> None:
    (found,) = db.repository(City).find(City.name == "Rome", only=[City.name])
    assert (found.id, found.name) == (6, "Rome")
    with pytest.raises(NotLoaded):
        found.population  # noqa: B018
    found.name = "Roma"
    db.save(found)  # what was not read stays as it is
    assert db.get(City, 6).population == 1000


def test_col_10_deferred_is_read_when_asked_for(db: DataSource) -> None:
    made = Defaulted()
    db.save(made)
    (found,) = db.repository(Defaulted).find()
    assert not is_loaded(found, Defaulted.hidden)
    with pytest.raises(NotLoaded, match="was not loaded"):
        found.hidden  # noqa: B018
    (found,) = db.repository(Defaulted).find(load=[Defaulted.hidden])
    assert found.hidden == "h"


def test_col_12_update_false_is_refused(db: DataSource) -> None:
    made = Defaulted()
    db.save(made)
    made.fixed = "other"
    with pytest.raises(InputError) as e:
        db.save(made)
    assert (e.value.code, e.value.field) == ("TAKEO.INPUT.READ_ONLY", "fixed")


def test_repo_15_count_and_exists(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.count() == 6
    assert cities.count(City.population > 30) == 2
    assert cities.exists(City.name == "Rome") is True
    assert cities.exists(City.name == "x") is False


def test_repo_16_aggregates(db: DataSource, towns: list[City], france: Country) -> None:
    cities = db.repository(City)
    assert cities.sum(City.population, City.country == france) == 100
    assert cities.max(City.population) == 1000
    assert cities.min(City.name) == "Ax"
    assert float(cities.avg(City.population, City.country == france)) == 20.0
    assert cities.sum(City.population, City.name == "x") is None


def test_del_01_remove_makes_objects_new(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    ax, brest = towns[0], towns[1]
    cities.remove(ax)
    assert cities.get(1) is None and ax.name == "Ax"
    cities.remove([brest])
    assert cities.count() == 4
    cities.insert(ax)
    assert cities.get(1).name == "Ax"


def test_del_02_delete_by_condition_and_key(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.delete(City.population < 15) == 2
    assert cities.delete_one(6) is True
    assert cities.delete_one(6) is False


def test_del_03_everything_must_be_said(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    for unsafe in (cities.delete, cities.query().delete, lambda: cities.update(population=0)):
        with pytest.raises(UnsafeQuery):
            unsafe()
    with pytest.raises(UnsafeQuery):
        cities.delete(SKIP)
    assert cities.all().update(population=1) == 6
    assert cities.all().delete() == 6


def test_repo_03_create_builds_a_graph(memory: DataSource) -> None:
    cities = memory.repository(City)
    made = cities.create({"name": "Lyon", "country": {"code": "FR", "name": "France"}})
    assert made.country.name == "France"
    memory.save([made.country, made])
    with pytest.raises(UnknownField):
        cities.create({"nme": "x"})


def test_repo_04_merge(memory: DataSource) -> None:
    cities = memory.repository(City)
    city = City(name="a", population=3, country=ref(Country, "FR"))
    assert cities.merge(city, {"name": "b", "founded": None, "population": UNSET}) is city
    assert (city.name, city.population, city.founded) == ("b", 3, None)
    with pytest.raises(UnknownField):
        cities.merge(city, {"nme": 1})


def test_repo_05_merge_over_a_row(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    cities.save(cities.merge(cities.get_or_fail(5), {"name": "Thonon"}))
    assert cities.get(5).name == "Thonon"


def test_repo_06_key_of(db: DataSource, towns: list[City], france: Country) -> None:
    assert db.model(City).key_of(towns[0]) == 1
    assert db.model(City).key_of(City(name="x", country=france)) is UNSET


def test_repo_19_own_repository(db: DataSource, towns: list[City]) -> None:
    class Cities(Repository[City]):
        def big(self) -> list[City]:
            return self.find(City.population > 100)

    assert [c.name for c in db.repository(Cities).big()] == ["Rome"]


def test_repo_21_reload(db: DataSource, towns: list[City]) -> None:
    rome = towns[5]
    db.sql("update cities set name = 'Roma', population = 1 where id = 6").run()
    db.reload(rome, City.name)
    assert (rome.name, rome.population) == ("Roma", 1000)
    db.reload([rome, towns[0]])
    assert rome.population == 1
    db.sql("delete from cities where id = 6").run()
    with pytest.raises(NotFound):
        db.reload(rome)


def test_get_or_create(db: DataSource) -> None:
    people = db.repository(Person)
    ann, created = people.get_or_create(email="a@b", defaults={"name": "Ann"})
    assert created and ann.name == "Ann"
    again, created = people.get_or_create(email="a@b", defaults={"name": "Bob"})
    assert not created and again.id == ann.id and again.name == "Ann"


def test_ent_03_order_of_an_entity(db: DataSource) -> None:
    db.save([Person(name="Zoe"), Person(name="Ann"), Person(name="Max")])
    people = db.repository(Person)
    assert [p.name for p in people.find()] == ["Ann", "Max", "Zoe"]
    assert [p.name for p in people.find(order_by=Person.name.desc())] == ["Zoe", "Max", "Ann"]


def test_enum_round_trip_and_key_change_of_status(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    cities.update(City.name == "Ax", status=Status.CLOSED)
    assert cities.find_one(City.status == Status.CLOSED).status is Status.CLOSED
    assert cities.count(City.status.in_([Status.ACTIVE])) == 5


def test_functions_in_selects(db: DataSource, towns: list[City]) -> None:
    cities = db.repository(City)
    assert cities.query().select(fn.lower(City.name)).where(City.id == 1).scalar() == "ax"
    assert cities.query().select(count()).scalar() == 6


def test_trees_rel_13(db: DataSource) -> None:
    root = Cat(name="root")
    child = Cat(name="child", parent=root)
    db.save([child, root])
    found = db.repository(Cat).get(root.id, load=[Cat.children])
    assert [c.name for c in found.children] == ["child"]


def test_everything_null(db: DataSource) -> None:
    made = Everything()
    db.save(made)
    found = db.get(Everything, made.id)
    assert all(value is None for name, value in vars(found).items() if name != "id")


# ---- keys that are relations


@Entity("key_parts", constraints=[Unique("code", "size")])
class Part:
    shop: Mapped[int] = PrimaryColumn()
    sku: Mapped[str] = PrimaryColumn(length=20)
    code: Mapped[str] = Column(length=20)
    size: Mapped[int] = Column(unique=True)


@Entity("key_labels")
class Label:
    """The key of another entity is the whole key."""

    part: Rel[Part] = OneToOne(Part, primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_words")
class Word:
    """Its columns come in another order than its members."""

    part: Rel[Part] = ManyToOne(Part, primary=True)
    lang: Mapped[str] = PrimaryColumn(length=2)
    text: Mapped[str] = Column(default="")


@Entity("key_notes")
class Note:
    """A relation to a key that is a relation."""

    label: Rel[Label] = OneToOne(Label, primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_uses")
class Use:
    number: Mapped[int] = PrimaryColumn()
    word: Rel[Word] = ManyToOne(Word, primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_own")
class Own:
    """Its key columns are declared, in yet another order."""

    sku: Mapped[str] = Column(length=20, default=UNSET)
    shop: Mapped[int] = Column(default=UNSET)
    part: Rel[Part] = ManyToOne(Part, key=["shop", "sku"], primary=True)
    lang: Mapped[str] = PrimaryColumn(length=2)
    text: Mapped[str] = Column(default="")


@Entity("key_owned")
class Owned:
    own: Rel[Own] = ManyToOne(Own, primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_pairs")
class Pair:
    one: Rel[Part] = ManyToOne(Part, primary=True)
    other: Rel[Part] = ManyToOne(Part, primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_sizes")
class Size:
    """The relation refers to another unique column than the key."""

    part: Rel[Part] = ManyToOne(Part, references="size", primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_codes")
class Code:
    part: Rel[Part] = ManyToOne(Part, references=["code", "size"], primary=True)
    text: Mapped[str] = Column(default="")


@Entity("key_sized")
class Sized:
    id: Mapped[int] = PrimaryGeneratedColumn()
    size: Mapped[int] = Column(default=UNSET)
    part: Rel[Part] = ManyToOne(Part, key="size", references="size")


KEYED = [Part, Label, Word, Note, Use, Own, Owned, Pair, Size, Code, Sized]


def key_of(instance: Any) -> Any:
    return type(instance)._takeo.key_of(instance)


def keyed() -> tuple[DataSource, dict[type, Any]]:
    db = DataSource("sqlite://", entities=KEYED)
    db.synchronize()
    parts = [Part(shop=1, sku="a", code="c", size=70), Part(shop=2, sku="b", code="d", size=80)]
    label, word, own = Label(part=parts[0]), Word(part=parts[0], lang="de"), Own(part=parts[0], lang="de")
    made: list[Any] = [label, word, Note(label=label), Use(number=9, word=word), own, Owned(own=own)]
    made += [Pair(one=parts[0], other=parts[1]), Size(part=parts[0]), Code(part=parts[0])]
    db.save([*made, *parts])
    return db, {type(one): one for one in made}


@pytest.mark.parametrize(
    ("entity", "key"),
    [
        (Label, (1, "a")),
        (Word, (1, "a", "de")),
        (Note, (1, "a")),
        (Use, (9, 1, "a", "de")),
        (Own, (1, "a", "de")),
        (Owned, (1, "a", "de")),
        (Pair, (1, "a", 2, "b")),
        (Size, 70),
        (Code, ("c", 70)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_keys_that_are_relations(entity: type, key: Any) -> None:
    db, made = keyed()
    repository = db.repository(entity)
    relation = next(member for member in entity._takeo.key if member.is_relation)  # type: ignore[attr-defined]
    wrong = (*key[:-1], "?" if isinstance(key[-1], str) else 0) if isinstance(key, tuple) else 0

    found = repository.get(key)
    assert key_of(found) == key_of(made[entity]) == key
    assert repository.get(wrong) is None and repository.get_many([wrong, key])[0].text == ""
    assert len(repository.get_many([key])) == 1
    assert repository.exists(relation.field == getattr(made[entity], relation.name))
    loaded = repository.get(key, load=[relation.field])
    assert key_of(getattr(loaded, relation.name)) == key_of(getattr(made[entity], relation.name))
    with pytest.raises(InputError):
        repository.get((0,) * 7)

    assert repository.update_one(key, text="one").text == "one"
    found.text = "saved"
    repository.save(found)
    stub = ref(entity, key)
    db.reload(stub, entity.text)  # type: ignore[attr-defined]
    assert stub.text == "saved"

    for users in KEYED:  # those that refer to it
        if any(r.declared.target is entity for r in users._takeo.relations):  # type: ignore[attr-defined]
            db.repository(users).all().delete()
    repository.remove(ref(entity, key))
    assert repository.get(key) is None
    repository.insert(found)
    assert repository.delete_one(wrong) is False and repository.delete_one(key) is True
    assert repository.count() == 0


def test_a_relation_gives_the_columns_that_it_refers_to() -> None:
    db, _ = keyed()
    first, second = db.repository(Part).find(order_by=Part.shop)
    sized = Sized(part=first)
    assert sized.size == 70
    db.save(sized)
    with pytest.raises(InputError, match="disagree"):
        Sized(part=first, size=80)
    db.repository(Sized).update(Sized.id == sized.id, part=second)
    assert db.repository(Sized).find_one(Sized.part == second, load=[Sized.part]).part.sku == "b"
    with pytest.raises(InputError):  # its size is not known
        db.save(Sized(part=ref(Part, (1, "a"))))
