"""peewee: models, insert_many and bulk_update in batches, prefetch."""

from __future__ import annotations

from datetime import datetime

import peewee

from . import children, new_rows, parents

database = peewee.SqliteDatabase(":memory:")


class Base(peewee.Model):
    class Meta:
        database = database


class Journal(Base):
    moment = peewee.DateTimeField()
    level = peewee.IntegerField()
    text = peewee.TextField()


class Parent(Base):
    name = peewee.TextField()


class Child(Base):
    name = peewee.TextField()
    parent = peewee.ForeignKeyField(Parent, backref="children")


class Contender:
    name = "peewee"

    def __init__(self) -> None:
        database.connect()
        database.create_tables([Journal, Parent, Child])
        self.save(new_rows())
        with database.atomic():
            for batch in peewee.chunked([{"id": k, "name": n} for k, n in parents()], 500):
                Parent.insert_many(batch).execute()
            for batch in peewee.chunked([{"id": k, "name": n, "parent": p} for k, n, p in children()], 500):
                Child.insert_many(batch).execute()
        self.row = new_rows(1)[0]
        self.made: list[Journal] = []

    def one(self, key: int) -> object:
        return Journal.get_by_id(key)

    def insert_one(self) -> None:
        moment, level, text = self.row
        self.made.append(Journal.create(moment=moment, level=level, text=text))

    def update_one(self) -> None:
        entry = self.made[-1]
        entry.level = 5
        entry.save(only=[Journal.level])

    def delete_one(self) -> None:
        self.made.pop().delete_instance()

    def find(self) -> object:
        return list(Journal.select())

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        with database.atomic():
            Journal.bulk_create([Journal(moment=m, level=n, text=t) for m, n, t in rows], batch_size=1000)

    def forget(self) -> None:
        Journal.delete().where(Journal.id > 10000).execute()

    def prepare_update(self) -> None:
        self.loaded = list(Journal.select().where(Journal.id <= 10000))

    def update(self) -> None:
        for entry in self.loaded:
            entry.level = entry.id % 5 + 10
        with database.atomic():
            Journal.bulk_update(self.loaded, fields=[Journal.level], batch_size=300)

    def children(self) -> object:
        return peewee.prefetch(Parent.select(), Child.select())
