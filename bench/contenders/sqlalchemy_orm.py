"""SQLAlchemy ORM: get, unit of work, selectinload; autocommit where one object is written."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from . import ALL, Objects, level_of
from .postgresql import Place
from .sqlalchemy_core import engine_of, wide


class Base(orm.DeclarativeBase):
    pass


class Journal(Base):
    __tablename__ = "journal"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    moment: orm.Mapped[datetime] = orm.mapped_column(sa.DateTime(timezone=True))
    level: orm.Mapped[int]
    text: orm.Mapped[str] = orm.mapped_column(sa.Text)


class Parent(Base):
    __tablename__ = "parent"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.Text)
    children: orm.Mapped[list["Child"]] = orm.relationship(back_populates="parent")


class Child(Base):
    __tablename__ = "child"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.Text)
    parent_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("parent.id"), index=True)
    parent: orm.Mapped[Parent] = orm.relationship(back_populates="children")


class Wide(Base):
    __table__ = wide


class Contender(Objects):
    works = (*ALL, "first")
    also = {"update": {"bulk by key": "bulk"}, "save": {"bulk insert": "bulk"}}

    def __init__(self, place: Place | None, driver: str) -> None:
        self.is_sqlite = place is None
        self.unit = self.single = orm.Session(engine_of(place, driver), expire_on_commit=False)
        if not self.is_sqlite:
            # One object: no BEGIN and COMMIT around it.  Said to the engine, once for each connection: as an option of
            # execution it is set and taken back around each use.
            auto = engine_of(place, driver, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)
            self.single = orm.Session(auto, expire_on_commit=False)
        self.all, self.all_wide = sa.select(Journal), sa.select(Wide)
        self.put = sa.insert(Journal).returning(Journal.id, sort_by_parameter_order=True)
        self.family = sa.select(Parent).options(orm.selectinload(Parent.children))

    def before(self, work: str) -> None:
        for session in (self.single, self.unit):
            session.expunge_all()
            session.commit()

    def sql(self, text: str) -> list[Any]:
        found = self.unit.connection().exec_driver_sql(text)
        rows = [tuple(row) for row in found] if found.returns_rows else []
        self.unit.commit()
        return rows

    def one(self, key: int) -> Any:
        """A query each time: the session knows only objects that somebody holds, and nobody holds these."""
        return self.single.get(Journal, key)

    def insert_one(self, row: tuple[Any, ...]) -> Journal:
        moment, level, text = row
        entry = Journal(moment=moment, level=level, text=text)
        self.single.add(entry)
        self.single.commit()
        return entry

    def update_one(self, entry: Journal, level: int) -> None:
        entry.level = level
        self.single.commit()

    def delete_one(self, entry: Journal) -> None:
        self.single.delete(entry)
        self.single.commit()

    def find(self) -> Any:
        return self.single.scalars(self.all).all()

    def wide(self) -> Any:
        return self.single.scalars(self.all_wide).all()

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [Journal(moment=m, level=n, text=t) for m, n, t in rows]

    def save(self, things: Any) -> Any:
        self.unit.add_all(things)
        self.unit.commit()
        return things

    def new_bulk(self, rows: list[tuple[Any, ...]]) -> Any:
        return [{"moment": m, "level": n, "text": t} for m, n, t in rows]

    def save_bulk(self, rows: Any) -> Any:
        """Without objects; the keys come back."""
        keys = self.unit.scalars(self.put, rows).all()
        self.unit.commit()
        return keys

    def keys_bulk(self, saved: Any) -> Any:
        return saved

    def load(self) -> Any:
        return self.unit.scalars(self.all).all()

    def update(self, things: Any) -> None:
        self.unit.commit()

    def load_bulk(self) -> Any:
        return [entry.id for entry in self.unit.scalars(self.all)]

    def change_bulk(self, keys: Any, turn: int) -> Any:
        return [{"id": key, "level": level_of(key, turn)} for key in keys]

    def update_bulk(self, rows: Any) -> None:
        self.unit.execute(sa.update(Journal), rows)
        self.unit.commit()

    def children(self) -> Any:
        return self.single.scalars(self.family).all()

    def plain(self, thing: Any) -> tuple[Any, ...]:
        """On SQLite its DateTime keeps no zone; to add one takes a type of one's own, and makes every read slower."""
        moment = thing.moment.replace(tzinfo=timezone.utc) if self.is_sqlite else thing.moment
        return thing.id, moment, thing.level, thing.text
