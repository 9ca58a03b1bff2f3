"""Tortoise on asyncpg, with a pool of one connection."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise, fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model
from tortoise.transactions import in_transaction

from . import WIDE, Objects
from .postgresql import Place
class Journal(Model):
    id = fields.BigIntField(primary_key=True)
    moment = fields.DatetimeField()
    level = fields.IntField()
    text = fields.TextField()

    class Meta:
        table = "journal"


class Parent(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    children: fields.ReverseRelation["Child"]

    class Meta:
        table = "parent"


class Child(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    parent: fields.ForeignKeyRelation[Parent] = fields.ForeignKeyField("models.Parent", related_name="children")

    class Meta:
        table = "child"


FIELDS: dict[str, Any] = {
    "smallint": fields.SmallIntField, "integer": fields.IntField, "bigint": fields.BigIntField,
    "double precision": fields.FloatField, "real": fields.FloatField, "boolean": fields.BooleanField,
    "varchar(80)": lambda **o: fields.CharField(max_length=80, **o),
    "varchar(2)": lambda **o: fields.CharField(max_length=2, **o), "text": fields.TextField,
    "numeric(12,2)": lambda **o: fields.DecimalField(12, 2, **o),
    "numeric(18,6)": lambda **o: fields.DecimalField(18, 6, **o), "date": fields.DateField,
    "timestamptz": fields.DatetimeField, "uuid": fields.UUIDField, "jsonb": fields.JSONField,
    "bigint[]": lambda **o: ArrayField("bigint", **o), "text[]": lambda **o: ArrayField("text", **o)}
Wide = type(Model)("Wide", (Model,), {
    "__module__": __name__, "Meta": type("Meta", (), {"table": "wide"}), "id": fields.BigIntField(primary_key=True),
    **{name: FIELDS[kind](null=nullable) for name, kind, nullable in WIDE if name != "id"}})


class Contender(Objects):
    is_async = True

    def __init__(self, place: Place, driver: str) -> None:
        self.place = place

    async def start(self) -> None:
        place = self.place
        await Tortoise.init(config={
            "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": {
                "host": place.host, "port": place.port, "user": place.user, "password": None, "database": place.database,
                "minsize": 1, "maxsize": 1, "application_name": place.application}}},
            "apps": {"models": {"models": [__name__], "default_connection": "default"}},
            "use_tz": True, "timezone": "UTC"}, _enable_global_fallback=True)  # every block is a task of its own

    async def one(self, key: int) -> Any:
        return await Journal.get(id=key)

    async def insert_one(self, row: tuple[Any, ...]) -> Any:
        moment, level, text = row
        return await Journal.create(moment=moment, level=level, text=text)

    async def update_one(self, entry: Any, level: int) -> None:
        entry.level = level
        await entry.save(update_fields=["level"])

    async def delete_one(self, entry: Any) -> None:
        await entry.delete()

    async def find(self) -> Any:
        return await Journal.all()

    async def wide(self) -> Any:
        return await Wide.all()  # type: ignore[attr-defined]

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [Journal(moment=m, level=n, text=t) for m, n, t in rows]

    async def save(self, things: Any) -> None:
        await Journal.bulk_create(things)

    def keys(self, saved: Any) -> None:
        """bulk_create of Tortoise does not give any."""

    async def load(self) -> Any:
        return await Journal.all()

    async def update(self, things: Any) -> None:
        async with in_transaction() as db:
            await Journal.bulk_update(things, fields=["level"], batch_size=100, using_db=db)

    async def children(self) -> Any:
        return await Parent.all().prefetch_related("children")
