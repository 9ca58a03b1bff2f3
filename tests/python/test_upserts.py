"""Upserts: what became of each row, one by one, in lists, and in tables with partitions.

A list does exactly what its objects would do one after another.  The tests say so by doing both and comparing
rows and outcomes; on PostgreSQL a list is few statements, and a trigger counts them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from takeo import (
    SKIP,
    Column,
    DataSource,
    Entity,
    Index,
    ManyToOne,
    Mapped,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Rel,
    Unique,
    errors,
    or_,
    select,
    sql,
)
from takeo import functions as fn
from takeo.types import Interval

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
    first: Mapped[int] = Column(default=0, update=False)


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


@Entity("upsert_tags")
class Tag:
    tag: Mapped[str] = PrimaryColumn()


@Entity("upsert_parts")
class Part:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(unique=True)
    size: Mapped[int] = Column(default=0)
    whole: Rel[Part | None] = ManyToOne("Part", inverse="pieces")
    pieces: Rel[list[Part]] = OneToMany("Part", inverse="whole")


@Entity("upsert_terms")
class Term:
    id: Mapped[int] = PrimaryColumn()
    term: Mapped[Interval | None] = Column(default=None)
    terms: Mapped[list[Interval] | None] = Column(default=None)


ALL = [Shop, Stock, Word, Price, Good, Mail, Reading, Tag, Part, Term]
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
    "where": {"where": Stock.amount < 2},
    "where and changed": {"where": or_(Stock.amount == 0, Stock.shop.in_([1, 3])), "only_if_changed": True},
    "target alone": {"update": [Stock.sku]},
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


# ---- what is updated, and on which condition ------------------------------------------------------------


def some(count: int, amount: int) -> list[Stock]:
    return [Stock(shop=1, sku=f"s{number}", amount=amount, first=amount) for number in range(count)]


COUNTS = pytest.mark.parametrize("count", [1, 3, 40])


@COUNTS
def test_repo_09_a_row_that_the_condition_refuses_is_skipped(db: DataSource, count: int) -> None:
    stock = db.repository(Stock)
    there = stock.insert(some(count, 5))
    given = [*some(count, 7), Stock(shop=2, sku="new", amount=9)]
    told = outcomes(stock.upsert(given, on=BY, where=Stock.amount > 5), given)
    assert told == "s" * count + "i"  # a new row is no question of the condition
    assert [s.amount for s in stock.find(Stock.shop == 1)] == [5] * count
    assert all("id" not in vars(one) and one.amount == 7 for one in given[:count])  # nothing came back: still new
    told = outcomes(stock.upsert(given, on=BY, where=Stock.amount == 5), given)
    assert told == "u" * count + "s"
    assert [one.id for one in given[:count]] == [one.id for one in there]
    assert [s.amount for s in stock.find(Stock.shop == 1)] == [7] * count


CONDITIONS: dict[str, tuple[Any, str]] = {
    "list": (Stock.sku.in_(["s1", "s3"]), "susus"),
    "between": (Stock.amount.between(1, 3), "suuus"),
    "null": (Stock.label.is_null(), "uuuuu"),
    "not": (~(Stock.sku == "s0"), "suuuu"),
    "text": (Stock.sku == "' or 1 = 1 --", "sssss"),
    "two columns": ((Stock.first == Stock.amount) & (Stock.amount + 1 > 3), "sssuu"),
    "by hand": (sql("upsert_stocks.amount >= {least}", least=4), "ssssu"),
    "subquery": (Stock.amount.in_(select(Word.count).where(Word.word == "b").subquery()), "ssuss"),
}


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("name", list(CONDITIONS))
def test_repo_09_conditions_are_those_of_queries(db: DataSource, name: str, count: int) -> None:
    condition, expected = CONDITIONS[name]
    stock = db.repository(Stock)
    stock.insert([Stock(shop=1, sku=f"s{number}", amount=number, first=number) for number in range(5)])
    db.repository(Word).insert([Word(word="a", count=1), Word(word="b", count=2)])
    fitting = {s.sku for s in stock.find(condition)}
    assert "".join("u" if f"s{number}" in fitting else "s" for number in range(5)) == expected
    given = some(5, 100)
    told = "".join(
        outcomes(stock.upsert(given[at : at + count], on=BY, where=condition), given[at : at + count])
        for at in range(0, 5, count)
    )
    assert told == expected
    assert {s.sku for s in stock.find(Stock.amount == 100)} == fitting


@COUNTS
def test_repo_09_a_condition_on_what_is_related(db: DataSource, count: int) -> None:
    near, far = Shop(name="near"), Shop(name="far")
    db.save([near, far])
    goods = db.repository(Good)
    goods.insert([Good(name=f"g{number}", shop=near if number % 2 else far) for number in range(count)])
    given = [Good(name=f"g{number}", shop=near) for number in range(count)]
    told = outcomes(goods.upsert(given, on=[Good.name], where=Good.shop.has(Shop.name == "far")), given)
    assert told == ("us" * count)[:count]
    assert goods.count(Good.shop[Shop.name] == "near") == count
    with pytest.raises(errors.NotSupportedError) as caught:  # an INSERT joins nothing
        goods.upsert(given, on=[Good.name], where=Good.shop[Shop.name] == "far")
    assert "has(...)" in str(caught.value)


@COUNTS
def test_repo_09_a_condition_on_other_rows_of_the_same_table(db: DataSource, count: int) -> None:
    parts = db.repository(Part)
    wholes = parts.insert([Part(name=f"w{number}") for number in range(count)])
    parts.insert([Part(name=f"p{number}", size=number, whole=wholes[number]) for number in range(count)])
    for kind, conditions in (
        ("p", [Part.whole.has(Part.name == "w0"), Part.whole.has(Part.pieces.any(Part.name == "p0"))]),
        ("w", [Part.pieces.any(Part.name == "p0"), (Part.pieces.count() > 0) & (Part.name == "w0")]),
    ):
        for condition in conditions:
            given = [Part(name=f"{kind}{number}", size=100) for number in range(count)]
            told = outcomes(parts.upsert(given, on=[Part.name], update=[Part.size], where=condition), given)
            assert told == "u" + "s" * (count - 1)
    assert sorted(part.name for part in parts.find(Part.size == 100)) == ["p0", "w0"]


@COUNTS
def test_repo_09_a_condition_sees_what_objects_before_it_have_changed(db: DataSource, count: int) -> None:
    """Also where a list could be one statement, in which all of them would see the rows as they were."""
    parts = db.repository(Part)
    parts.insert([Part(name=f"p{number}") for number in range(count)])
    given = [Part(name=f"p{number}", size=1) for number in range(count)]
    nobody = Part.size >= select(fn.max(Part.size)).where(Part.size < 2).subquery()
    told = outcomes(parts.upsert(given, on=[Part.name], update=[Part.size], where=nobody), given)
    assert told == "u" + "s" * (count - 1)


@COUNTS
def test_repo_09_a_month_that_becomes_30_days_has_changed(db: DataSource, count: int) -> None:
    """Though databases take one for the other where they compare."""
    terms, month, days = db.repository(Term), Interval(months=1), Interval(days=30)
    terms.insert([Term(id=number, term=month, terms=[month]) for number in range(count)])
    for told, term, list_ in (("s", month, [month]), ("u", days, [month]), ("u", days, [days]), ("s", days, [days]), ("u", None, [days])):
        given = [Term(id=number, term=term, terms=list_) for number in range(count)]
        assert outcomes(terms.upsert(given, on=[Term.id], only_if_changed=True), given) == told * count
        assert [(one.term, one.terms) for one in terms.find()] == [(term, list_)] * count


@COUNTS
def test_repo_09_other_letters_have_changed(new_url: Callable[[], str], database: str, count: int) -> None:
    """Though the column's collation takes one for the other."""
    collation = "NOCASE" if database == "sqlite" else "takeo_blind"

    @Entity("upsert_tags")
    class Tag:
        id: Mapped[int] = PrimaryColumn()
        name: Mapped[str] = Column(collation=collation)

    with DataSource(new_url(), entities=[Tag]) as source:
        if database != "sqlite":
            source.sql(f"create collation {collation} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)").run()
        source.synchronize()
        tags = source.repository(Tag)
        tags.insert([Tag(id=number, name="ann") for number in range(count)])
        assert tags.count(Tag.name == "ANN") == count
        for told, name in (("s", "ann"), ("u", "Ann"), ("s", "Ann")):
            given = [Tag(id=number, name=name) for number in range(count)]
            assert outcomes(tags.upsert(given, on=[Tag.id], only_if_changed=True), given) == told * count
            assert {tag.name for tag in tags.find()} == {name}


