"""The world that the two lists speak about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
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
    PrimaryKey,
    Rel,
    Unique,
    sql,
)
from takeo.types import Int32, Interval


class Status(Enum):
    ACTIVE = "active"
    CLOSED = "closed"


@Entity(abstract=True)
class Stamped:
    made: Mapped[datetime] = Column(server_default=sql("now()"))
    note: Mapped[str] = Column(default="")


@Entity("countries", equal_by="key")
class Country:
    code: Mapped[str] = PrimaryColumn(length=2)
    name: Mapped[str] = Column(length=80, index=True)
    cities: Rel[list[City]] = OneToMany("City", inverse="country")


@Entity("cities", constraints=[Index("country", "name", unique=True), Check("population >= 0"), Unique("token")])
class City:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column(length=120)
    population: Mapped[int] = Column(Int32, default=0)
    area: Mapped[float] = Column(default=0)
    budget: Mapped[Decimal] = Column(default=Decimal(0))
    founded: Mapped[date | None] = Column(default=None)
    status: Mapped[Status] = Column(default=Status.ACTIVE)
    tags: Mapped[list[str]] = Column(default=list)
    meta: Mapped[dict[str, Any]] = Column(default=dict)
    token: Mapped[UUID] = Column(default=uuid4)
    seen: Mapped[datetime] = Column(server_default=sql("now()"))
    country: Rel[Country] = ManyToOne(Country, inverse="cities", on_delete="CASCADE")
    twin: Rel[City | None] = ManyToOne("City", default=None)
    people: Rel[list[Person]] = OneToMany("Person", inverse="born_in")


@Entity
class Person(Stamped):
    id: Mapped[UUID] = PrimaryGeneratedColumn("uuid7")
    email: Mapped[str] = Column()
    nick: Mapped[str | None] = Column(default=None, secret=True)
    away: Mapped[timedelta | None] = Column(default=None)
    term: Mapped[Interval] = Column(default=Interval(months=1))
    born_in_id: Mapped[int] = Column(default=UNSET)
    born_in: Rel[City] = ManyToOne(City, key="born_in_id", default=UNSET)
    chip: Rel[Chip | None] = OneToOne("Chip", mapped_by="owner", default=None)


@Entity("stock")
class Stock:
    shop: Mapped[int] = PrimaryKey()
    sku: Mapped[str] = PrimaryKey()


@Entity("chips")
class Chip:
    owner: Rel[Person] = OneToOne(Person, inverse="chip")
    code: Mapped[str] = PrimaryKey(length=15)
