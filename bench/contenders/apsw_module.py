"""apsw, the thinnest wrapper of SQLite, without making datetimes: the floor under the floor.

Its wheel brings a SQLite of its own, newer than the system's, which sqlite3 and Takeo use.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import apsw

from . import NARROW, Base, grouped, level_of
from .sqlite import CHILDREN_SQL, DELETE, FIND, INSERT, ONE, PARENTS_SQL, UPDATE


class Contender(Base):
    works = (*NARROW, "first")
    zone = "+00:00"

    def __init__(self, place: None, driver: str) -> None:
        self.db = apsw.Connection(":memory:")

    def sql(self, text: str) -> list[Any]:
        return self.db.execute(text).fetchall()

    def one(self, key: int) -> Any:
        return self.db.execute(ONE, (key,)).fetchone()

    def insert_one(self, row: tuple[Any, ...]) -> int:
        moment, level, text = row
        self.db.execute(INSERT, (moment.isoformat(" "), level, text))
        return self.db.last_insert_rowid()

    def update_one(self, key: int, level: int) -> None:
        self.db.execute(UPDATE, (level, key))

    def delete_one(self, key: int) -> None:
        self.db.execute(DELETE, (key,))

    def find(self) -> Any:
        return self.db.execute(FIND).fetchall()

    def found(self, thing: Any) -> Any:
        return thing[0]

    def plain(self, thing: Any) -> tuple[Any, ...]:
        return thing[0], datetime.fromisoformat(thing[1]), *thing[2:]

    def save(self, rows: list[tuple[Any, ...]]) -> None:
        """Without keys: executemany gives none."""
        self.db.execute("begin")  # `with db` would be a savepoint as well
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
