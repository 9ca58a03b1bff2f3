"""Every line must pass mypy --strict and pyright strict, and every type must be what assert_type says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from typing_extensions import assert_type

from models import Chip, City, Country, Person, Stamped, Status, Stock
from takeo import (
    SKIP,
    DataSource,
    NotFound,
    Predicate,
    Query,
    Repository,
    Select,
    UniqueViolation,
    alias,
    and_,
    count,
    or_,
    ref,
    select,
    sql,
)
from takeo import functions as fn
from takeo.types import Alias, Assignment, Expr, Field, Interval, ToMany, ToOne, ToOneOrNone, as_dict, is_loaded


class Cities(Repository[City]):
    def big(self) -> list[City]:
        return self.find(City.population > 1_000_000)


# ---- declarations: objects and classes
def instances(city: City, person: Person) -> None:
    assert_type(city.id, int)
    assert_type(city.founded, date | None)
    assert_type(city.country, Country)
    assert_type(city.country.name, str)
    assert_type(city.twin, City | None)
    assert_type(city.country.cities, list[City])
    assert_type(person.made, datetime)
    assert_type(person.chip, Chip | None)
    assert_type(person.away, timedelta | None)
    assert_type(person.term, Interval)
    assert_type(person.term.months, int)
    assert_type(person.term.to_timedelta(), timedelta)
    assert_type(Interval.from_timedelta(timedelta(1)), Interval)
    assert_type(Person.away, Field[Person, timedelta | None])
    assert_type(City.id, Field[City, int])
    assert_type(City.founded, Field[City, date | None])
    assert_type(City.country, ToOne[City, Country])
    assert_type(City.twin, ToOneOrNone[City, City])
    assert_type(Country.cities, ToMany[Country, City])
    assert_type(Person.made, Field[Person, datetime])
    city.name = "Lyon"
    city.founded = None
    city.twin = None
    city.country = ref(Country, "FR")
    city.country.cities = [city]
    _: set[City] = {city}
    match city:
        case City(name="Lyon", population=p):
            assert_type(p, int)
        case _:
            pass
    assert_type(is_loaded(city, City.country), bool)
    assert_type(as_dict(city, relations=True), dict[str, Any])


def constructors(france: Country) -> None:
    City(name="Lyon", country=france)
    City(name="Lyon", population=522_000, country=france)
    City(id=5, name="Lyon", country=france, founded=None, twin=None, status=Status.CLOSED, tags=["a"])
    City(name="Nice", country=ref(Country, "FR"), area=3, budget=Decimal(10))
    Country(code="FR", name="France")
    Country(code="FR", name="France", cities=[])
    Person(email="a@b")
    Person(email="a@b", note="n", born_in_id=3, nick="x")
    Stock(shop=1, sku="a")
    Chip(code="1", owner=Person(email="x"))
    assert_type(ref(Stock, (1, "a")), Stock)


# ---- conditions and paths
def predicates(france: Country, now: datetime) -> list[Predicate]:
    assert_type(City.country[Country.name], Field[City, str])
    assert_type(City.twin[City.name], Field[City, str | None])
    assert_type(City.twin[City.country][Country.name], Field[City, str | None])
    assert_type(City.country[Country.cities], ToMany[City, City])
    assert_type(Person.born_in[City.country][Country.name], Field[Person, str])
    assert_type(City.population + 1, Expr[int])
    assert_type(1 + City.population, Expr[int])
    assert_type(City.population / 2, Expr[Decimal])
    assert_type(City.population > 3, Predicate)
    assert_type(-City.population, Expr[int])
    return [
        City.population > 3, City.population == City.id, City.area > 3, City.budget > 10, City.budget == Decimal("1.5"),
        City.founded == None,  # noqa: E711
        City.founded.is_null(), City.founded < date(2000, 1, 1), City.founded.is_distinct_from(None),
        City.population.between(1, 10), City.population.in_([1, 2]), City.status == Status.ACTIVE, City.status.in_([Status.ACTIVE]),
        City.name.like("L%"), City.name.contains("yo", ignore_case=True), City.name.startswith("L"), City.name.matches("^L"),
        City.country == france, City.country.in_([france]), City.country.has(Country.name == "France"),
        City.twin == None, City.twin.is_null(),  # noqa: E711
        City.country[Country.name] == "France", City.country[Country.name].like("F%"),
        Country.cities.any(City.population > 10), Country.cities.none(), Country.cities.every(City.population > 1),
        Country.cities.count() > 3, Country.cities.contains(ref(City, 3)),
        (City.population > 1) & ~(City.name == "x") | (City.id == 3),
        and_(City.id == 1, City.name == "x"), or_(City.id == 1, SKIP),
        Person.away > timedelta(hours=1), Person.term == Interval(months=1), Person.away.in_([timedelta(1)]),
        City.seen > now - timedelta(days=1), City.seen > fn.now(), fn.lower(City.name) == "lyon",
        sql("{x} like {q}", x=City.name, q="a").typed(bool) == True,  # noqa: E712
        City.name == sql("{x}", x=1).typed(str), City.id.in_(select(Person.born_in_id).subquery()),
        City.country.in_(select(Country.code).subquery()), City.twin.not_in(select(City.id).subquery()),
        (City.id == 1) & sql("{x} % 2 = 0", x=City.id), sql("{x} % 2 = 0", x=City.id) | (City.id == 1),
        ~sql("{x} % 2 = 0", x=City.id), sql("{x} = 1", x=City.id) | ~sql("{x} = 2", x=City.id).typed(bool),
        fn.exists(select(Person).where(Person.email == "x").subquery()),
    ]  # fmt: skip


# ---- repository
def repository(db: DataSource, france: Country, name: str | None) -> None:
    cities = db.repository(City)
    assert_type(cities, Repository[City])
    assert_type(db.repository(Cities), Cities)
    assert_type(db.repository(Cities).big(), list[City])
    big = cities.find(City.population > 1_000_000, order_by=City.population.desc(), limit=10, load=[City.country])
    assert_type(big, list[City])
    cities.find(order_by=[City.country[Country.name], City.id.desc(nulls="last")], offset=20, comment="report", timeout=2.5)
    cities.find(sql("{x} % 2 = 0", x=City.id), City.id > 3)
    cities.find(City.name == name if name else SKIP, only=[City.id, City.name])
    db.repository(Person).find(Stamped.note > "", order_by=Stamped.made)
    cities.find(load=[City.country[Country.cities], City.meta, City.country.by("query")])
    assert_type(cities.find_one_by(name="Lyon"), City | None)
    assert_type(cities.find_one(City.name == "Lyon"), City | None)
    assert_type(cities.find_one_or_fail(City.name == "Lyon"), City)
    assert_type(cities.find_one_by_or_fail(name="Lyon"), City)
    assert_type(cities.get(7), City | None)
    assert_type(cities.get_or_fail(7, load=[City.country]), City)
    assert_type(cities.get_many([1, 2]), list[City])
    assert_type(cities.find_and_count(limit=3), tuple[list[City], int])
    assert_type(cities.save(City(name="Lyon", country=france)), City)
    assert_type(cities.save([City(name="Lyon", country=france)]), list[City])
    assert_type(cities.upsert(big, on=[City.name, City.country], update=[City.population]).inserted, list[City])
    assert_type(cities.upsert(big, on=[City.name], where=City.population < 3).skipped, list[City])
    assert_type(cities.update_one(7, name="Lyon"), City | None)
    assert_type(cities.update_one(7, City.name.to("Lyon"), City.population.to(City.population + 1)), City | None)
    assert_type(cities.update(City.country == france, City.population.to(0)), int)
    assert_type(france == france, bool)  # noqa: PLR0124
    assert_type({france}, set[Country])
    assert_type(cities.update(City.country == france, population=0), int)
    assert_type(cities.delete(City.population == 0), int)
    assert_type(cities.delete_one(3), bool)
    assert_type(cities.all().delete(), int)
    assert_type(cities.sum(City.population, City.country == france), int | None)
    assert_type(cities.max(City.founded), date | None)
    assert_type(cities.merge(big[0], {"name": "x"}), City)
    assert_type(cities.create({"name": "x"}), City)
    assert_type(cities.get_or_create(name="x", defaults={"population": 3}), tuple[City, bool])
    assert_type(City.name.to("x"), Assignment[City])
    assert_type(db.get(City, 3), City | None)
    assert_type(db.save(big), list[City])
    db.save([france, big[0]])
    db.load(big, City.country, City.people)
    db.load(big[0], City.country[Country.cities], reload=True)
    db.reload(big, City.name)
    assert_type(db.model(City).key, tuple[str, ...])
    try:
        cities.insert(big)
    except UniqueViolation as e:
        assert_type(e.constraint, str | None)
    except NotFound as e:
        assert_type(e.to_dict(), dict[str, Any])


# ---- query
def query(db: DataSource, france: Country) -> None:
    cities = db.repository(City)
    q = cities.where(City.country[Country.name] == "France").order_by(City.name).limit(5)
    assert_type(q, Query[City])
    for c in q:
        assert_type(c, City)
    assert_type(q.list(), list[City])
    assert_type(q.first(), City | None)
    assert_type(q.exists(), bool)
    assert_type(q.load(City.country).one(), City)
    assert_type(q.timeout(2.5).list_and_count(), tuple[list[City], int])
    rows = cities.query().select(City.country, count()).group_by(City.country)
    assert_type(rows, Query[tuple[Country, int]])
    assert_type(rows.tuples(), list[tuple[Country, int]])
    assert_type(rows.dicts(), list[dict[str, Any]])
    assert_type(db.query(City.name, City.founded).list(), list[tuple[str, date | None]])
    assert_type(db.query(City.name).scalars(), list[str])
    assert_type(db.query(count(City)).scalar(), int)
    assert_type(db.query(City), Query[City])
    assert_type(q.select(City, City.country[Country.name], City.twin[City.name]).list(), list[tuple[City, str, str | None]])
    q.order_by(None)
    other = alias(City, "other")
    assert_type(other, Alias[City])
    assert_type(other[City.name], Expr[str])
    q.join(other, on=other[City.country] == City.country).select(City, other[City.id])
    q.join(City.country).left_join(other, on=other[City.id] == City.id)
    assert_type(fn.sum(City.population).filter(City.id > 1).label("n"), Expr[int | None])
    assert_type(fn.max(City.founded).label("last"), Expr[date | None])
    assert_type(fn.coalesce(City.founded, date.today()), Expr[date])
    assert_type(fn.case((City.population > 1, "big"), else_="small"), Expr[str])
    assert_type(fn.cast(City.id, str), Expr[str])
    assert_type(fn.call("hex", City.name, returns=str), Expr[str])
    assert_type(select(City), Select[City])
    assert_type(db.query(select(City).where(City.id == 3)), Query[City])
    assert_type(q.returning(City.id, City.name).update(City.name.to("x")), list[tuple[int, str]])
    assert_type(q.returning().delete(), list[City])
    assert_type(q.update(population=City.population + 1), int)
    assert_type(q.sql(), tuple[str, tuple[Any, ...]])
    biggest = select(fn.max(City.population)).scalar_subquery()
    q.where(City.population == biggest, City.country == france)
    assert_type(db.sql("select name from cities where id = {id}", id=3).scalars(), list[Any])
    assert_type(db.sql("select 1").one(), tuple[Any, ...])
    assert_type(db.sql("delete from cities").run(), int)


# ---- transactions
def move(a: int, b: int) -> str:
    return f"{a}{b}"


def transactions(db: DataSource) -> None:
    with db.transaction(isolation="serializable") as tx:
        assert_type(tx.repository(City).delete(City.population == 0), int)
        tx.after_commit(lambda: None)
        with tx.savepoint() as inner:
            inner.rollback()
    assert_type(db.transaction(retry=3).run(move, 1, b=2), str)
    again = db.transaction(retry=3)(move)
    assert_type(again(1, 2), str)
    with DataSource("sqlite://", entities=[City, "app.models"]) as other:
        assert_type(other.synchronize(plan=True), list[str])


uid: UUID = Person(email="x").id
