"""Takeo, as its documents say: repositories, change tracking on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from takeo import Column, DataSource, Entity, ManyToOne, Mapped, OneToMany, PrimaryGeneratedColumn, Rel
from takeo.types import Float32, Int16, Int32, Json

from . import ALL, Objects
from .postgresql import Place
@Entity("journal")
class Journal:
    id: Mapped[int] = PrimaryGeneratedColumn()
    moment: Mapped[datetime] = Column()
    level: Mapped[int] = Column(Int32)
    text: Mapped[str] = Column()


@Entity("parent")
class Parent:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()
    children: Rel[list["Child"]] = OneToMany("Child", inverse="parent")


@Entity("child")
class Child:
    id: Mapped[int] = PrimaryGeneratedColumn()
    name: Mapped[str] = Column()
    parent: Rel[Parent] = ManyToOne(Parent, inverse="children")


@Entity("wide")
class Wide:
    id: Mapped[int] = PrimaryGeneratedColumn()
    small: Mapped[int] = Column(Int16)
    amount: Mapped[int] = Column(Int32)
    size: Mapped[int] = Column(Int32)
    total: Mapped[int] = Column()
    ratio: Mapped[float] = Column()
    weight: Mapped[float] = Column()
    score: Mapped[float] = Column(Float32)
    is_open: Mapped[bool] = Column()
    is_paid: Mapped[bool] = Column()
    name: Mapped[str] = Column(length=80)
    title: Mapped[str] = Column()
    note: Mapped[str] = Column()
    city: Mapped[str] = Column()
    country: Mapped[str] = Column(length=2)
    price: Mapped[Decimal] = Column(precision=12, scale=2)
    tax: Mapped[Decimal] = Column(precision=12, scale=2)
    rate: Mapped[Decimal] = Column(precision=18, scale=6)
    born: Mapped[date] = Column()
    due: Mapped[date] = Column()
    made: Mapped[datetime] = Column()
    changed: Mapped[datetime] = Column()
    token: Mapped[UUID] = Column()
    owner: Mapped[UUID] = Column()
    doc: Mapped[dict[str, Any]] = Column()
    choices: Mapped[Json] = Column()
    numbers: Mapped[list[int]] = Column()
    words: Mapped[list[str]] = Column()
    shelf: Mapped[int | None] = Column(Int32, default=None)
    remark: Mapped[str | None] = Column(default=None)
    discount: Mapped[Decimal | None] = Column(precision=12, scale=2, default=None)
    ended: Mapped[datetime | None] = Column(default=None)


class Contender(Objects):
    works = (*ALL, "first")

    def __init__(self, place: Place | None, driver: str) -> None:
        self.db = DataSource(place.url if place else "sqlite://", entities=[Journal, Parent, Child, Wide])
        self.journal, self.parents, self.wides = map(self.db.repository, (Journal, Parent, Wide))

    def sql(self, text: str) -> list[Any]:
        asked = self.db.sql(text)
        if text.startswith("select"):
            return asked.tuples()
        asked.run()
        return []

    def one(self, key: int) -> object:
        return self.journal.get(key)

    def insert_one(self, row: tuple[Any, ...]) -> Journal:
        moment, level, text = row
        entry = Journal(moment=moment, level=level, text=text)
        self.journal.save(entry)
        return entry

    def update_one(self, entry: Journal, level: int) -> None:
        entry.level = level
        self.journal.save(entry)

    def delete_one(self, entry: Journal) -> None:
        self.journal.remove(entry)

    def find(self) -> Any:
        return self.journal.find()

    def wide(self) -> Any:
        return self.wides.find()

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [Journal(moment=m, level=n, text=t) for m, n, t in rows]

    def save(self, things: Any) -> Any:
        return self.journal.save(things)

    def load(self) -> Any:
        return self.journal.find()

    def update(self, things: Any) -> None:
        self.journal.save(things)

    def children(self) -> Any:
        return self.parents.find(load=[Parent.children])
