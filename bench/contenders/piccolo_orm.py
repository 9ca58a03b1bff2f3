"""Piccolo on asyncpg, with a pool of one connection."""

from __future__ import annotations

import warnings
from typing import Any

from piccolo import columns
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from . import ALL, WIDE, Objects
from .postgresql import Place

with warnings.catch_warnings():  # it asks for the version of a server that it does not know yet
    warnings.simplefilter("ignore")
    database = PostgresEngine(config={}, extensions=())


class Journal(Table, tablename="journal", db=database):
    id = columns.BigSerial(primary_key=True)
    moment = columns.Timestamptz()
    level = columns.Integer()
    text = columns.Text()


FIELDS: dict[str, Any] = {
    "smallint": columns.SmallInt, "integer": columns.Integer, "bigint": columns.BigInt,
    "double precision": columns.DoublePrecision, "real": columns.Real, "boolean": columns.Boolean,
    "varchar(80)": lambda **o: columns.Varchar(80, **o), "varchar(2)": lambda **o: columns.Varchar(2, **o),
    "text": columns.Text, "numeric(12,2)": lambda **o: columns.Numeric(digits=(12, 2), **o),
    "numeric(18,6)": lambda **o: columns.Numeric(digits=(18, 6), **o), "date": columns.Date,
    "timestamptz": columns.Timestamptz, "uuid": columns.UUID, "jsonb": columns.JSONB,
    "bigint[]": lambda **o: columns.Array(columns.BigInt(), **o), "text[]": lambda **o: columns.Array(columns.Text(), **o)}


class Wide(Table, tablename="wide", db=database):
    id = columns.BigSerial(primary_key=True)
    for _name, _kind, _nullable in WIDE[1:]:
        locals()[_name] = FIELDS[_kind](null=_nullable)


class Contender(Objects):
    works = tuple(work for work in ALL if work not in ("update", "children"))  # it has no such list, no to-many children
    is_async = True

    def __init__(self, place: Place, driver: str) -> None:
        self.place = place

    async def start(self) -> None:
        place = self.place
        database.config = {"host": place.host, "port": place.port, "user": place.user, "database": place.database,
                           "server_settings": {"application_name": place.application}}
        await database.start_connection_pool(min_size=1, max_size=1)

    async def one(self, key: int) -> Any:
        return await Journal.objects().get(Journal.id == key)

    async def insert_one(self, row: tuple[Any, ...]) -> Any:
        moment, level, text = row
        entry = Journal(moment=moment, level=level, text=text)
        await entry.save()
        return entry

    async def update_one(self, entry: Any, level: int) -> None:
        entry.level = level
        await entry.save(columns=[Journal.level])

    async def delete_one(self, entry: Any) -> None:
        await entry.remove()

    async def find(self) -> Any:
        return await Journal.objects()

    async def wide(self) -> Any:
        return await Wide.objects().output(load_json=True)

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [Journal(moment=m, level=n, text=t) for m, n, t in rows]

    async def save(self, things: Any) -> Any:
        async with database.transaction():
            for start in range(0, len(things), 1000):  # a statement has at most 32 767 parameters
                await Journal.insert(*things[start:start + 1000])
        return things
