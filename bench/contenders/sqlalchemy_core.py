"""SQLAlchemy Core: statements made once (and, to compare, each time), executemany with keys, rows as they come."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from . import ALL, WIDE, Base, grouped
from .postgresql import Place

metadata = sa.MetaData()
journal = sa.Table("journal", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
                   sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
                   sa.Column("level", sa.Integer, nullable=False), sa.Column("text", sa.Text, nullable=False))
parent = sa.Table("parent", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
                  sa.Column("name", sa.Text, nullable=False))
child = sa.Table("child", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
                 sa.Column("name", sa.Text, nullable=False),
                 sa.Column("parent_id", sa.ForeignKey("parent.id"), nullable=False, index=True))
TYPES = {"smallint": sa.SmallInteger(), "integer": sa.Integer(), "bigint": sa.BigInteger(), "double precision": sa.Double(),
         "real": sa.REAL(), "boolean": sa.Boolean(), "varchar(80)": sa.String(80), "varchar(2)": sa.String(2),
         "text": sa.Text(), "numeric(12,2)": sa.Numeric(12, 2), "numeric(18,6)": sa.Numeric(18, 6), "date": sa.Date(),
         "timestamptz": sa.DateTime(timezone=True), "uuid": sa.Uuid(), "jsonb": pg.JSONB(),
         "bigint[]": pg.ARRAY(sa.BigInteger), "text[]": pg.ARRAY(sa.Text)}
wide = sa.Table("wide", metadata, *(sa.Column(name, TYPES[kind], primary_key=name == "id", nullable=nullable)
                                    for name, kind, nullable in WIDE))


def engine_of(place: Place | None, driver: str, **words: Any) -> sa.Engine:
    """The driver in its fast form: psycopg prepares at once, psycopg2 sends lists of updates in batches."""
    if place is None:
        return sa.create_engine("sqlite://", poolclass=sa.StaticPool, **words)
    url = sa.URL.create(f"postgresql+{driver}", username=place.user, database=place.database,
                        query={"host": place.host, "port": str(place.port), "application_name": place.application})
    if driver == "psycopg":
        return sa.create_engine(url, connect_args={"prepare_threshold": 0}, **words)
    return sa.create_engine(url, executemany_mode="values_plus_batch", **words)


class Contender(Base):
    works = (*ALL, "first")
    also = {"one": {"built each time": "built"}, "single": {"built each time": "built"}}

    def __init__(self, place: Place | None, driver: str) -> None:
        self.is_sqlite = place is None
        # Held, as a loop in a program does: borrowing it for each statement would cost as much again.
        self.db = engine_of(place, driver, isolation_level="AUTOCOMMIT").connect()
        self.unit = self.db if self.is_sqlite else engine_of(place, driver).connect()
        self.get = sa.select(journal).where(journal.c.id == sa.bindparam("key"))
        self.put = sa.insert(journal)
        self.put_keys = sa.insert(journal).returning(journal.c.id, sort_by_parameter_order=True)
        self.set = sa.update(journal).where(journal.c.id == sa.bindparam("key")).values(level=sa.bindparam("new"))
        self.drop = sa.delete(journal).where(journal.c.id == sa.bindparam("key"))
        self.all, self.all_wide = sa.select(journal), sa.select(wide)
        self.parents, self.childs = sa.select(parent), sa.select(child)

    def sql(self, text: str) -> list[Any]:
        found = self.db.exec_driver_sql(text)
        return [tuple(row) for row in found] if found.returns_rows else []

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        if self.is_sqlite:  # a database in memory has one connection, which is in autocommit
            self.db.exec_driver_sql("begin")
            yield self.db
            self.db.exec_driver_sql("commit")
        else:
            with self.unit.begin():
                yield self.unit

    def one(self, key: int) -> Any:
        return self.db.execute(self.get, {"key": key}).one_or_none()

    def one_built(self, key: int) -> Any:
        return self.db.execute(sa.select(journal).where(journal.c.id == key)).one_or_none()

    def insert_one(self, row: tuple[Any, ...]) -> int:
        moment, level, text = row
        return self.db.execute(self.put, {"moment": moment, "level": level, "text": text}).inserted_primary_key[0]

    def update_one(self, key: int, level: int) -> None:
        self.db.execute(self.set, {"key": key, "new": level})

    def delete_one(self, key: int) -> None:
        self.db.execute(self.drop, {"key": key})

    def insert_one_built(self, row: tuple[Any, ...]) -> int:
        moment, level, text = row
        return self.db.execute(sa.insert(journal).values(moment=moment, level=level, text=text)).inserted_primary_key[0]

    def update_one_built(self, key: int, level: int) -> None:
        self.db.execute(sa.update(journal).where(journal.c.id == key).values(level=level))

    def delete_one_built(self, key: int) -> None:
        self.db.execute(sa.delete(journal).where(journal.c.id == key))

    def find(self) -> Any:
        return self.db.execute(self.all).all()

    def wide(self) -> Any:
        return self.db.execute(self.all_wide).all()

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [{"moment": m, "level": n, "text": t} for m, n, t in rows]

    def save(self, rows: Any) -> Any:
        with self.transaction() as db:
            return db.execute(self.put_keys, rows).scalars().all()

    def load(self) -> Any:
        return [row.id for row in self.db.execute(self.all)]

    def found(self, thing: Any) -> Any:
        return thing.id

    def change(self, things: Any, turn: int) -> Any:
        return [{"key": key, "new": level} for key, level in super().change(things, turn)]

    def update(self, pairs: Any) -> None:
        with self.transaction() as db:
            db.execute(self.set, pairs)

    def children(self) -> Any:
        return grouped(self.db.execute(self.parents), self.db.execute(self.childs))

    def plain(self, thing: Any) -> tuple[Any, ...]:
        """On SQLite its DateTime keeps no zone; to add one takes a type of one's own, and makes every read slower."""
        key, moment, level, text = thing
        return key, moment.replace(tzinfo=timezone.utc) if self.is_sqlite else moment, level, text