def test_repo_09_one_statement_for_many_values(db: DataSource) -> None:
    stock = db.repository(Stock)
    stock.insert(some(40, 1))
    for least in range(3):  # the same text with other values
        given = some(40, least)
        expected = "u" if least == 1 else "s"
        assert outcomes(stock.upsert(given, on=BY, where=Stock.amount == least), given) == expected * 40


@pytest.mark.postgresql("counts statements of a server")
def test_a_list_with_a_condition_is_one_statement(db: DataSource) -> None:
    stock = db.repository(Stock)
    stock.insert(some(200, 1))
    calls = counted(db, "upsert_stocks")
    stock.upsert(some(300, 2), on=BY, where=Stock.amount.in_([1, 2]))
    assert calls() == 1


def test_repo_09_a_partial_index_and_a_condition(db: DataSource) -> None:
    mails = db.repository(Mail)
    mails.insert([Mail(mail="a", name="old"), Mail(mail="b", name="kept"), Mail(mail="b", gone=1, name="old")])
    given = [Mail(mail=mail, name="new") for mail in "abcdef"]
    done = mails.upsert(given, on=[Mail.mail], index_where="gone = 0", where=Mail.name == "old")
    assert outcomes(done, given) == "usiiii"
    with pytest.raises(errors.InputError) as caught:  # without its predicate the index is not unique
        mails.upsert(given, on=[Mail.mail])
    assert caught.value.code == "TAKEO.QUERY.SHAPE"


