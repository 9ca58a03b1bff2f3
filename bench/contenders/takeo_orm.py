"""Takeo, as its documents say: repositories, change tracking on."""

from __future__ import annotations

from datetime import datetime

from takeo import (Column, DataSource, Entity, ManyToOne, Mapped, OneToMany, PrimaryGeneratedColumn, Rel)

from . import children, new_rows, parents


@Entity("journal")
class Journal:
    id: Mapped[int] = PrimaryGeneratedColumn()
    moment: Mapped[datetime] = Column()
    level: Mapped[int] = Column()
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


class Contender:
    name = "Takeo"

    def __init__(self) -> None:
        self.db = DataSource("sqlite://", entities=[Journal, Parent, Child])
        self.db.synchronize()
        self.journal, self.parents = self.db.repository(Journal), self.db.repository(Parent)
        self.save(new_rows())
        made = {key: Parent(id=key, name=name) for key, name in parents()}
        self.parents.insert(list(made.values()))
        self.db.repository(Child).insert([Child(id=k, name=n, parent=made[p]) for k, n, p in children()])
        self.row = new_rows(1)[0]
        self.made: list[Journal] = []

    def one(self, key: int) -> object:
        return self.journal.get(key)

    def insert_one(self) -> None:
        moment, level, text = self.row
        entry = Journal(moment=moment, level=level, text=text)
        self.journal.save(entry)
        self.made.append(entry)

    def update_one(self) -> None:
        entry = self.made[-1]
        entry.level = 5
        self.journal.save(entry)

    def delete_one(self) -> None:
        self.journal.remove(self.made.pop())

    def find(self) -> object:
        return self.journal.find()

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        self.journal.save([Journal(moment=m, level=n, text=t) for m, n, t in rows])

    def forget(self) -> None:
        self.journal.delete(Journal.id > 10000)

    def prepare_update(self) -> None:
        self.loaded = self.journal.find(Journal.id <= 10000)

    def update(self) -> None:
        for entry in self.loaded:
            entry.level = entry.id % 5 + 10
        self.journal.save(self.loaded)

    def children(self) -> object:
        return self.parents.find(load=[Parent.children])
