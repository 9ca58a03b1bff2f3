"""SQLAlchemy Core: statements made once, bound parameters, executemany with keys, rows as they come."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from . import children, new_rows, parents

metadata = sa.MetaData()
journal = sa.Table("journal", metadata, sa.Column("id", sa.Integer, primary_key=True),
                   sa.Column("moment", sa.DateTime, nullable=False), sa.Column("level", sa.Integer, nullable=False),
                   sa.Column("text", sa.Text, nullable=False))
parent = sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True),
                  sa.Column("name", sa.Text, nullable=False))
child = sa.Table("child", metadata, sa.Column("id", sa.Integer, primary_key=True),
                 sa.Column("name", sa.Text, nullable=False),
                 sa.Column("parent_id", sa.ForeignKey("parent.id"), nullable=False, index=True))


class Contender:
    name = "SQLAlchemy Core"

    def __init__(self) -> None:
        self.engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=sa.StaticPool)
        self.db = self.engine.connect()
        metadata.create_all(self.db)
        self.get = sa.select(journal).where(journal.c.id == sa.bindparam("key"))
        self.put = sa.insert(journal)
        self.put_keys = sa.insert(journal).returning(journal.c.id, sort_by_parameter_order=True)
        self.change = sa.update(journal).where(journal.c.id == sa.bindparam("key")).values(level=sa.bindparam("new"))
        self.drop = sa.delete(journal).where(journal.c.id == sa.bindparam("key"))
        self.all = sa.select(journal)
        self.save(new_rows())
        self.db.execute(sa.insert(parent), [{"id": k, "name": n} for k, n in parents()])
        self.db.execute(sa.insert(child), [{"id": k, "name": n, "parent_id": p} for k, n, p in children()])
        moment, level, text = new_rows(1)[0]
        self.row = {"moment": moment, "level": level, "text": text}
        self.last = 0

    def one(self, key: int) -> object:
        return self.db.execute(self.get, {"key": key}).first()

    def insert_one(self) -> None:
        self.last = self.db.execute(self.put, self.row).inserted_primary_key[0]

    def update_one(self) -> None:
        self.db.execute(self.change, {"key": self.last, "new": 5})

    def delete_one(self) -> None:
        self.db.execute(self.drop, {"key": self.last})
        self.last -= 1

    def find(self) -> object:
        return self.db.execute(self.all).all()

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        self.db.exec_driver_sql("begin")
        self.db.execute(self.put_keys, [{"moment": m, "level": n, "text": t} for m, n, t in rows]).all()
        self.db.exec_driver_sql("commit")

    def forget(self) -> None:
        self.db.execute(sa.delete(journal).where(journal.c.id > 10000))

    def prepare_update(self) -> None:
        self.keys = [row.id for row in self.db.execute(self.all.where(journal.c.id <= 10000))]

    def update(self) -> None:
        self.db.exec_driver_sql("begin")
        self.db.execute(self.change, [{"key": key, "new": key % 5 + 10} for key in self.keys])
        self.db.exec_driver_sql("commit")

    def children(self) -> object:
        found = {row.id: (row, []) for row in self.db.execute(sa.select(parent))}
        for row in self.db.execute(sa.select(child)):
            found[row.parent_id][1].append(row)
        return list(found.values())