@COUNTS
def test_repo_09_nothing_to_update_leaves_rows_alone(db: DataSource, count: int) -> None:
    stock = db.repository(Stock)
    there = stock.insert(some(count, 5))
    ways: list[dict[str, Any]] = [
        {"update": "nothing"},
        {"update": []},
        {"update": BY},
        {"update": [Stock.sku], "where": Stock.amount == 5},
    ]
    for way in ways:
        given = some(count, 7)
        assert outcomes(stock.upsert(given, on=BY, **way), given) == "s" * count
        assert all("id" not in vars(one) for one in given)
    assert [(s.id, s.amount) for s in stock.find(order_by=Stock.id)] == [(one.id, 5) for one in there]


@COUNTS
def test_repo_09_an_entity_that_is_all_key(db: DataSource, count: int) -> None:
    tags = db.repository(Tag)
    given = [Tag(tag=f"t{number}") for number in range(count)]
    assert outcomes(tags.upsert(given, on=[Tag.tag]), given) == "i" * count
    given = [Tag(tag=f"t{number}") for number in range(count + 1)]
    assert outcomes(tags.upsert(given, on=[Tag.tag]), given) == "s" * count + "i"


@COUNTS
def test_repo_09_the_target_and_what_is_never_updated_are_not_set(db: DataSource, count: int) -> None:
    """A trigger or a column's privilege would notice: the columns are not in the statement at all."""
    stock = db.repository(Stock)
    stock.insert(some(count, 5))
    given = some(count, 7)
    assert outcomes(stock.upsert(given, on=BY), given) == "u" * count
    assert [(s.amount, s.first) for s in stock.find()] == [(7, 5)] * count


@COUNTS
def test_repo_09_a_column_without_a_value_gets_what_an_insert_puts_there(db: DataSource, count: int) -> None:
    stock = db.repository(Stock)
    there = some(count, 5)
    for one in there:
        one.made = "by hand"
    stock.insert(there)
    given = some(count, 7)
    assert outcomes(stock.upsert(given, on=BY), given) == "u" * count  # what is not inserted is not set
    assert [s.made for s in stock.find()] == ["by hand"] * count
    assert [one.made for one in given] == ["by hand"] * count  # and comes back
    given = some(count, 7)
    assert outcomes(stock.upsert(given, on=BY, update=[Stock.made]), given) == "u" * count
    assert [one.made for one in given] == [s.made for s in stock.find()] == ["by the server"] * count


