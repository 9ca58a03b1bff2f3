"""The data source: its options, its entities, opening and closing, synchronize, SQL by hand."""

from __future__ import annotations

import logging
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import models
from models import City, Country, Stock
from takeo import (
    UNSET,
    Column,
    DataSource,
    Entity,
    Index,
    ManyToOne,
    Mapped,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    _plan,
    sql,
)
from takeo.errors import (
    Closed,
    ConfigError,
    ConnectFailed,
    InputError,
    MappingError,
    MultipleFound,
    NotFound,
    NotSupportedError,
    ResultTooLarge,
    StatementTimeout,
    TakeoError,
    UnknownField,
)


def test_ds_01_opening_is_lazy_and_closing_twice_is_harmless(shared_url: str, database: str, tmp_path: Path) -> None:
    db = DataSource(shared_url, entities=[City])
    assert database != "sqlite" or list(tmp_path.iterdir()) == []
    assert db.connect() is db
    db.connect()
    db.synchronize()
    db.close()
    db.close()


def test_b86_use_after_close(memory: DataSource) -> None:
    cities, query = memory.repository(City), memory.query(City)
    memory.close()
    for use in (
        lambda: cities.get(1),
        lambda: query.list(),
        lambda: memory.save(Country(code="x", name="x")),
        lambda: memory.sql("select 1").scalar(),
        lambda: memory.synchronize(),
        lambda: memory.connect(),
        lambda: memory.transaction().__enter__(),
    ):
        with pytest.raises(Closed):
            use()
    never = DataSource("sqlite://", entities=[City])
    never.close()
    with pytest.raises(Closed):
        never.connect()


def test_ds_02_where_the_url_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TAKEO_DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="no URL"):
        DataSource(entities=[City])
    monkeypatch.setenv("DATABASE_URL", "sqlite:///b.db")
    assert "b.db" in repr(DataSource())
    monkeypatch.setenv("TAKEO_DATABASE_URL", "sqlite:///a.db")
    assert "a.db" in repr(DataSource())
    assert "c.db" in repr(DataSource("sqlite:///c.db"))


def test_b84_s21_passwords_are_masked() -> None:
    for url in (
        "postgresql://me:hush@host/db", "sqlite://me:hush@host/x", "mysql+driver://a:hush@h:99999/",
        "postgresql://me@127.0.0.1:1/db?password=hush", "postgresql://127.0.0.1:1/db?user=me&sslpassword=hush",
    ):  # fmt: skip
        db = DataSource(url, entities=[City])
        assert "hush" not in repr(db) and "***" in repr(db)
        with pytest.raises(TakeoError) as e:
            db.connect()
        assert "hush" not in str(e.value) and "hush" not in str(e.value.to_dict())


