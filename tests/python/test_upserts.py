"""Upserts: what became of each row, one by one, in lists, and in tables with partitions.

A list does exactly what its objects would do one after another.  The tests say so by doing both and comparing
rows and outcomes; on PostgreSQL a list is few statements, and a trigger counts them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from takeo import (
    Column,
    DataSource,
    Entity,
    Index,
    ManyToOne,
    Mapped,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    Unique,
    errors,
    sql,
)

NOW = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


@Entity("upsert_shops")
class Shop:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(unique=True)


@Entity("upsert_stocks", constraints=[Unique("shop", "sku")])
class Stock:
    id: Mapped[int] = PrimaryGeneratedColumn()
    shop: Mapped[int] = Column()
    sku: Mapped[str] = Column()
    amount: Mapped[int] = Column(default=0)
    label: Mapped[str | None] = Column(default=None, unique=True)
    made: Mapped[str] = Column(server_default=sql("'by the server'"))


@Entity("upsert_words")
class Word:
    word: Mapped[str] = PrimaryColumn()
    count: Mapped[int] = Column(default=0)
    tags: Mapped[list[str]] = Column(default=list)


@Entity("upsert_prices")
class Price:
    price: Mapped[Decimal] = PrimaryColumn(precision=10, scale=2)
    name: Mapped[str] = Column()


@Entity("upsert_goods")
class Good:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(unique=True)
    shop: Rel[Shop] = ManyToOne(Shop)


@Entity("upsert_mails", constraints=[Index("mail", unique=True, where="gone = 0")])
class Mail:
    id: Mapped[int] = PrimaryGeneratedColumn()
    mail: Mapped[str] = Column()
    gone: Mapped[int] = Column(default=0)
    name: Mapped[str] = Column(default="")


@Entity("upsert_readings")
class Reading:
    sensor: Mapped[int] = PrimaryColumn()
    at: Mapped[int] = PrimaryColumn()
    value: Mapped[int] = Column(default=0)


ALL = [Shop, Stock, Word, Price, Good, Mail, Reading]
BY = [Stock.shop, Stock.sku]


@pytest.fixture
def db(new_url: Any) -> Iterator[DataSource]:
    with DataSource(new_url(), entities=ALL) as source:
        source.synchronize()
        yield source


def outcomes(done: Any, objects: list[Any]) -> str:
    """A letter for each object: i, u, s."""
    by = {id(one): letter for letter, many in zip("ius", (done.inserted, done.updated, done.skipped)) for one in many}
    return "".join(by[id(one)] for one in objects)


def stocks(db: DataSource) -> list[tuple[Any, ...]]:
    return [(s.shop, s.sku, s.amount, s.label, s.made) for s in db.repository(Stock).find(order_by=BY)]


def one_by_one(db: DataSource, objects: list[Any], **how: Any) -> str:
    repository = db.repository(type(objects[0]))
    return "".join(outcomes(repository.upsert(one, **how), [one]) for one in objects)


def counted(db: DataSource, table: str) -> Any:
    """Counts the statements that insert into a table, on PostgreSQL."""
    db.sql("create table calls (n bigint)").run()
    db.sql(
        "create function note_call() returns trigger language plpgsql as "
        "$$ begin insert into calls values (1); return null; end $$"
    ).run()
    db.sql(f"create trigger counted before insert on {table} for each statement execute function note_call()").run()
    return lambda: db.sql("select count(*) from calls").scalar()


# ---- lists do what their objects would do ---------------------------------------------------------------

WAYS: dict[str, dict[str, Any]] = {
    "all": {},
    "some": {"update": [Stock.amount]},
    "nothing": {"update": "nothing"},
    "changed": {"update": [Stock.amount], "only_if_changed": True},
}


def drawn(seed: int, count: int, doubles: bool) -> list[Stock]:
    draw = random.Random(seed)
    keys = [(shop, f"sku 'x\\ {number}") for shop in range(8) for number in range(40)]
    chosen = draw.choices(keys, k=count) if doubles else draw.sample(keys, count)
    return [Stock(shop=shop, sku=sku, amount=draw.randrange(3)) for shop, sku in chosen]


@pytest.mark.parametrize("doubles", [False, True], ids=["each once", "doubles"])
@pytest.mark.parametrize("count", [1, 3, 4, 150])
@pytest.mark.parametrize("way", list(WAYS))
def test_a_list_does_what_its_objects_would(db: DataSource, new_url: Any, way: str, count: int, doubles: bool) -> None:
    with DataSource(new_url(), entities=ALL) as other:
        other.synchronize()
        for seed in (1, 2, 3):  # into nothing, then over what is there
            list_, singles = drawn(seed, count, doubles), drawn(seed, count, doubles)
            told = outcomes(db.repository(Stock).upsert(list_, on=BY, **WAYS[way]), list_)
            assert told == one_by_one(other, singles, on=BY, **WAYS[way])
            assert stocks(db) == stocks(other)
            ids = {(s.shop, s.sku): s.id for s in db.repository(Stock).find()}
            for one, letter in zip(list_, told):
                assert letter == "s" or one.id == ids[one.shop, one.sku]


@pytest.mark.postgresql("counts statements of a server")
def test_a_list_is_few_statements(db: DataSource) -> None:
    calls = counted(db, "upsert_stocks")
    stock = db.repository(Stock)
    made = [Stock(shop=1, sku=f"s{number}", amount=number) for number in range(300)]
    assert outcomes(stock.upsert(made, on=BY), made) == "i" * 300
    assert calls() == 1
    again = [Stock(shop=1, sku=f"s{number}", amount=1) for number in range(200, 400)]
    assert outcomes(stock.upsert(again, on=BY), again) == "u" * 100 + "i" * 100
    assert calls() == 2
    assert {one.id for one in again[:100]} == {one.id for one in made[200:]}


@pytest.mark.postgresql("counts statements of a server")
def test_twins_are_statements_of_their_own(db: DataSource) -> None:
    calls = counted(db, "upsert_stocks")
    made = [Stock(shop=1, sku=f"s{number % 60}", amount=number) for number in range(180)]
    done = db.repository(Stock).upsert(made, on=BY)
    assert outcomes(done, made) == "i" * 60 + "u" * 120
    assert calls() == 3
    assert sorted(s.amount for s in db.repository(Stock).find()) == list(range(120, 180))


def test_the_last_of_twins_wins(db: DataSource) -> None:
    made = [Stock(shop=1, sku="a", amount=number) for number in range(50)]
    assert outcomes(db.repository(Stock).upsert(made, on=BY), made) == "i" + "u" * 49
    assert stocks(db) == [(1, "a", 49, None, "by the server")]
    more = [Stock(shop=1, sku="b", amount=number) for number in range(50)]
    assert outcomes(db.repository(Stock).upsert(more, on=BY, update="nothing"), more) == "i" + "s" * 49
    assert stocks(db)[1] == (1, "b", 0, None, "by the server")


def test_a_list_by_its_key(db: DataSource) -> None:
    words = db.repository(Word)
    made = [Word(word=f"w{number}", count=number) for number in range(100)]
    assert outcomes(words.upsert(made, on=[Word.word]), made) == "i" * 100
    again = [Word(word=f"w{number}", count=-1, tags=["x", "{}", 'say "y"']) for number in range(50, 150)]
    assert outcomes(words.upsert(again, on=[Word.word]), again) == "u" * 50 + "i" * 50
    found = {w.word: (w.count, w.tags) for w in words.find()}
    assert found == {w.word: (w.count, w.tags) for w in made[:50] + again}


def test_keys_of_new_parents_reach_their_children(db: DataSource) -> None:
    shops = [Shop(name=f"shop {number}") for number in range(30)]
    goods = [Good(name=f"good {number}", shop=shops[number % 30]) for number in range(90)]
    db.save(shops)
    done = db.repository(Good).upsert(goods, on=[Good.name])
    assert len(done.inserted) == 90
    found = {good.name: good.shop.id for good in db.repository(Good).find(load=[Good.shop])}
    assert found == {good.name: good.shop.id for good in goods}


def test_a_partial_index(db: DataSource) -> None:
    mails = db.repository(Mail)
    mails.insert([Mail(mail="a", gone=1, name="old"), Mail(mail="b", name="old")])
    made = [Mail(mail=mail, name="new") for mail in "abcdefgh"]
    done = mails.upsert(made, on=[Mail.mail], index_where="gone = 0")
    assert outcomes(done, made) == "iuiiiiii"
    assert sorted((m.mail, m.gone, m.name) for m in mails.find() if m.mail < "c") == [
        ("a", 0, "new"), ("a", 1, "old"), ("b", 0, "new"),
    ]  # fmt: skip


def test_values_that_are_equal_but_not_the_same(db: DataSource) -> None:
    prices = db.repository(Price)
    prices.upsert([Price(price=Decimal(f"{number}.50"), name="old") for number in range(40)], on=[Price.price])
    again = [Price(price=Decimal(f"{number}.5"), name="new") for number in range(50)]
    assert outcomes(prices.upsert(again, on=[Price.price]), again) == "u" * 40 + "i" * 10
    assert prices.count(Price.name == "new") == 50


@pytest.mark.parametrize("null", [0, 20, 39])
def test_a_null_in_the_target_meets_no_row(db: DataSource, null: int) -> None:
    made = [Stock(shop=1, sku=f"s{n}", label=None if n in (null, 7) else f"l{n}") for n in range(40)]
    again = [Stock(shop=2, sku=f"s{n}", label=None if n in (null, 7) else f"l{n}") for n in range(40)]
    stock = db.repository(Stock)
    stock.upsert(made, on=[Stock.label])
    told = outcomes(stock.upsert(again, on=[Stock.label]), again)
    assert told == "".join("i" if n in (null, 7) else "u" for n in range(40))


# ---- failures -------------------------------------------------------------------------------------------


def test_another_constraint_names_the_object_and_nothing_is_written(db: DataSource) -> None:
    stock = db.repository(Stock)
    stock.insert(Stock(shop=9, sku="there", label="taken"))
    made = [Stock(shop=1, sku=f"s{number}", label="taken" if number == 33 else None) for number in range(60)]
    with pytest.raises(errors.UniqueViolation) as caught:
        stock.upsert(made, on=BY)
    assert (caught.value.object, caught.value.entity, caught.value.field) == (34, "Stock", "label")
    assert stock.count() == 1
    made[33].label = None
    assert outcomes(stock.upsert(made, on=BY), made) == "i" * 60


def test_a_failed_list_leaves_the_rest_of_its_transaction(db: DataSource) -> None:
    stock = db.repository(Stock)
    with db.transaction():
        stock.upsert(Stock(shop=0, sku="before", label="taken"), on=BY)
        with pytest.raises(errors.UniqueViolation):
            stock.upsert([Stock(shop=1, sku=f"s{n}", label="taken" if n == 5 else None) for n in range(40)], on=BY)
        stock.upsert(Stock(shop=2, sku="after"), on=BY)
    assert [row[1] for row in stocks(db)] == ["before", "after"]


# ---- triggers -------------------------------------------------------------------------------------------


@pytest.mark.postgresql("triggers of a server")
def test_triggers_that_drop_rows(db: DataSource) -> None:
    stock = db.repository(Stock)
    stock.insert([Stock(shop=1, sku=f"s{number}") for number in range(0, 60, 2)])
    db.sql(
        "create function act() returns trigger language plpgsql as $$ begin "
        "if new.amount % 5 = 3 then return null; end if; return new; end $$"
    ).run()
    db.sql("create trigger act before insert or update on upsert_stocks for each row execute function act()").run()
    made = [Stock(shop=1, sku=f"s{number}", amount=number) for number in range(60)]
    told = outcomes(stock.upsert(made, on=BY), made)
    assert told == "".join("s" if n % 5 == 3 else "u" if n % 2 == 0 else "i" for n in range(60))


@pytest.mark.postgresql("triggers of a server")
def test_a_trigger_that_changes_the_target(db: DataSource) -> None:
    db.sql(
        "create function act() returns trigger language plpgsql as $$ begin new.sku := upper(new.sku); return new; end $$"
    ).run()
    db.sql("create trigger act before insert on upsert_stocks for each row execute function act()").run()
    made = [Stock(shop=1, sku=f"s{number}", amount=number) for number in range(60)]
    assert outcomes(db.repository(Stock).upsert(made, on=BY), made) == "i" * 60
    ids = {s.sku: s.id for s in db.repository(Stock).find()}
    assert all(one.id == ids[one.sku.upper()] for one in made)


# ---- partitions -----------------------------------------------------------------------------------------

PARTED = {
    "hash": ["{} for values with (modulus 2, remainder 0)", "{} for values with (modulus 2, remainder 1)"],
    "list": ["{} for values in (1)", "{} default"],
}


@pytest.fixture(params=["hash", "list", "other columns", "two levels"])
def parted(request: Any, new_url: Any) -> Iterator[DataSource]:
    """Readings, in a table with partitions; of "other columns" these have another order."""
    with DataSource(new_url(), entities=ALL) as db:
        kind = "hash" if request.param == "hash" else "list"
        columns = "sensor bigint not null, at bigint not null, value bigint not null"
        db.sql(f"create table upsert_readings ({columns}, primary key (sensor, at)) partition by {kind} (sensor)").run()
        parts = PARTED[kind]
        if request.param == "other columns":
            db.sql("create table part_of_1 (value bigint not null, gone text, at bigint not null, sensor bigint not null)").run()
            db.sql("alter table part_of_1 drop column gone").run()
            db.sql("alter table upsert_readings attach partition part_of_1 for values in (1)").run()
            parts = parts[1:]
        if request.param == "two levels":
            db.sql("create table part_of_1 partition of upsert_readings for values in (1) partition by hash (at)").run()
            for number in range(2):
                values = f"for values with (modulus 2, remainder {number})"
                db.sql(f"create table part_1_{number} partition of part_of_1 {values}").run()
            parts = parts[1:]
        for number, values in enumerate(parts):
            db.sql(f"create table part_{number} partition of " + values.format("upsert_readings")).run()
        yield db


needs_parts = pytest.mark.postgresql("tables with partitions")


KEY = [Reading.sensor, Reading.at]


@needs_parts
def test_parted_rows_are_told_apart(parted: DataSource) -> None:
    readings = parted.repository(Reading)
    for turn, expected in enumerate("iuu"):
        for sensor in (1, 2, 3):
            one = Reading(sensor=sensor, at=1, value=turn)
            assert outcomes(readings.upsert(one, on=KEY), [one]) == expected
    assert [r.value for r in readings.find()] == [2, 2, 2]


@needs_parts
def test_parted_rows_of_one_transaction(parted: DataSource) -> None:
    readings = parted.repository(Reading)
    with parted.transaction():
        for at, expected in ((1, "i"), (1, "u"), (2, "i"), (2, "u"), (1, "u"), (3, "i")):
            one = Reading(sensor=1, at=at)
            assert outcomes(readings.upsert(one, on=KEY), [one]) == expected
        assert readings.delete(Reading.at == 1) == 1
        one = Reading(sensor=1, at=1)
        assert outcomes(readings.upsert(one, on=KEY), [one]) == "i"


@needs_parts
@pytest.mark.parametrize("count", [3, 200])
def test_parted_lists(parted: DataSource, count: int) -> None:
    readings = parted.repository(Reading)
    made = [Reading(sensor=n % 4, at=n // 4, value=1) for n in range(count)]
    assert outcomes(readings.upsert(made[::2], on=KEY), made[::2]) == "i" * len(made[::2])
    assert outcomes(readings.upsert(made, on=KEY), made) == ("ui" * count)[:count]
    for one in made[:10]:
        one.value = 2
    told = outcomes(readings.upsert(made, on=KEY, only_if_changed=True), made)
    assert told == ("u" * 10 + "s" * count)[:count]
    assert outcomes(readings.upsert(made, on=KEY, update="nothing"), made) == "s" * count


@needs_parts
@pytest.mark.parametrize("count", [1, 3, 200])
def test_parted_rows_are_saved_and_removed(parted: DataSource, count: int) -> None:
    readings = parted.repository(Reading)
    made = [Reading(sensor=n % 4, at=n // 4, value=n) for n in range(count)]
    parted.save(made)
    for one in made:
        one.value += 1
    parted.save(made)
    assert sorted(r.value for r in readings.find()) == list(range(1, count + 1))
    parted.remove(made[1:])
    assert readings.count() == 1


@needs_parts
def test_parted_a_dropped_update_says_nothing_of_later_rows(parted: DataSource) -> None:
    readings = parted.repository(Reading)
    readings.insert(Reading(sensor=1, at=1))
    parted.sql(
        "create function act() returns trigger language plpgsql as $$ begin "
        "if new.value = 13 then return null; end if; return new; end $$"
    ).run()
    parted.sql("create trigger act before update on upsert_readings for each row execute function act()").run()
    with parted.transaction():
        dropped, new = Reading(sensor=1, at=1, value=13), Reading(sensor=1, at=2)
        assert outcomes(readings.upsert(dropped, on=KEY), [dropped]) == "s"
        assert outcomes(readings.upsert(new, on=KEY), [new]) == "i"
    made = [Reading(sensor=1, at=at, value=13) for at in range(40)]
    assert outcomes(readings.upsert(made, on=KEY), made) == "iss" + "i" * 37


@needs_parts
def test_parted_a_unique_violation_names_its_fields(parted: DataSource) -> None:
    readings = parted.repository(Reading)
    readings.insert(Reading(sensor=1, at=1))
    with pytest.raises(errors.UniqueViolation) as caught:
        readings.insert(Reading(sensor=1, at=1))
    assert (caught.value.entity, caught.value.field) == ("Reading", "sensor")
