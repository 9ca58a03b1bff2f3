"""Every line with the mark E in a comment must be an error in both checkers (E:pyright in that one only);
no other line may be."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from models import City, Country, Person, Stock
from takeo import Column, DataSource, Mapped, Predicate, Repository, alias, and_, count, ref, select, sql
from takeo import functions as fn
from takeo.types import Interval


def constructors(france: Country, text: str) -> None:
    City(name="Lyon")  # E
    City(nme="Lyon", country=france)  # E
    City(name=3, country=france)  # E
    City("Lyon", country=france)  # E
    City(name="Lyon", country="FR")  # E
    City(name="Lyon", country=None)  # E
    City(name="Lyon", country=france, budget=1.5)  # E
    City(name="Lyon", country=france, status="active")  # E
    City(name="Lyon", country=france, seen=datetime.now())  # E
    Person(mail="x")  # E
    Country(code="FR", name="France", cities=france)  # E
    Stock(shop=1)  # E
    ref(Country, "FR").emial  # E


def values(city: City) -> None:
    city.founded.year  # E
    city.twin.name  # E
    city.label  # E
    wrong: int = city.name  # E
    for member in city.country:  # E
        pass
    city.name = 3  # E
    city.id = None  # E
    city.country = None  # E
    city.country = "FR"  # E
    city.emial = "x"  # E


def declarations() -> None:
    class Wrong:
        a: Mapped[int] = Column(default="x")  # E
        b: Mapped[str] = Column(lenght=3)  # E
        c: Mapped[Decimal] = Column(default=0.5)  # E
        d: Mapped[list[str]] = Column(default=dict)  # E
        e: Mapped[timedelta] = Column(default=Interval(days=1))  # E
        f: Mapped[Interval] = Column(default=timedelta(1))  # E

    print(Wrong)


def intervals(term: Interval, person: Person) -> None:
    term.months = 2  # E
    term < Interval()  # E
    Interval(1.5)  # E
    person.away = 5  # E
    Person.term > 3  # E


def paths(france: Country) -> None:
    City.emial  # E
    City.country.name  # E
    City.country[City.name]  # E
    City.country["name"]  # E
    City.country[Country.nme]  # E
    City.twin[Country.name]  # E
    Country.cities[City.name]  # E
    Country.cities == france  # E
    Country.cities.has(City.id == 3)  # E
    City.country.any(Country.name == "x")  # E
    City.population["a"]  # E
    City.name.to(3)  # E
    City.country[Country.name].emial  # E


def where(*predicates: Predicate) -> None:
    pass


def predicates(france: Country, city: City, now: datetime) -> None:
    City.population > "3"  # E
    where(City.name == 3)  # E
    where(City.name == None)  # E # noqa: E711
    City.founded < now.time()  # E
    where(City.country == "FR")  # E
    where(City.country == city)  # E
    where(City.status == "active")  # E
    where(City.country[Country.name] == 3)  # E
    where(City.founded == "2000-01-01")  # E
    where(City.token == "0b1c")  # E
    City.population.in_(["a"])  # E
    City.population.in_(3)  # E
    City.population.like("a")  # E
    City.name.contains(3)  # E
    City.name.between("a", 3)  # E
    City.population + "a"  # E
    and_(True)  # E
    Country.cities.contains(france)  # E
    (City.id == 3) & True  # E
    if City.id == 3:  # E:pyright
        pass
    where(City.id == 3 and City.name == "x")  # at run time only
    where(not (City.id == 3))  # E
    where(~City.name)  # E
    where(~sql("{x}", x=City.id).typed(int))  # E
    where(1 < City.id < 3)  # at run time only
    where(City.name)  # E
    where(City.name == "x", {"name": "x"})  # E


def repository(db: DataSource, cities: Repository[City], france: Country, text: str) -> None:
    cities.find(france.name == "x")  # E
    cities.find(City.name)  # E
    cities.find({"name": "x"})  # E
    cities.find(order_by="name")  # E
    cities.find(order_by=City.name.desc)  # E
    cities.find(limit="3")  # E
    cities.find(take=3)  # E
    cities.find(load=[Country.cities])  # E
    cities.find(load=["country"])  # E
    cities.find(load=City.country)  # E
    cities.find(only=[Country.name])  # E
    cities.save(france)  # E
    cities.save([france])  # E
    cities.upsert([], on=["name"])  # E
    cities.upsert([], on=[City.name], where={"name": "Lyon"})  # E
    cities.update(Country.name.to("x"))  # E
    cities.update_one(7, City.name.to(3))  # E
    cities.findOne(City.id == 3)  # E
    cities.get(7).name  # E
    city: City = cities.get(7)  # E
    db.load([france], City.country)  # E
    db.sql(f"select {text}")  # E:pyright
    sql("select " + text)  # E:pyright
    print(city)


def query(db: DataSource) -> None:
    q = db.query(City)
    q.where("a = 1")  # E
    q.where(City.id == 3, True)  # E
    q.order_by("name")  # E
    q.load(Country.cities)  # E
    q.scalars()  # E
    q.take(3)  # E
    db.query(City.name, count()).scalars()  # E
    wrong: list[str] = q.list()  # E
    n: str = db.query(count()).scalar()  # E
    q.update(Country.name.to("x"))  # E
    fn.sum(City.name)  # E
    alias(City)[Country.name]  # E
    q.where(City.country == alias(City))  # E
    q.group_by("name")  # E
    q.limit("3")  # E
    select(City).list()  # E
    db.query(City.nope, count())  # E
    with db.transaction(isolation="strict"):  # E
        pass
    DataSource("sqlite://", coerce="magic")  # E
    print(wrong, n)
