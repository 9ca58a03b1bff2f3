"""asyncpg by hand: statements prepared once, COPY and unnest for lists."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from . import Base, grouped
from .postgresql import (CHILDREN_SQL, DELETE, FIND, FIND_WIDE, INSERT, INSERT_MANY, ONE, PARENTS_SQL, UPDATE,
                          UPDATE_MANY, Place)


class Contender(Base):
    is_async = True
    also = {"save": {"COPY without keys": "copy"}}

    def __init__(self, place: Place, driver: str) -> None:
        self.place = place

    async def start(self) -> None:
        db = self.db = await asyncpg.connect(self.place.url)
        await db.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        self.get = await db.prepare(ONE.format("$1"))
        self.put = await db.prepare(INSERT.format("$1", "$2", "$3"))
        self.set = await db.prepare(UPDATE.format("$1", "$2"))
        self.drop = await db.prepare(DELETE.format("$1"))
        self.one = self.get.fetchrow
        await db.execute("select")  # prepare() alone keeps locks on the table until the next statement

    async def insert_one(self, row: tuple[Any, ...]) -> int:
        return await self.put.fetchval(*row)

    async def update_one(self, key: int, level: int) -> None:
        await self.set.fetchval(level, key)

    async def delete_one(self, key: int) -> None:
        await self.drop.fetchval(key)

    async def find(self) -> Any:
        return await self.db.fetch(FIND)

    async def wide(self) -> Any:
        return await self.db.fetch(FIND_WIDE)

    async def save(self, rows: list[tuple[Any, ...]]) -> list[int]:
        return [key for key, in await self.db.fetch(INSERT_MANY.format("$1", "$2", "$3"), *zip(*rows))]

    async def save_copy(self, rows: list[tuple[Any, ...]]) -> None:
        await self.db.copy_records_to_table("journal", records=rows, columns=["moment", "level", "text"])

    async def load(self) -> Any:
        return [key for key, in await self.db.fetch("select id from journal")]

    async def update(self, pairs: list[tuple[int, int]]) -> None:
        await self.db.execute(UPDATE_MANY.format("$1", "$2"), *zip(*pairs))

    async def children(self) -> Any:
        return grouped(await self.db.fetch(PARENTS_SQL), await self.db.fetch(CHILDREN_SQL))
