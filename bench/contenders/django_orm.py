"""Django: bulk_create and bulk_update, prefetch_related; autocommit as it is by default.

With psycopg 3 statements are bound and prepared by the server; with psycopg2 there is no such option.  Its 5.2 is the
newest for the Python of Debian 12.
"""

from __future__ import annotations

import sys
from typing import Any

from . import ALL, WIDE, Objects
from .postgresql import Place

BATCH = 100  # of bulk_update: a CASE per row makes larger ones slower

class Contender(Objects):
    works = (*ALL, "first")

    def __init__(self, place: Place | None, driver: str) -> None:
        if driver == "psycopg2":
            sys.modules["psycopg"] = None  # type: ignore[assignment] # Django takes psycopg 3 where it can
        import django
        from django.conf import settings

        options = {"server_side_binding": True, "prepare_threshold": 0} if driver == "psycopg" else {}
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"} if place is None else {
            "ENGINE": "django.db.backends.postgresql", "NAME": place.database, "USER": place.user, "HOST": place.host,
            "PORT": str(place.port), "CONN_MAX_AGE": None, "OPTIONS": {"application_name": place.application, **options}}
        settings.configure(
            DATABASES={"default": database}, INSTALLED_APPS=[], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
        django.setup()
        self.models()
        if place is not None:
            self.models_wide()

    def sql(self, text: str) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if text.startswith("select") else []

    def model(self, name: str, /, **fields: Any) -> Any:
        from django.db import models

        meta = type("Meta", (), {"app_label": "bench", "db_table": name.lower()})
        return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

    def models(self) -> None:
        from django.db import models

        self.Journal = self.model("Journal", moment=models.DateTimeField(), level=models.IntegerField(),
                                  text=models.TextField())
        self.Parent = self.model("Parent", name=models.TextField())
        self.model("Child", name=models.TextField(),
                   parent=models.ForeignKey(self.Parent, on_delete=models.CASCADE, related_name="children"))

    def models_wide(self) -> None:
        from django.contrib.postgres.fields import ArrayField
        from django.db import models

        fields: dict[str, Any] = {
            "smallint": models.SmallIntegerField, "integer": models.IntegerField, "bigint": models.BigIntegerField,
            "double precision": models.FloatField, "real": models.FloatField, "boolean": models.BooleanField,
            "varchar(80)": lambda **o: models.CharField(max_length=80, **o),
            "varchar(2)": lambda **o: models.CharField(max_length=2, **o), "text": models.TextField,
            "numeric(12,2)": lambda **o: models.DecimalField(max_digits=12, decimal_places=2, **o),
            "numeric(18,6)": lambda **o: models.DecimalField(max_digits=18, decimal_places=6, **o),
            "date": models.DateField, "timestamptz": models.DateTimeField, "uuid": models.UUIDField,
            "jsonb": models.JSONField, "bigint[]": lambda **o: ArrayField(models.BigIntegerField(), **o),
            "text[]": lambda **o: ArrayField(models.TextField(), **o)}
        self.Wide = self.model("Wide", **{name: fields[kind](null=nullable) for name, kind, nullable in WIDE if name != "id"})

    def one(self, key: int) -> Any:
        return self.Journal.objects.get(pk=key)

    def insert_one(self, row: tuple[Any, ...]) -> Any:
        moment, level, text = row
        return self.Journal.objects.create(moment=moment, level=level, text=text)

    def update_one(self, entry: Any, level: int) -> None:
        entry.level = level
        entry.save(update_fields=["level"])

    def delete_one(self, entry: Any) -> None:
        entry.delete()

    def find(self) -> Any:
        return list(self.Journal.objects.all())

    def wide(self) -> Any:
        return list(self.Wide.objects.all())

    def new(self, rows: list[tuple[Any, ...]]) -> Any:
        return [self.Journal(moment=m, level=n, text=t) for m, n, t in rows]

    def save(self, things: Any) -> Any:
        return self.Journal.objects.bulk_create(things)

    def load(self) -> Any:
        return list(self.Journal.objects.all())

    def update(self, things: Any) -> None:
        self.Journal.objects.bulk_update(things, ["level"], batch_size=BATCH)

    def children(self) -> Any:
        return list(self.Parent.objects.prefetch_related("children"))

    def plain_children(self, result: Any) -> list[Any]:
        return [(p.id, p.name, [(c.id, c.name) for c in p.children.all()]) for p in result]