@pytest.mark.postgresql("triggers for columns")
@COUNTS
def test_repo_09_a_trigger_for_the_target_does_not_run(db: DataSource, count: int) -> None:
    db.sql(
        "create function act() returns trigger language plpgsql as $$ begin raise exception 'was set'; end $$"
    ).run()
    db.sql("create trigger act before update of sku, shop, id on upsert_stocks for each row execute function act()").run()
    stock = db.repository(Stock)
    stock.insert(some(count, 5))
    for way in ({}, {"update": [Stock.sku, Stock.amount]}):
        given = some(count, 7)
        assert outcomes(stock.upsert(given, on=BY, **way), given) == "u" * count


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another entity": ({"where": Word.count > 1}, "TAKEO.QUERY.SHAPE"),
    "no condition": ({"where": True}, "TAKEO.INPUT.TYPE"),
    "a column": ({"where": Stock.amount}, "TAKEO.INPUT.TYPE"),
    "a value of another type": ({"where": Stock.amount < "x"}, "TAKEO.INPUT.TYPE"),
    "nothing on a condition": ({"where": Stock.amount < 3, "update": "nothing"}, "TAKEO.QUERY.SHAPE"),
    "a column of another entity": ({"update": [Word.count]}, "TAKEO.INPUT.TYPE"),
    "a column alone": ({"update": Stock.amount}, "TAKEO.INPUT.TYPE"),
    "a column alone, to meet": ({"on": Stock.sku}, "TAKEO.INPUT.TYPE"),
    "a name": ({"update": "amount"}, "TAKEO.INPUT.TYPE"),
    "the key": ({"update": [Stock.id]}, "TAKEO.INPUT.READ_ONLY"),
    "update=False": ({"update": [Stock.amount, Stock.first]}, "TAKEO.INPUT.READ_ONLY"),
    "no unique columns": ({"on": [Stock.amount]}, "TAKEO.QUERY.SHAPE"),
}


@COUNTS
@pytest.mark.parametrize("name", list(REFUSED))
def test_repo_09_what_means_nothing_is_refused(db: DataSource, name: str, count: int) -> None:
    how, code = REFUSED[name]
    stock = db.repository(Stock)
    with pytest.raises(errors.InputError) as caught:
        stock.upsert(some(count, 1), **{"on": BY, **how})
    assert caught.value.code == code
    assert stock.count() == 0


def test_a_condition_that_is_left_out(db: DataSource) -> None:
    stock = db.repository(Stock)
    stock.insert(some(1, 5))
    for where in (None, SKIP):
        assert len(stock.upsert(some(1, 7), on=BY, where=where).updated) == 1


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
@pytest.mark.parametrize("way", ["all", "changed", "where"])
def test_parted_dropped_updates_say_nothing_of_later_rows(parted: DataSource, way: str) -> None:
    """What a row says of itself is not taken for what another says: new rows behind dropped updates."""
    readings = parted.repository(Reading)
    readings.insert([Reading(sensor=n % 4, at=n, value=1) for n in range(0, 60, 3)])
    parted.sql(
        "create function act() returns trigger language plpgsql as $$ begin "
        "if new.at % 2 = 0 then return null; end if; return new; end $$"
    ).run()
    parted.sql("create trigger act before update on upsert_readings for each row execute function act()").run()
    ways: dict[str, dict[str, Any]] = {
        "all": {}, "changed": {"only_if_changed": True}, "where": {"where": Reading.value < 5},
    }  # fmt: skip
    made = [Reading(sensor=n % 4, at=n, value=1 if way == "changed" and n % 9 == 0 else 2) for n in range(60)]
    done = readings.upsert(made, on=KEY, **ways[way])
    unchanged = {n for n in range(0, 60, 9)} if way == "changed" else set()
    told = "".join("i" if n % 3 else "s" if n % 2 == 0 or n in unchanged else "u" for n in range(60))
    assert outcomes(done, made) == told
    assert readings.count(Reading.value == 2) == sum(letter != "s" for letter in told)


@needs_parts
@pytest.mark.parametrize("count", [1, 3, 100])
def test_parted_conditions(parted: DataSource, count: int) -> None:
    readings = parted.repository(Reading)
    readings.insert([Reading(sensor=n % 4, at=n, value=n % 2) for n in range(count)])
    made = [Reading(sensor=n % 4, at=n, value=5) for n in range(count + 1)]
    told = outcomes(readings.upsert(made, on=KEY, where=Reading.value == 0), made)
    assert told == ("us" * count)[:count] + "i"


@needs_parts
def test_parted_a_unique_violation_names_its_fields(parted: DataSource) -> None:
    readings = parted.repository(Reading)
    readings.insert(Reading(sensor=1, at=1))
    with pytest.raises(errors.UniqueViolation) as caught:
        readings.insert(Reading(sensor=1, at=1))
    assert (caught.value.entity, caught.value.field) == ("Reading", "sensor")