def test_b85_options() -> None:
    for option, wrong in (
        ("pool_timeout", -1), ("pool_timeout", "x"), ("pool_timeout", float("nan")), ("statement_timeout", float("inf")),
        ("coerce", "magic"), ("isolation", "strict"), ("max_result_bytes", -1), ("max_result_bytes", True),
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            DataSource("sqlite://", **{option: wrong})
    with pytest.raises(ConfigError):
        DataSource("sqlite:///x.db?mod=ro", entities=[City]).connect()
    with pytest.raises(ConnectFailed):
        DataSource("sqlite:////nowhere/at/all.db", entities=[City]).connect()


def test_ent_09_entities(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    db = DataSource("sqlite://", entities=[City])
    assert {m.entity for m in db.models} == {City, Country, models.Person, models.Passport}  # targets come along
    with pytest.raises(MappingError) as e:
        db.repository(Stock)
    assert "entities=[City" in str(e.value) and "add Stock" in str(e.value)
    with pytest.raises(MappingError):
        db.model(Stock)
    for by in (["models"], [models]):
        assert len(DataSource("sqlite://", entities=by).models) == len(models.ALL)
    ours = {key: made for key, made in _plan._entities.items() if key[0] == "models"}
    monkeypatch.setattr(_plan, "_entities", ours)  # other tests declare entities too
    with caplog.at_level(logging.INFO, "takeo"):
        everything = {m.entity for m in DataSource("sqlite://").models}
    assert set(models.ALL) == everything and "entities= was left out" in caplog.text
    for wrong in (City, "models"):
        with pytest.raises(ConfigError, match="takes a list"):
            DataSource("sqlite://", entities=wrong).validate()
    with pytest.raises(ConfigError, match="nowhere"):
        DataSource("sqlite://", entities=["nowhere.models"]).validate()
    with pytest.raises(MappingError):
        DataSource("sqlite://", entities=[int]).validate()
    with pytest.raises(InputError, match="an entity is needed"):
        DataSource("sqlite://", entities=[City]).repository(int)


def test_ent_10_all_findings_at_once() -> None:
    @Entity("a", constraints=[Index("nme"), 3])
    class Broken:
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column(precision=3)
        other: Rel[Any] = ManyToOne("Nothing")

    with pytest.raises(MappingError) as e:
        DataSource("sqlite://", entities=[Broken]).validate()
    assert len(e.value.errors) > 2
    assert "precision" in str(e.value) and "Nothing" in str(e.value)


def test_ent_13_reading_the_model_back(memory: DataSource) -> None:
    model = memory.model(City)
    assert (model.table, model.key, model.name) == ("cities", ("id",), "City")
    assert not model.column("name").nullable and model.column("founded").nullable
    assert model.relation("country").columns == ("country_code",)
    assert model.column("country_code").hidden
    with pytest.raises(UnknownField):
        model.column("nme")
    with pytest.raises(UnknownField):
        model.relation("contry")
    assert "cities" in repr(model) and "name" in repr(model.column("name")) and "Country" in repr(model.relation("country"))


def test_ent_08_prefix_and_ent_15_two_classes_of_one_name(new_url: Callable[[], str]) -> None:
    def make(table: str) -> type:
        @Entity(table)
        class Same:
            id: Mapped[int] = PrimaryGeneratedColumn()

        return Same

    a, b = make("first"), make("second")
    with DataSource(new_url(), entities=[a, b], table_prefix="app_") as db:
        text = " ".join(db.synchronize())
        assert '"app_first"' in text or '"first"' in text
        db.save([a(), b()])
        assert db.repository(a).count() == db.repository(b).count() == 1


def test_ds_04_one_class_in_two_sources(new_url: Callable[[], str]) -> None:
    with DataSource(new_url(), entities=[Country]) as a, DataSource(new_url(), entities=[Stock, Country]) as b:
        a.synchronize()
        b.synchronize()
        france = Country(code="FR", name="France")
        a.save(france)
        b.repository(Country).insert(Country(code="FR", name="other"))
        assert a.get(Country, "FR").name == "France"
        with a.transaction():  # a transaction of one source does not touch the other
            b.save(Country(code="IT", name="Italy"))
        assert b.repository(Country).count() == 2


def test_sync_01_creates_what_is_missing(db: DataSource, new_url: Callable[[], str]) -> None:
    assert db.synchronize() == []
    assert db.synchronize(plan=True) == []
    with DataSource(new_url(), entities=models.ALL) as other:
        plan = other.synchronize(plan=True)
        assert any('create table "cities"' in statement for statement in plan)
        with pytest.raises(TakeoError):
            other.repository(City).count()
        assert other.synchronize() != []


def test_sync_a_table_that_differs_is_refused(shared_url: str) -> None:
    @Entity("things")
    class Thing:
        id: Mapped[int] = PrimaryGeneratedColumn()
        name: Mapped[str] = Column()

    @Entity("things")
    class Changed:
        id: Mapped[int] = PrimaryGeneratedColumn()
        size: Mapped[int] = Column()

    with DataSource(shared_url, entities=[Thing]) as db:
        db.synchronize()
    with DataSource(shared_url, entities=[Changed]) as db, pytest.raises(MappingError) as e:
        db.synchronize()
    assert "size" in str(e.value) and e.value.code == "TAKEO.MODEL.DIFFERS"


def test_ent_05_07_pk_09_options_of_a_table(database: str, new_url: Callable[[], str]) -> None:
    @Entity("plain", comment="what it is", without_rowid=True, strict=True, primary_key="pk_mine")
    class Plain:
        id: Mapped[int] = PrimaryColumn()
        name: Mapped[str] = Column(name="full_name", comment="of it")

    @Entity("foreign_table", managed=False)
    class Foreign:
        id: Mapped[int] = PrimaryColumn()

    with DataSource(new_url(), entities=[Plain, Foreign]) as db:
        text = " ".join(db.synchronize())
        assert '"pk_mine"' in text and '"full_name"' in text
        for word in ("without rowid", "strict"):  # options of SQLite, which others leave out
            assert (word in text) is (database == "sqlite")
        assert "foreign_table" not in text


# ---- SQL by hand


# REPO-17
def test_sql_02_braces(db: DataSource, towns: list[City]) -> None:
    assert db.sql("select name from cities where id = {id}", id=3).scalars() == ["Caen"]
    assert db.sql("select {col} from {table} where {col} in {names} order by 1", col=City.name, table=City,
                  names=["Ax", "Rome"]).scalars() == ["Ax", "Rome"]  # fmt: skip
    assert db.sql("select count(*) from cities where id in {ids}", ids=[]).scalar() == 0
    assert db.sql("select '{{}}' as a, {x} as b", x="y").dicts() == [{"a": "{}", "b": "y"}]
    assert db.sql("select 1 as one, 2 as two").one() == (1, 2)
    assert db.sql("select 1 where 1 = 0").first() is None
    assert db.sql("select 1 where 1 = 0").scalar() is None
    assert db.sql("update cities set population = {p} where population < {p}", p=20).run() == 2
    assert db.sql("select {x} = 'a''b'", x="a'b").scalar() == 1


def test_sql_02_a_list_is_one_parameter(database: str, db: DataSource, towns: list[City]) -> None:
    find = "select name from cities where id in {ids} order by id"
    known = len(db.statements)
    for ids, names in (
        ([], []),
        ([1], ["Ax"]),
        ((3, 1), ["Ax", "Caen"]),
        ({2}, ["Brest"]),
        ([*range(3, 100_000)], ["Caen", "Dijon", "Evian", "Rome"]),
    ):
        assert db.sql(find, ids=ids).scalars() == names
    assert len(db.statements) == known + 1  # its text does not depend on how many there are
    assert db.sql("select count(*) from cities where id not in {ids}", ids=[]).scalar() == 6
    assert db.sql("select count(*) from cities where name IN ( {names} )", names=["Ax", "Rome"]).scalar() == 2
    mixed = ["x", 1, b"y"] if database == "sqlite" else [3, 1]  # elsewhere a list is an array of one type
    assert db.sql("select {a} in{b}, {c} not\nin\n({b})", a=1, b=mixed, c=2).one() == (1, 1)
    pieces = db.sql("select {col} {word} {ids} from cities where id = 1", col=City.id, word=sql("in"), ids=[2, 1])
    if database == "sqlite":
        assert pieces.scalar()
    else:  # the list is an array there, and the word before it another one
        with pytest.raises(NotSupportedError, match="no IN before a list"):
            pieces.scalar()
    found = db.repository(City).find(sql("{x} in {ids}", x=City.id, ids=[2, 4]), order_by=City.id)
    assert [city.name for city in found] == ["Brest", "Dijon"]


@pytest.mark.sqlite("elsewhere a column is compared with its own type only")
def test_sql_02_a_list_compares_as_its_values_do(memory: DataSource) -> None:
    memory.save(Stock(shop=1, sku="1"))
    for column in ("sku", "shop", "+sku", "+shop", "'1'", "1"):
        for value in (1, "1", 1.0, b"1"):
            for word in ("in", "not in"):
                of_list = memory.sql(f"select {column} {word} {{x}} from stock", x=[value, 77]).scalar()
                assert of_list == memory.sql(f"select {column} {word} ({{x}}, 77) from stock", x=value).scalar()


@pytest.mark.parametrize(
    "text",
    [
        "select {ids}",
        "select 1 = {ids}",
        "select 1 in (0, {ids})",
        "select 1 in ({ids}, 0)",
        "select 1 in ({ids}",
        "select coalesce({ids})",
        "select min {ids}",
        "select in_ {ids}",
        "select x.in {ids}",
        "values {ids}",
        "{ids}",
    ],
)
def test_sql_02_a_list_stands_right_of_in(memory: DataSource, text: str) -> None:
    with pytest.raises(InputError, match="is a list; its place is the right side of IN"):
        memory.sql(text, ids=[1, 2]).tuples()


def test_sql_02_lists_of_lists_and_of_nothing(memory: DataSource) -> None:
    for wrong in ([1, [1, 2]], [None], [1, UNSET]):
        with pytest.raises(InputError):
            memory.sql("select 1 in {ids}", ids=wrong).scalar()


def test_b70_parameters_of_sql(memory: DataSource) -> None:
    for text, values in (
        ("select {a}", {}),
        ("select 1", {"a": 1}),
        ("select {a", {"a": 1}),
        ("select a}", {}),
        ("select {}", {}),
        ("select {a.b}", {"a": 1}),
        ("select {a!r}", {"a": 1}),
        ("select {a:>10}", {"a": 1}),
    ):
        with pytest.raises(InputError):
            memory.sql(text, **values)


def test_b21_b71_what_sql_does_not_take(memory: DataSource, france: Country) -> None:
    with pytest.raises(InputError, match="zero byte at 8"):
        memory.sql("select 1\0; drop table cities")
    for wrong in ({"a": 1}, france, City.population > 3, object()):
        with pytest.raises(InputError):
            memory.sql("select {x}", x=wrong).scalar()
    with pytest.raises(InputError):
        memory.sql(b"select 1")
    with pytest.raises(InputError):
        memory.sql("select {x}", x=[None]).scalar()


def test_b78_b79_statements_that_are_none_or_several(database: str, memory: DataSource) -> None:
    for wrong in ("", "-- nothing", "select 1; select 2", "select 'x"):
        with pytest.raises(TakeoError):
            memory.sql(wrong).tuples()
    outside = ("commit", "rollback") if database == "sqlite" else ()  # a server only warns of them
    for wrong in ("begin", "savepoint x", *outside):
        with pytest.raises(TakeoError):
            memory.sql(wrong).run()
    memory.save(Country(code="AA", name="x"))


def test_b82_two_columns_of_one_name_are_both_kept(memory: DataSource) -> None:
    assert memory.sql("select 1 as a, 2 as a").tuples() == [(1, 2)]


def test_sql_shapes_of_results(db: DataSource, towns: list[City]) -> None:
    with pytest.raises(InputError, match="2 columns"):
        db.sql("select 1, 2").scalars()
    with pytest.raises(NotFound):
        db.sql("select 1 where 1 = 0").one()
    with pytest.raises(MultipleFound):
        db.sql("select name from cities").one()
    assert "SqlQuery" in repr(db.sql("select {x}", x=1))


def test_f48_time_limits(db: DataSource, new_url: Callable[[], str]) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    with pytest.raises(StatementTimeout):
        db.sql(endless).timeout(0.05).scalar()
    assert db.sql("select 1").timeout(5).scalar() == 1
    with DataSource(new_url(), entities=[City], statement_timeout=0.05) as other, pytest.raises(StatementTimeout):
        other.sql(endless).scalar()


def test_s18_budget_of_a_result(new_url: Callable[[], str]) -> None:
    with DataSource(new_url(), entities=[City], max_result_bytes=10_000) as db:
        assert db.sql("select 'x'").scalar() == "x"
        with pytest.raises(ResultTooLarge):
            db.sql("select {x}", x="x" * 100_000).tuples()


def test_statements_are_kept_within_bounds(memory: DataSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takeo._compile.STATEMENT_MAX", 5)
    for number in range(20):
        memory.sql(f"select {number}").scalar()
    assert len(memory.statements) <= 5


def test_modules_of_a_package_are_walked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "shop_package" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "shop_package" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "things.py").write_text(
        "from takeo import Entity, Mapped, PrimaryGeneratedColumn\n"
        "@Entity\nclass DeepThing:\n    id: Mapped[int] = PrimaryGeneratedColumn()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (model,) = DataSource("sqlite://", entities=["shop_package"]).models
    assert model.table == "deep_thing"
    assert isinstance(sys.modules["shop_package"], types.ModuleType)
