"""SQLAlchemy ORM: a session per piece of work, get, unit of work, selectinload."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from . import children, new_rows, parents


class Base(orm.DeclarativeBase):
    pass


class Journal(Base):
    __tablename__ = "journal"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    moment: orm.Mapped[datetime]
    level: orm.Mapped[int]
    text: orm.Mapped[str]


class Parent(Base):
    __tablename__ = "parent"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    children: orm.Mapped[list["Child"]] = orm.relationship(back_populates="parent")


class Child(Base):
    __tablename__ = "child"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    parent_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("parent.id"), index=True)
    parent: orm.Mapped[Parent] = orm.relationship(back_populates="children")


class Contender:
    name = "SQLAlchemy ORM"

    def __init__(self) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        Base.metadata.create_all(self.engine)
        self.session = orm.Session(self.engine, expire_on_commit=False)
        self.save(new_rows())
        self.session.execute(sa.insert(Parent), [{"id": k, "name": n} for k, n in parents()])
        self.session.execute(sa.insert(Child), [{"id": k, "name": n, "parent_id": p} for k, n, p in children()])
        self.session.commit()
        self.row = new_rows(1)[0]
        self.made: list[Journal] = []

    def one(self, key: int) -> object:
        self.session.expunge_all()
        return self.session.get(Journal, key)

    def insert_one(self) -> None:
        moment, level, text = self.row
        entry = Journal(moment=moment, level=level, text=text)
        self.session.add(entry)
        self.session.commit()
        self.made.append(entry)

    def update_one(self) -> None:
        entry = self.made[-1]
        entry.level = 5 if entry.level != 5 else 6
        self.session.commit()

    def delete_one(self) -> None:
        self.session.delete(self.made.pop())
        self.session.commit()

    def find(self) -> object:
        self.session.expunge_all()
        return self.session.scalars(sa.select(Journal)).all()

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        self.session.add_all([Journal(moment=m, level=n, text=t) for m, n, t in rows])
        self.session.commit()

    def forget(self) -> None:
        self.session.expunge_all()
        self.session.execute(sa.delete(Journal).where(Journal.id > 10000))
        self.session.commit()

    def prepare_update(self) -> None:
        self.session.expunge_all()
        self.loaded = self.session.scalars(sa.select(Journal).where(Journal.id <= 10000)).all()
        self.turn = getattr(self, "turn", 0) + 1

    def update(self) -> None:
        for entry in self.loaded:
            entry.level = entry.id % 5 + 10 + self.turn
        self.session.commit()

    def children(self) -> object:
        self.session.expunge_all()
        return self.session.scalars(sa.select(Parent).options(orm.selectinload(Parent.children))).all()
