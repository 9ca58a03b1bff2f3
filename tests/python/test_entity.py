"""Classes made by @Entity, and what their objects can do without a database."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import subprocess
import sys
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import pytest

import models
from models import City, Country, Person, Stock
from takeo import (
    SKIP,
    UNSET,
    Column,
    DataSource,
    Entity,
    ManyToOne,
    Mapped,
    NotLoaded,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    ref,
)
from takeo._door import door
from takeo.errors import InputError, MappingError, MappingErrors, UnknownField
from takeo.types import as_dict, is_loaded

T = TypeVar("T")


# ---- the class


def test_ent_01_class_keeps_its_name_module_and_bases() -> None:
    assert (City.__name__, City.__module__, City.__qualname__) == ("City", "models", "City")
    assert type(City).__name__ == "EntityType"
    assert not hasattr(City(name="x", country=ref(Country, "FR")), "__weakref__x")


def test_ent_01_no_key_is_refused() -> None:
    @Entity
    class Keyless:
        name: Mapped[str] = Column()

    with pytest.raises(MappingError, match="primary key"):
        DataSource("sqlite://", entities=[Keyless]).validate()


def test_super_and_class_cells_see_the_new_class() -> None:
    class Plain:
        __slots__ = ()

        def hello(self) -> str:
            return "plain"

    def loud(function: Any) -> Any:
        @functools.wraps(function)
        def inside(self: Any) -> str:
            return function(self).upper()  # type: ignore[no-any-return]

        return inside

    @Entity
    class Child(Plain):
        id: Mapped[int] = PrimaryGeneratedColumn()

        def hello(self) -> str:
            return super().hello() + " child"

        @loud
        def shout(self) -> str:
            return super().hello()

        @property
        def mine(self) -> type:
            return __class__  # type: ignore[name-defined]  # noqa: F821

        @classmethod
        def make(cls) -> Child:
            return cls(id=3)

        @staticmethod
        def which() -> type:
            return __class__  # type: ignore[name-defined]  # noqa: F821

    child = Child.make()
    assert (child.hello(), child.shout(), child.mine, Child.which()) == ("plain child", "PLAIN", Child, Child)


def test_generic_bases_protocols_and_abstract_methods() -> None:
    class HasName(Protocol):
        name: str

    class Speaks(ABC):
        @abstractmethod
        def speak(self) -> str: ...

    @Entity
    class Box(Generic[T]):
        id: Mapped[int] = PrimaryGeneratedColumn()

    @Entity
    class Named(HasName):
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column()

    @Entity
    class Parrot(Speaks):
        id: Mapped[int] = PrimaryGeneratedColumn()

        def speak(self) -> str:
            return "hello"

    @Entity
    class Mute(Speaks):
        id: Mapped[int] = PrimaryGeneratedColumn()

    assert Box[int](id=1).id == 1
    assert Named(name="x").name == "x"
    assert Parrot().speak() == "hello"
    with pytest.raises(TypeError, match="abstract"):
        Mute()


def test_inh_01_abstract_columns_come_first_and_are_each_classes_own() -> None:
    @Entity(abstract=True)
    class Base:
        made: Mapped[int] = Column(default=1)

    class Mixin:
        mixed: Mapped[str] = Column(default="m")

    @Entity
    class A(Base, Mixin):
        id: Mapped[int] = PrimaryGeneratedColumn()

    @Entity
    class B(Base):
        id: Mapped[int] = PrimaryGeneratedColumn()
        extra: Mapped[str] = Column(default="")

    assert list(vars(A(id=1))) == ["mixed", "made", "id"]
    assert A.made is not B.made
    a, b = A(), B()
    a.made = 5
    assert (a.made, b.made) == (5, 1)
    with pytest.raises(TypeError, match="abstract"):
        Base()
    with pytest.raises(TypeError):
        A.made.__get__(b, B)  # a column of another class


def test_deriving_from_an_entity_with_a_table_is_refused() -> None:
    with pytest.raises(MappingError, match="table of its own"):

        @Entity
        class Village(City):  # type: ignore[misc]
            pass


def test_more_than_sixty_columns(new_url: Callable[[], str]) -> None:
    body: dict[str, Any] = {"__annotations__": {}, "id": PrimaryGeneratedColumn()}
    body |= {f"c{i}": Column("integer", default=i) for i in range(150)}
    wide = Entity(type("Wide", (), body))
    made = wide(c149=7, c63=8)
    assert (made.c149, made.c63, made.c64) == (7, 8, 64)
    with DataSource(new_url(), entities=[wide]) as db:
        db.synchronize()
        db.save(made)
        found = db.get(wide, made.id)
        found.c140 = -1
        db.save(found)
        assert (db.get(wide, made.id).c140, db.get(wide, made.id).c149) == (-1, 7)


def test_foreign_layouts_are_refused() -> None:
    for base in (dict, list, Exception, str):
        with pytest.raises(MappingError, match="cannot be an entity"):
            Entity(type("Bad", (base,), {"id": PrimaryColumn("int")}))


def test_all_mistakes_of_a_class_in_one_report() -> None:
    with pytest.raises(MappingErrors) as e:

        @Entity
        class Wrong:
            id: Mapped[int | None] = PrimaryColumn()
            a: Mapped[complex] = Column()
            b: Mapped[int]
            c: Rel[int] = Column()
            d: Mapped[City] = ManyToOne(City)
            e: Mapped[int] = Column(nullable=True)

            def __init__(self) -> None: ...

    assert len(e.value.errors) == 8  # the summary and seven findings
    text = str(e.value)
    for part in ("Wrong.id", "Wrong.a: complex", "Wrong.b is annotated", "Wrong.c", "Wrong.d", "__post_init__"):
        assert part in text


def test_own_init_is_refused_also_in_a_mixin() -> None:
    class Mixin:
        def __init__(self) -> None: ...

    with pytest.raises(MappingError, match="__init__ of its own"):

        @Entity
        class Bad(Mixin):
            id: Mapped[int] = PrimaryGeneratedColumn()


def test_mutable_default_names_the_factory() -> None:
    for value, hint in (([], "default=list"), ({}, "default=dict"), ([1], "default=lambda: [1]")):
        with pytest.raises(MappingError) as e:
            Column(default=value)
        assert e.value.hint == hint


def test_columns_without_annotations_and_with_plain_ones(new_url: Callable[[], str]) -> None:
    @Entity
    class Old:
        id = PrimaryGeneratedColumn()
        name = Column("varchar(100)", nullable=False)
        note = Column("text", nullable=True)
        size: int = Column(default=3)  # type: ignore[assignment]

    old = Old(name="x")
    assert (old.name, old.note, old.size) == ("x", None, 3)
    with DataSource(new_url(), entities=[Old]) as db:
        db.synchronize()
        assert db.repository(Old).save(old).id == 1
        assert [c.nullable for c in db.model(Old).columns] == [False, False, True, False]


class Later(Enum):
    A = "a"


def test_ent_14_names_that_exist_later(new_url: Callable[[], str]) -> None:
    @Entity
    class Parent:
        id: Mapped[int] = PrimaryGeneratedColumn()
        kids: Rel[list[Kid]] = OneToMany("Kid", inverse="parent")

    @Entity
    class Kid:
        id: Mapped[int] = PrimaryGeneratedColumn()
        mood: Mapped[Mood] = Column()
        parent: Rel[Parent | None] = ManyToOne(Parent, inverse="kids", default=None)

    globals()["Mood"] = Later
    with DataSource(new_url(), entities=[Parent]) as db:
        db.synchronize()
        kid = Kid(mood=Later.A)
        db.save(kid)
        assert db.get(Kid, kid.id).mood is Later.A


# ---- the constructor


def test_constructor_takes_keywords_only_and_names_the_nearest() -> None:
    with pytest.raises(TypeError):
        City("Lyon")
    with pytest.raises(TypeError, match="'nmae'; did you mean 'name'"):
        City(nmae="x")
    with pytest.raises(TypeError, match="misses the keyword arguments 'name', 'country'"):
        City()
    with pytest.raises(TypeError, match="'name'"):
        City(name=UNSET, country=ref(Country, "FR"))


def test_constructor_sets_defaults_and_none() -> None:
    city = City(name="x", country=ref(Country, "FR"), population=SKIP)
    assert (city.population, city.founded, city.tags, city.meta, city.twin) == (0, None, [], {}, None)
    assert city.tags is not City(name="y", country=ref(Country, "FR")).tags
    assert Person(name="Ann").email is None
    with pytest.raises(NotLoaded, match="has no value yet"):
        city.id  # noqa: B018


def test_rel_18_collections_of_a_new_object_are_empty() -> None:
    france = Country(code="FR", name="France")
    assert france.cities == []
    france.cities.append("x")
    assert france.cities == ["x"]


def test_post_init_runs_for_made_objects_ent_11(new_url: Callable[[], str]) -> None:
    @Entity
    class Counted:
        id: Mapped[int] = PrimaryGeneratedColumn()
        calls: Mapped[int] = Column(default=0)

        def __post_init__(self) -> None:
            self.calls += 1

    with DataSource(new_url(), entities=[Counted]) as db:
        db.synchronize()
        made = Counted()
        assert made.calls == 1
        db.save(made)
        assert db.get(Counted, 1).calls == 1


def test_rel_12_key_and_relation_are_two_views() -> None:
    town = ref(City, 5)
    person = Person(name="Ann", city=town)
    assert person.city_id == 5
    person.city_id = 6
    assert not is_loaded(person, Person.city)
    person.city = town
    assert person.city_id == 5
    person.city = None
    assert person.city_id is None
    assert Person(name="x", city_id=5, city=town).city is town
    with pytest.raises(InputError) as e:
        Person(name="x", city_id=7, city=town)
    assert e.value.code == "TAKEO.INPUT.CONFLICT"


def test_ref_holds_only_the_key_rel_19() -> None:
    france = ref(Country, "FR")
    assert france.code == "FR"
    with pytest.raises(NotLoaded):
        france.name  # noqa: B018
    assert vars(ref(Stock, (1, "a"))) == {"shop": 1, "sku": "a"}
    for wrong in ((1,), 1, (1, "a", 2)):
        with pytest.raises(InputError, match="2 parts"):
            ref(Stock, wrong)
    for missing in (None, UNSET):
        with pytest.raises(InputError):
            ref(Country, missing)
    with pytest.raises(InputError):
        ref(int, 3)


def test_frozen() -> None:
    @Entity(frozen=True)
    class Fixed:
        id: Mapped[int] = PrimaryColumn()
        name: Mapped[str] = Column()

    made = Fixed(id=1, name="x")
    with pytest.raises(AttributeError, match="frozen"):
        made.name = "y"
    with pytest.raises(AttributeError):
        del made.name


# ---- protocols


def make() -> City:
    return City(id=1, name="Lyon", country=ref(Country, "FR"), founded=date(2000, 1, 2))


def test_unknown_names_are_unknown_fields() -> None:
    with pytest.raises(UnknownField) as e:
        City.emial  # noqa: B018
    assert isinstance(e.value, AttributeError)
    with pytest.raises(UnknownField) as e:
        make().poplation  # noqa: B018
    assert e.value.nearest == ("population",)
    with pytest.raises(AttributeError):
        make().emial = 3
    assert not hasattr(make(), "emial")
    with pytest.raises(UnknownField, match="brackets"):
        City.country.name  # noqa: B018


def test_a_property_that_fails_shows_its_own_error() -> None:
    @Entity
    class Failing:
        id: Mapped[int] = PrimaryGeneratedColumn()

        @property
        def broken(self) -> int:
            return {}.missing  # type: ignore[attr-defined,no-any-return]

    with pytest.raises(AttributeError, match="'dict' object"):
        Failing().broken  # noqa: B018


def test_vars_dir_match_and_repr() -> None:
    city = make()
    assert vars(city)["name"] == "Lyon"
    assert "country" not in vars(city) and "id" in vars(city)
    assert {"name", "country", "people"} <= set(dir(city))
    assert not [name for name in dir(city) if name.startswith("_takeo_")]
    match city:
        case City(name="Lyon", population=population):
            assert population == 0
    assert repr(city).startswith("City(id=1, name='Lyon', population=0, area=0.0, founded=datetime.date(2000, 1, 2)")
    assert "country=<Country 'FR'>" in repr(city) and "people=<not loaded>" in repr(city)
    long = repr(City(name="x" * 500, country=ref(Country, "FR")))
    assert len(long) < 400 and "x'..." in long


def test_secrets_are_masked_s21() -> None:
    assert "hush" not in repr(Person(name="x", secret="hush"))
    assert "hush" not in "".join(str(p) for p in Person(name="x", secret="hush").__rich_repr__())


def test_equality_is_identity_unless_said() -> None:
    @Entity(equal_by="key")
    class Keyed:
        id: Mapped[int] = PrimaryGeneratedColumn()

    assert make() != make()
    assert len({make(), make()}) == 2
    a, b = Keyed(id=1), Keyed(id=1)
    assert a == b and hash(a) == hash(b) and a != Keyed(id=2) and a != make()
    assert Keyed() != Keyed()
    with pytest.raises(TypeError, match="no hash"):
        hash(Keyed())


def test_copy_is_shallow_and_clean() -> None:
    city = make()
    city.tags = ["a"]
    other = copy.copy(city)
    assert vars(other) == vars(city) and other.country is city.country
    assert other is not city
    changed = city.__replace__(name="x")
    assert (changed.name, city.name) == ("x", "Lyon")
    with pytest.raises(UnknownField):
        city.__replace__(nme="x")


def test_deepcopy_and_pickle_keep_the_graph_and_its_cycles() -> None:
    france = Country(code="FR", name="France")
    lyon = City(id=1, name="Lyon", country=france)
    france.cities = [lyon]
    for other in (copy.deepcopy(france), pickle.loads(pickle.dumps(france))):
        assert other is not france and other.cities[0].country is other
        assert not is_loaded(other.cities[0], City.people) or other.cities[0].people == []
    unset = pickle.loads(pickle.dumps(City(name="x", country=france)))
    assert not is_loaded(unset, City.id)


def test_pickle_refuses_other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps(make())
    monkeypatch.setattr(models, "City", Country)
    with pytest.raises(InputError, match="other columns"):
        pickle.loads(data)


def test_cached_property_is_kept_and_not_pickled() -> None:
    calls = []

    class Mixin:
        __slots__ = ()

        @functools.cached_property
        def below(self) -> int:
            return 7

    @Entity
    class Slow(Mixin):
        id: Mapped[int] = PrimaryGeneratedColumn()

        @functools.cached_property
        def answer(self) -> int:
            "What it is."
            calls.append(1)
            return 42

    slow = Slow()
    assert (slow.answer, slow.answer, slow.below, len(calls)) == (42, 42, 7, 1)
    del slow.answer
    assert (slow.answer, len(calls)) == (42, 2)
    other = copy.copy(slow)
    assert (other.answer, len(calls)) == (42, 3)
    assert Slow.answer.__doc__ == "What it is."
    assert "answer" not in vars(slow)


def test_a_mixin_without_slots_gives_a_dict() -> None:
    class Loose:
        pass

    @Entity
    class Bag(Loose):
        id: Mapped[int] = PrimaryGeneratedColumn()

    bag = Bag(id=1)
    bag.anything = 3
    assert vars(bag) == {"id": 1, "anything": 3}
    assert vars(copy.copy(bag)) == {"id": 1, "anything": 3}
    assert pickle.loads(pickle.dumps(make())).name == "Lyon"


def test_objects_are_collected_and_weakly_referenced() -> None:
    france = Country(code="FR", name="France")
    lyon = City(id=1, name="Lyon", country=france)
    france.cities = [lyon]
    seen = weakref.ref(lyon)
    del france, lyon
    gc.collect()
    assert seen() is None


def test_classes_are_collected() -> None:
    def inside() -> weakref.ref[type]:
        @Entity
        class Short:
            id: Mapped[int] = PrimaryGeneratedColumn()

        Short(id=1)
        return weakref.ref(Short)

    seen = inside()
    gc.collect()
    assert seen() is None


def test_slots_and_constants() -> None:
    @Entity
    class Constant:
        limit: int = 5
        id: Mapped[int] = PrimaryGeneratedColumn()

    made = Constant()
    assert made.limit == 5
    with pytest.raises(AttributeError):
        made.limit = 6


def test_as_dict() -> None:
    france = Country(code="FR", name="France")
    lyon = City(id=1, name="Lyon", country=france)
    france.cities = [lyon]
    assert as_dict(france) == {"code": "FR", "name": "France"}
    nested = as_dict(france, relations=True)
    assert nested["cities"][0]["name"] == "Lyon" and "country" not in nested["cities"][0]


def test_deleting_unsets() -> None:
    city = make()
    del city.name
    with pytest.raises(NotLoaded):
        city.name  # noqa: B018


def test_markers_are_themselves() -> None:
    assert copy.deepcopy(UNSET) is UNSET and pickle.loads(pickle.dumps(SKIP)) is SKIP
    with pytest.raises(TypeError):
        bool(UNSET)
    with pytest.raises(AttributeError):
        UNSET.x = 1


def new_modules(code: str, among: set[str]) -> str:
    """Which of these modules a program loads."""
    code = f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted({among!r} & (set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_is_light() -> None:
    assert new_modules("import takeo", {"asyncio", "dataclasses", "inspect", "logging"}) == ""


@pytest.mark.skipif(door.name != "builtin", reason="the other door needs some of them")
def test_start_is_light() -> None:
    start = """
from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
@Entity("cities")
class City:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=80)
DataSource("sqlite://", entities=[City]).connect().close()
"""
    assert new_modules(start, {"decimal", "json", "re", "uuid"}) == ""
