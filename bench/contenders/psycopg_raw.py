"""psycopg 3 by hand: its C implementation, statements prepared at their first use, binary cursors."""

from __future__ import annotations

from typing import Any

import psycopg

from . import Base, grouped
from .postgresql import (CHILDREN_SQL, DELETE, FIND, FIND_WIDE, INSERT, INSERT_MANY, ONE, PARENTS_SQL, UPDATE,
                          UPDATE_MANY, Place)


class Contender(Base):
    also = {"wide": {"text results": "text"}, "save": {"COPY without keys": "copy"}}

    def __init__(self, place: Place, driver: str) -> None:
        if psycopg.pq.__impl__ == "python":
            raise RuntimeError("psycopg without its C implementation")
        self.db = psycopg.connect(place.dsn, autocommit=True, prepare_threshold=0)
        self.cursor, self.texts = self.db.cursor(binary=True), self.db.cursor()
        self.sql_one, self.sql_insert = ONE.format("%s"), INSERT.format("%s", "%s", "%s")
        self.sql_update, self.sql_delete = UPDATE.format("%s", "%s"), DELETE.format("%s")

    def one(self, key: int) -> Any:
        return self.cursor.execute(self.sql_one, (key,)).fetchone()

    def insert_one(self, row: tuple[Any, ...]) -> int:
        return self.cursor.execute(self.sql_insert, row).fetchone()[0]  # type: ignore[index]

    def update_one(self, key: int, level: int) -> None:
        self.cursor.execute(self.sql_update, (level, key))

    def delete_one(self, key: int) -> None:
        self.cursor.execute(self.sql_delete, (key,))

    def find(self) -> Any:
        return self.cursor.execute(FIND).fetchall()

    def find_slots(self) -> Any:
        """Objects as a careful programmer would write them: for the memory of one."""

        class Journal:
            __slots__ = ("id", "level", "moment", "text", "__weakref__")

        made = []
        for key, moment, level, text in self.cursor.execute(FIND):
            entry = Journal()
            entry.id, entry.moment, entry.level, entry.text = key, moment, level, text
            made.append(entry)
        return made

    def wide(self) -> Any:
        return self.cursor.execute(FIND_WIDE).fetchall()

    def wide_text(self) -> Any:
        return self.texts.execute(FIND_WIDE).fetchall()

    def save(self, rows: list[tuple[Any, ...]]) -> list[int]:
        columns = [list(column) for column in zip(*rows)]
        return [key for key, in self.cursor.execute(INSERT_MANY.format("%s", "%s", "%s"), columns)]

    def save_copy(self, rows: list[tuple[Any, ...]]) -> None:
        with self.cursor.copy("copy journal (moment, level, text) from stdin (format binary)") as copy:
            copy.set_types(["timestamptz", "int4", "text"])
            for row in rows:
                copy.write_row(row)

    def load(self) -> Any:
        return [key for key, in self.cursor.execute("select id from journal")]

    def update(self, pairs: list[tuple[int, int]]) -> None:
        keys, levels = zip(*pairs)
        self.cursor.execute(UPDATE_MANY.format("%s", "%s"), (list(keys), list(levels)))

    def children(self) -> Any:
        parents = self.cursor.execute(PARENTS_SQL).fetchall()
        return grouped(parents, self.cursor.execute(CHILDREN_SQL).fetchall())
