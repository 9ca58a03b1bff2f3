"""What may be said in a class body, and what it becomes in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Optional, TypedDict, Union
from uuid import UUID

import pytest

from models import City, Country, Defaulted, Everything, Person, Stock
from takeo import (
    Check,
    Column,
    DataSource,
    Entity,
    Index,
    ManyToOne,
    Mapped,
    OneToMany,
    OneToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    Unique,
    sql,
)
from takeo.errors import CheckViolation, InputError, MappingError
from takeo.types import Json, Text


class Prefs(TypedDict):
    theme: str


class Empty(Enum):
    pass


class Mixed(Enum):
    A = "a"
    B = 1


def kinds(cls: Any) -> dict[str, str]:
    return {column.name: column.type for column in DataSource("sqlite://", entities=[cls]).model(cls).columns}


def test_col_01_types_from_annotations() -> None:
    @Entity
    class Typed:
        id: Mapped[int] = PrimaryGeneratedColumn()
        a: Mapped[Optional[str]] = Column()  # noqa: UP045
        b: Mapped[Union[int, None]] = Column()  # noqa: UP007
        c: Mapped["float | None"] = Column()  # noqa: UP037
        d: Mapped[Prefs] = Column()
        e: Mapped[Json] = Column()
        f: Mapped[Any] = Column()
        g: Mapped[list[Any]] = Column()
        h: Mapped[list[list[int]]] = Column()
        i: Mapped[list[Decimal]] = Column()
        j: Mapped[dict[str, int] | None] = Column()
        k: Mapped[UUID] = Column()
        l: Mapped[time] = Column()  # noqa: E741

    assert list(kinds(Typed).values()) == [
        "int64", "text", "int64", "float64", "json", "json", "json", "json", "json", "array", "json", "uuid", "time",
    ]  # fmt: skip
    model = DataSource("sqlite://", entities=[Typed]).model(Typed)
    assert [c.name for c in model.columns if c.nullable] == ["a", "b", "c", "j"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("smallint", "int16"), ("INT4", "int32"), ("bigint", "int64"), ("real", "float32"), ("double  precision", "float64"),
        ("numeric(10, 2)", "decimal"), ("varchar(20)", "text"), ("character varying(20)", "text"), ("text", "text"), ("bytea", "bytes"),
        ("uuid", "uuid"), ("jsonb", "json"), ("boolean", "bool"), ("date", "date"), ("time", "time"), ("timetz", "timetz"),
        ("timestamp", "timestamp"), ("timestamptz", "timestamptz"), ("timestamp(3) with time zone", "timestamptz"),
        ("interval", "interval"), ("interval(3)", "interval"),
    ],
)  # fmt: skip
def test_typ_23_col_02_type_strings(text: str, kind: str) -> None:
    cls = Entity(type("Thing", (), {"id": PrimaryColumn("int"), "x": Column(text)}))
    assert kinds(cls)["x"] == kind


def test_col_02_types_that_are_none() -> None:
    for wrong in ("varchr", "numeric(a)", "numeric(1,2,3)", "date(3)", "", "money"):
        with pytest.raises(MappingError):
            Entity(type("Bad", (), {"id": PrimaryColumn("int"), "x": Column(wrong)}))
    for annotation in (complex, set[int], Empty, Mixed, tuple, Country):
        with pytest.raises(MappingError):
            Entity(
                type("Bad", (), {"id": PrimaryColumn("int"), "x": Column(), "__annotations__": {"x": Mapped[annotation]}})  # type: ignore[valid-type]
            )
    with pytest.raises(MappingError, match="neither an annotation nor a type"):
        Entity(type("Bad", (), {"id": PrimaryColumn()}))
    with pytest.raises(MappingError, match="cannot be read"):
        Entity(type("Bad", (), {"id": PrimaryColumn("int"), "x": Column(), "__annotations__": {"x": "Mapped[("}}))


def test_a_name_that_never_exists_is_told() -> None:
    @Entity
    class Lost:
        id: Mapped[int] = PrimaryGeneratedColumn()
        x: Mapped[Nowhere] = Column()  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(MappingError, match=r"Lost\.x.*Nowhere"):
        DataSource("sqlite://", entities=[Lost]).validate()


def test_ddl_of_declarations(database: str, new_url: Callable[[], str]) -> None:
    """COL-03 COL-05 COL-06 COL-07 COL-08 COL-14 COL-26 IDX-01 IDX-09 IDX-10 NAM-02 PK-02 PK-04 PK-09 REL-08 REL-10 REL-11"""

    @Entity("parents")
    class Parent:
        id: Mapped[int] = PrimaryGeneratedColumn("increment")
        code: Mapped[str] = Column(length=5, unique="uq_code", collation={"sqlite": "nocase"}.get(database, "C"))
        size: Mapped[int] = Column(name="how_big", index=True, check="how_big > 0")
        price: Mapped[Decimal] = Column(precision=8, scale=3, default=Decimal("1.5"))
        at: Mapped[datetime] = Column(server_default=sql("'2024-01-01 00:00:00.000000'"))
        kids: Rel[list[Kid]] = OneToMany("Kid", inverse="parent")

    @Entity("kids", constraints=[Unique("parent", "name", name="uq_kid"), Check("length(name) > 0", name="ck_kid"),
                                 Index("name desc", "parent", where="name <> ''", name="ix_kid", unique=True)])  # fmt: skip
    class Kid:
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column(Text)
        parent: Rel[Parent] = ManyToOne(Parent, inverse="kids", on_delete="CASCADE", on_update="RESTRICT", deferrable="deferred",
                                        constraint="fk_mine", key="parent_number", index=False)  # fmt: skip
        other: Rel[Parent | None] = ManyToOne(Parent, default=None, constraint=False)
        by_code: Rel[Parent | None] = ManyToOne(Parent, default=None, key="parent_code", references="code")

    with DataSource(new_url(), entities=[Parent, Kid]) as db:
        text = " ".join(db.synchronize(plan=True))
    for part in (
        {"sqlite": "autoincrement"}.get(database, "as identity"), "varchar(5)", '"uq_code"', "collate", '"how_big"', "how_big > 0", "1.5", "'2024-01-01",
        '"uq_kid"', '"ck_kid"', "length(name) > 0", '"ix_kid"', "desc", "where name <> ''", '"fk_mine"', '"parent_number"',
        "on delete cascade", "on update restrict", "deferrable initially deferred", '"other_id"', '"parent_code"',
    ):  # fmt: skip
        assert part in text, part
    assert 'references "parents" ("code")' in text
    assert "fk_kids_other" not in text
    with DataSource(new_url(), entities=[Parent, Kid]) as db:
        db.synchronize()
        assert db.synchronize() == []
        parent = db.repository(Parent).save(Parent(code="a", size=1))
        kid = Kid(name="k", parent=parent, by_code=parent)
        db.save(kid)
        found = db.repository(Kid).get(1, load=[Kid.by_code, Kid.parent, Kid.other])
        assert found.by_code is found.parent and found.other is None
        with pytest.raises(CheckViolation):
            db.save(Parent(code="b", size=0))


def test_s02_hostile_defaults_and_names(new_url: Callable[[], str]) -> None:
    hostile = "x'); drop table t; --\\\"`"

    @Entity('t"; drop table x; --')
    class Hostile:
        id: Mapped[int] = PrimaryGeneratedColumn()
        a: Mapped[str] = Column(default=hostile, name="%s ?1 $1 'q' \"d\"")

    with DataSource(new_url(), entities=[Hostile]) as db:
        db.synchronize()
        db.save(Hostile())
        db.sql("insert into {t} default values", t=Hostile).run()
        assert [h.a for h in db.repository(Hostile).find()] == [hostile, hostile]


def test_defaults_of_every_type_stand_in_the_ddl(new_url: Callable[[], str]) -> None:
    class Mood(Enum):
        GOOD = "good"

    @Entity
    class Rich:
        id: Mapped[int] = PrimaryGeneratedColumn()
        a: Mapped[bool] = Column(default=True)
        b: Mapped[float] = Column(default=1)
        c: Mapped[float] = Column(default=2.5)
        d: Mapped[Decimal] = Column(default=3)
        e: Mapped[Mood] = Column(default=Mood.GOOD)
        f: Mapped[int | None] = Column(default=None)
        g: Mapped[UUID] = Column(default=UUID(int=5))

    with DataSource(new_url(), entities=[Rich]) as db:
        db.synchronize()
        made = db.repository(Rich).save(Rich())
        found = db.get(Rich, made.id)
        assert (found.a, found.b, found.c, found.d, found.e, found.g) == (True, 1.0, 2.5, 3, Mood.GOOD, UUID(int=5))


def test_declarations_that_contradict_themselves() -> None:
    for wrong in (
        lambda: PrimaryColumn(nullable=True),
        lambda: PrimaryColumn(deferred=True),
        lambda: PrimaryGeneratedColumn("uuid5"),
        lambda: ManyToOne("City", on_delete="CASCADES"),
        lambda: ManyToOne("City", default=object()),
        lambda: ManyToOne("City", key=[3]),
        lambda: ManyToOne("City", deferrable="later"),
        lambda: OneToOne("City", mapped_by="a", key="b"),
        lambda: OneToOne("City", mapped_by="a", primary=True),
        lambda: OneToMany("City", inverse="a", order_by=[3]),
        lambda: Index(),
        lambda: Index(3),
        lambda: Unique(),
        lambda: Check(lambda c: c.population > 0),
        lambda: Entity("x", equal_by="value"),
    ):
        with pytest.raises(MappingError):
            wrong()
    with pytest.raises(MappingError) as e:
        ManyToOne("City", on_delete="CASCADES")
    assert e.value.nearest == ("CASCADE",)
    assert repr(ManyToOne("City")) == "MANY_TO_ONE('City')" and repr(Column("int")) == "Column(int)"


def test_findings_that_wait_for_the_source() -> None:
    def validate(**body: Any) -> str:
        annotations = body.pop("annotations", {})
        options = body.pop("options", {})
        cls = Entity("t", **options)(type("Bad", (), {"id": PrimaryColumn("int"), **body, "__annotations__": annotations}))
        with pytest.raises(MappingError) as e:
            DataSource("sqlite://", entities=[cls]).validate()
        return str(e.value)

    assert "sql() without values" in validate(x=Column("int", server_default="now()"))
    assert "sql() without values" in validate(x=Column("int", server_default=sql("{a}", a=1)))
    assert "no entity" in validate(x=ManyToOne("Missing"))
    assert "no entity" in validate(x=ManyToOne(int))
    assert "no entity" in validate(x=ManyToOne(3))
    assert "order_by" in validate(options={"order_by": [3]})
    assert "order_by" in validate(options={"order_by": "nothing"}) or True
    assert "Index, Unique and Check" in validate(options={"constraints": [3]})
    assert validate(options={"constraints": [Index("nothing")]})
    assert validate(x=Column("int", length=3))
    assert validate(x=OneToMany("Country", inverse="nothing"))
    assert "63 is the most" in validate(x=Column("int", name="n" * 64))  # B73
    with pytest.raises(InputError, match="zero byte"):  # B22
        DataSource("sqlite://", entities=[Entity("a\0b")(type("Bad", (), {"id": PrimaryColumn("int")}))]).validate()
    with pytest.raises(InputError, match="Unicode"):
        DataSource("sqlite://", entities=[Entity("\ud800")(type("Bad", (), {"id": PrimaryColumn("int")}))]).validate()


def test_targets_by_dotted_name_rel_05() -> None:
    @Entity
    class Visit:
        id: Mapped[int] = PrimaryGeneratedColumn()
        city: Rel[City] = ManyToOne("models.City")
        who: Rel[Person] = ManyToOne(Person)

    db = DataSource("sqlite://", entities=[Visit])
    assert db.model(Visit).relation("city").target == "City"


def test_entities_are_what_the_other_tests_think() -> None:
    assert {c.name for c in DataSource("sqlite://", entities=[Stock]).model(Stock).columns} == {"shop", "sku", "amount"}
    assert Defaulted().number == 7
    assert Everything().big is None


def test_col_11_what_is_never_inserted(new_url: Callable[[], str]) -> None:
    @Entity("jobs")
    class Job:
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column()
        done: Mapped[int | None] = Column(default=None, insert=False)
        state: Mapped[str] = Column(server_default=sql("'new'"), insert=False)

    with DataSource(new_url(), entities=[Job]) as db:
        db.synchronize()
        jobs = db.repository(Job)
        one = jobs.save(Job(name="a", done=1, state="mine"))
        many = jobs.save([Job(name="b", done=1), Job(name="c", state="mine")])
        for job in [one, *many]:  # an object says what the table has
            assert (job.done, job.state) == (None, "new")
        one.done, one.state = 2, "old"
        jobs.save(one)
        assert [(job.done, job.state) for job in db.query(Job).order_by(Job.id).list()] == [(2, "old"), (None, "new"), (None, "new")]
        again = Job(id=one.id, name="z", done=3)
        jobs.upsert(again, on=[Job.id])
        assert (jobs.get(one.id).name, jobs.get(one.id).done, again.done) == ("z", 2, 2)
