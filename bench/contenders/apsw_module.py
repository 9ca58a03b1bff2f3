"""apsw, the thinnest wrapper of SQLite, without making datetimes: the floor under the floor."""

from __future__ import annotations

from datetime import datetime

import apsw

from . import SCHEMA, children, new_rows, parents


class Contender:
    name = "apsw"

    def __init__(self) -> None:
        self.db = apsw.Connection(":memory:")
        for statement in SCHEMA:
            self.db.execute(statement)
        self.save(new_rows())
        with self.db:
            self.db.executemany("insert into parent values (?, ?)", parents())
            self.db.executemany("insert into child values (?, ?, ?)", children())
        moment, level, text = new_rows(1)[0]
        self.row = (moment.isoformat(" "), level, text)
        self.last = 0

    def one(self, key: int) -> object:
        return self.db.execute("select id, moment, level, text from journal where id = ?", (key,)).get

    def insert_one(self) -> None:
        self.db.execute("insert into journal (moment, level, text) values (?, ?, ?)", self.row)
        self.last = self.db.last_insert_rowid()

    def update_one(self) -> None:
        self.db.execute("update journal set level = ? where id = ?", (5, self.last))

    def delete_one(self) -> None:
        self.db.execute("delete from journal where id = ?", (self.last,))
        self.last -= 1

    def find(self) -> object:
        return self.db.execute("select id, moment, level, text from journal").fetchall()

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        with self.db:
            self.db.executemany("insert into journal (moment, level, text) values (?, ?, ?)",
                                [(moment.isoformat(" "), level, text) for moment, level, text in rows])

    def forget(self) -> None:
        self.db.execute("delete from journal where id > 10000")

    def prepare_update(self) -> None:
        self.keys = [row[0] for row in self.db.execute("select id from journal where id <= 10000")]

    def update(self) -> None:
        with self.db:
            self.db.executemany("update journal set level = ? where id = ?",
                                [(key % 5 + 10, key) for key in self.keys])

    def children(self) -> object:
        found = {key: (name, []) for key, name in self.db.execute("select id, name from parent")}
        for key, name, parent in self.db.execute("select id, name, parent_id from child"):
            found[parent][1].append((key, name))
        return list(found.values())
