"""The standard library's sqlite3, by hand, with times made into datetimes: a floor, not an ORM."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from . import NARROW, Base, grouped, level_of
from .sqlite import CHILDREN_SQL, DELETE, FIND, INSERT, ONE, PARENTS_SQL, UPDATE


class Contender(Base):
    works = (*NARROW, "first")
    zone = "+00:00"  # stored with its zone a time comes back with it, as Takeo's do, without a further step

    def __init__(self, place: None, driver: str) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)

    def sql(self, text: str) -> list[Any]:
        return self.db.execute(text).fetchall()

    def one(self, key: int) -> Any:
        row = self.db.execute(ONE, (key,)).fetchone()
        return row[0], datetime.fromisoformat(row[1]), row[2], row[3]

    def insert_one(self, row: tuple[Any, ...]) -> int:
        moment, level, text = row
        return self.db.execute(INSERT, (moment.isoformat(" "), level, text)).lastrowid or 0

    def update_one(self, key: int, level: int) -> None:
        self.db.execute(UPDATE, (level, key))

    def delete_one(self, key: int) -> None:
        self.db.execute(DELETE, (key,))

    def find(self) -> Any:
        parse = datetime.fromisoformat
        return [(key, parse(moment), level, text) for key, moment, level, text in self.db.execute(FIND)]

    def found(self, thing: Any) -> Any:
        return thing[0]

    def save(self, rows: list[tuple[Any, ...]]) -> None:
        """Without keys: executemany gives none."""
        self.db.execute("begin")
        self.db.executemany(INSERT, [(moment.isoformat(" "), level, text) for moment, level, text in rows])
        self.db.execute("commit")

    def load(self) -> Any:
        return [key for key, in self.db.execute("select id from journal")]

    def change(self, things: Any, turn: int) -> Any:
        return [(level_of(key, turn), key) for key in things]

    def update(self, pairs: list[tuple[int, int]]) -> None:
        self.db.execute("begin")
        self.db.executemany(UPDATE, pairs)
        self.db.execute("commit")

    def children(self) -> Any:
        return grouped(self.db.execute(PARENTS_SQL), self.db.execute(CHILDREN_SQL))

    def find_slots(self) -> Any:
        """Objects as a careful programmer would write them: for the memory of one."""

        class Journal:
            __slots__ = ("id", "level", "moment", "text", "__weakref__")

        made = []
        for key, moment, level, text in self.db.execute(FIND):
            entry = Journal()
            entry.id, entry.moment, entry.level, entry.text = key, datetime.fromisoformat(moment), level, text
            made.append(entry)
        return made
