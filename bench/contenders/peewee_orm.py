"""peewee: models, bulk_create and bulk_update in batches, prefetch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee
from playhouse import postgres_ext

from . import ALL, WIDE, Objects
from .postgresql import Place

database = peewee.DatabaseProxy()


class Moment(postgres_ext.DateTimeTZField):
    """The driver gives and takes a datetime with its zone."""


class Base(peewee.Model):
    class Meta:
        database = database


class Journal(Base):
    id = peewee.BigAutoField()
    moment = Moment()
    level = peewee.IntegerField()
    text = peewee.TextField()


class Parent(Base):
    id = peewee.BigAutoField()
    name = peewee.TextField()


class Child(Base):
    id = peewee.BigAutoField()
    name = peewee.TextField()
    parent = peewee.ForeignKeyField(Parent, backref="children")


FIELDS: dict[str, Any] = {
    "smallint": peewee.SmallIntegerField, "integer": peewee.IntegerField, "bigint": peewee.BigIntegerField,
    "double precision": peewee.DoubleField, "real": peewee.FloatField, "boolean": peewee.BooleanField,
    "varchar(80)": lambda **o: peewee.CharField(max_length=80, **o),
    "varchar(2)": lambda **o: peewee.CharField(max_length=2, **o), "text": peewee.TextField,
    "numeric(12,2)": lambda **o: peewee.DecimalField(12, 2, **o),
    "numeric(18,6)": lambda **o: peewee.DecimalField(18, 6, **o), "date": peewee.DateField, "timestamptz": Moment,
    "uuid": peewee.UUIDField, "jsonb": postgres_ext.BinaryJSONField,
    "bigint[]": lambda **o: postgres_ext.ArrayField(peewee.BigIntegerField, **o),
    "text[]": lambda **o: postgres_ext.ArrayField(peewee.TextField, **o)}
Wide = type("Wide", (Base,), {"id": peewee.BigAutoField(), **{name: FIELDS[kind](null=nullable)
                                                              for name, kind, nullable in WIDE if name != "id"}})


class Contender(Objects):
    works = (*ALL, "first")
    zone = "+00:00"

    def __init__(self, place: Place | None, driver: str) -> None:
        if place is None:  # keys come back to lists as well, as in the others
            database.initialize(peewee.SqliteDatabase(":memory:", returning_clause=True))
        else:
            words: dict[str, Any] = {"prefer_psycopg3": True, "prepare_threshold": 0} if driver == "psycopg" else {}
            database.initialize(peewee.PostgresqlDatabase(place.database, host=place.host, port=place.port, user=place.user,
                                                          application_name=place.application, **words))
        database.connect()

    def sql(self, text: str) -> list[Any]:
        return list(database.execute_sql(text))

    def one(self, key: int) -> Any:
        return Journal.get_by_id(key)

    def insert_one(self, row: tuple[Any, ...]) -> Any:
        moment, level, text = row
        return Journal.create(moment=moment, level=level, text=text)

    def update_one(self, entry: Any, level: int) -> None:
        entry.level = level
        entry.save(only=[Journal.level])

    def delete_one(self, entry: Any) -> None:
        entry.delete_instance()

    def find(self) -> Any:
        return list(Journal.select())

    def wide(self) -> Any:
        return list(Wide.select())  # type: ignore[attr-defined]

    def new(self, rows: list[tuple[datetime, int, str]]) -> Any:
        return [Journal(moment=m, level=n, text=t) for m, n, t in rows]

    def save(self, things: Any) -> Any:
        with database.atomic():
            Journal.bulk_create(things, batch_size=1000)
        return things

    def load(self) -> Any:
        return list(Journal.select())

    def update(self, things: Any) -> None:
        with database.atomic():
            Journal.bulk_update(things, fields=[Journal.level], batch_size=500)

    def children(self) -> Any:
        return peewee.prefetch(Parent.select(), Child.select())
