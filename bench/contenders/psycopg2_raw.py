"""psycopg2 by hand: PREPARE once, EXECUTE; execute_values for lists."""

from __future__ import annotations

from typing import Any

import psycopg2
import psycopg2.extras

from . import Base, grouped
from .postgresql import CHILDREN_SQL, DELETE, FIND, FIND_WIDE, INSERT, ONE, PARENTS_SQL, UPDATE, UPDATE_MANY, Place
class Contender(Base):
    def __init__(self, place: Place, driver: str) -> None:
        self.db = psycopg2.connect(place.dsn)
        self.db.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=self.db)
        cursor = self.cursor = self.db.cursor()
        cursor.execute(f"prepare one(bigint) as {ONE.format('$1')}")
        cursor.execute(f"prepare ins(timestamptz, integer, text) as {INSERT.format('$1', '$2', '$3')}")
        cursor.execute(f"prepare upd(integer, bigint) as {UPDATE.format('$1', '$2')}")
        cursor.execute(f"prepare del(bigint) as {DELETE.format('$1')}")

    def one(self, key: int) -> Any:
        self.cursor.execute("execute one(%s)", (key,))
        return self.cursor.fetchone()

    def insert_one(self, row: tuple[Any, ...]) -> int:
        self.cursor.execute("execute ins(%s, %s, %s)", row)
        return self.cursor.fetchone()[0]

    def update_one(self, key: int, level: int) -> None:
        self.cursor.execute("execute upd(%s, %s)", (level, key))

    def delete_one(self, key: int) -> None:
        self.cursor.execute("execute del(%s)", (key,))

    def find(self) -> Any:
        self.cursor.execute(FIND)
        return self.cursor.fetchall()

    def wide(self) -> Any:
        self.cursor.execute(FIND_WIDE)
        return self.cursor.fetchall()

    def save(self, rows: list[tuple[Any, ...]]) -> list[int]:
        found = psycopg2.extras.execute_values(  # one statement: in autocommit each page would be a transaction
            self.cursor, "insert into journal (moment, level, text) values %s returning id", rows, page_size=len(rows),
            fetch=True)
        return [key for key, in found]

    def load(self) -> Any:
        self.cursor.execute("select id from journal")
        return [key for key, in self.cursor.fetchall()]

    def update(self, pairs: list[tuple[int, int]]) -> None:
        keys, levels = zip(*pairs)
        self.cursor.execute(UPDATE_MANY.format("%s", "%s"), (list(keys), list(levels)))

    def children(self) -> Any:
        self.cursor.execute(PARENTS_SQL)
        parents = self.cursor.fetchall()
        self.cursor.execute(CHILDREN_SQL)
        return grouped(parents, self.cursor.fetchall())
