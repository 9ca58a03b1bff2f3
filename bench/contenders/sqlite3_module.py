"""The standard library's sqlite3, by hand, with times made into datetimes: a floor, not an ORM."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from . import SCHEMA, children, new_rows, parents


class Contender:
    name = "sqlite3"

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        for statement in SCHEMA:
            self.db.execute(statement)
        self.save(new_rows())
        self.db.execute("begin")
        self.db.executemany("insert into parent values (?, ?)", parents())
        self.db.executemany("insert into child values (?, ?, ?)", children())
        self.db.execute("commit")
        self.row = new_rows(1)[0]
        self.last = 0

    def one(self, key: int) -> object:
        row = self.db.execute("select id, moment, level, text from journal where id = ?", (key,)).fetchone()
        return row[0], datetime.fromisoformat(row[1]), row[2], row[3]

    def insert_one(self) -> None:
        moment, level, text = self.row
        self.last = self.db.execute("insert into journal (moment, level, text) values (?, ?, ?)",
                                    (moment.isoformat(" "), level, text)).lastrowid or 0

    def update_one(self) -> None:
        self.db.execute("update journal set level = ? where id = ?", (5, self.last))

    def delete_one(self) -> None:
        self.db.execute("delete from journal where id = ?", (self.last,))
        self.last -= 1

    def find(self) -> object:
        parse = datetime.fromisoformat
        return [(key, parse(moment), level, text) for key, moment, level, text
                in self.db.execute("select id, moment, level, text from journal")]

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        self.db.execute("begin")
        self.db.executemany("insert into journal (moment, level, text) values (?, ?, ?)",
                            [(moment.isoformat(" "), level, text) for moment, level, text in rows])
        self.db.execute("commit")

    def forget(self) -> None:
        self.db.execute("delete from journal where id > 10000")

    def prepare_update(self) -> None:
        self.keys = [row[0] for row in self.db.execute("select id from journal where id <= 10000")]

    def update(self) -> None:
        self.db.execute("begin")
        self.db.executemany("update journal set level = ? where id = ?",
                            [(key % 5 + 10, key) for key in self.keys])
        self.db.execute("commit")

    def children(self) -> object:
        found = {key: (name, []) for key, name in self.db.execute("select id, name from parent")}
        for key, name, parent in self.db.execute("select id, name, parent_id from child"):
            found[parent][1].append((key, name))
        return list(found.values())
