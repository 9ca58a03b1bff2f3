"""The world that the tests speak about."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID, uuid4

from takeo import (
    UNSET,
    Check,
    Column,
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
from takeo.types import Float32, Int16, Int32, Timestamp


class Status(Enum):
    ACTIVE = "active"
    CLOSED = "closed"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@Entity("countries")
class Country:
    code: Mapped[str] = PrimaryColumn(length=2)
    name: Mapped[str] = Column(length=80, index=True)
    cities: Rel[list[City]] = OneToMany("City", inverse="country")


@Entity("cities", constraints=[Unique("country", "name"), Check("population >= 0", name="ck_population")])
class City:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=120)
    population: Mapped[int] = Column(default=0)
    area: Mapped[float] = Column(default=0.0)
    founded: Mapped[date | None] = Column(default=None)
    status: Mapped[Status] = Column(default=Status.ACTIVE)
    tags: Mapped[list[str]] = Column(default=list)
    meta: Mapped[dict[str, Any]] = Column(default=dict)
    country: Rel[Country] = ManyToOne(Country, inverse="cities", on_delete="CASCADE")
    twin: Rel[City | None] = ManyToOne("City", default=None)
    people: Rel[list[Person]] = OneToMany("Person", inverse="city", order_by="name")


@Entity(abstract=True)
class Stamped:
    note: Mapped[str] = Column(default="")
    made: Mapped[str] = Column(server_default=sql("'now'"))


@Entity("people", order_by="name")
class Person(Stamped):
    id: Mapped[UUID] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=60)
    email: Mapped[str | None] = Column(unique=True)
    secret: Mapped[str | None] = Column(secret=True)
    city_id: Mapped[int | None] = Column(default=UNSET)
    city: Rel[City | None] = ManyToOne(City, key="city_id", inverse="people", default=UNSET)
    passport: Rel[Passport | None] = OneToOne("Passport", mapped_by="owner", default=None)


@Entity("passports")
class Passport:
    owner: Rel[Person] = OneToOne(Person, inverse="passport", primary=True, on_delete="CASCADE")
    number: Mapped[str] = Column(length=20)


@Entity("stock", constraints=[Index("amount desc", "shop")])
class Stock:
    shop: Mapped[int] = PrimaryColumn()
    sku: Mapped[str] = PrimaryColumn(length=20)
    amount: Mapped[int] = Column(default=0)


@Entity("moves")
class Move:
    id: Mapped[int] = PrimaryGeneratedColumn("increment")
    item: Rel[Stock] = ManyToOne(Stock)
    by: Mapped[int] = Column()


@Entity("tags")
class Tag:
    """A key that is a relation to a key of several columns, and one more column."""

    item: Rel[Stock] = ManyToOne(Stock, primary=True)
    lang: Mapped[str] = PrimaryColumn(length=2)
    text: Mapped[str] = Column()


@Entity("cats")
class Cat:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()
    parent: Rel[Cat | None] = ManyToOne("Cat", inverse="children", default=None)
    children: Rel[list[Cat]] = OneToMany("Cat", inverse="parent")


@Entity("everything")
class Everything:
    """One column of every type."""

    id: Mapped[int] = PrimaryGeneratedColumn()
    big: Mapped[int | None] = Column()
    small: Mapped[int | None] = Column(Int16)
    int4: Mapped[int | None] = Column(Int32)
    real: Mapped[float | None] = Column()
    real4: Mapped[float | None] = Column(Float32)
    amount: Mapped[Decimal | None] = Column(precision=10, scale=2)
    free: Mapped[Decimal | None] = Column()
    flag: Mapped[bool | None] = Column()
    text: Mapped[str | None] = Column()
    short: Mapped[str | None] = Column("varchar(3)")
    data: Mapped[bytes | None] = Column()
    token: Mapped[UUID | None] = Column()
    day: Mapped[date | None] = Column()
    clock: Mapped[time | None] = Column()
    seen: Mapped[datetime | None] = Column()
    wall: Mapped[datetime | None] = Column(Timestamp)
    status: Mapped[Status | None] = Column()
    level: Mapped[Level | None] = Column()
    json: Mapped[dict[str, Any] | None] = Column()
    words: Mapped[list[str] | None] = Column()
    numbers: Mapped[list[int] | None] = Column()


@Entity("defaults")
class Defaulted:
    id: Mapped[UUID] = PrimaryColumn(default=uuid4)
    text: Mapped[str] = Column(default="x'y")
    number: Mapped[int] = Column(default=7)
    amount: Mapped[Decimal] = Column(default=Decimal("1.50"), precision=10, scale=2)
    flag: Mapped[bool] = Column(default=True)
    late: Mapped[str] = Column(server_default=sql("'late'"))
    hidden: Mapped[str] = Column(default="h", deferred=True)
    fixed: Mapped[str] = Column(default="f", update=False)


ALL = [Country, City, Person, Passport, Stock, Move, Tag, Cat, Everything, Defaulted]
