"""Django: bulk_create and bulk_update, prefetch_related; autocommit as it is by default."""

from __future__ import annotations

from datetime import datetime

import django
from django.conf import settings

from . import children, new_rows, parents

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
                   INSTALLED_APPS=[], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - only after setup


class Journal(models.Model):
    moment = models.DateTimeField()
    level = models.IntegerField()
    text = models.TextField()

    class Meta:
        app_label = "bench"


class Parent(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "bench"


class Child(models.Model):
    name = models.TextField()
    parent = models.ForeignKey(Parent, on_delete=models.CASCADE, related_name="children")

    class Meta:
        app_label = "bench"


class Contender:
    name = "Django"

    def __init__(self) -> None:
        with connection.schema_editor() as editor:
            for model in (Journal, Parent, Child):
                editor.create_model(model)
        self.save(new_rows())
        Parent.objects.bulk_create([Parent(id=k, name=n) for k, n in parents()])
        Child.objects.bulk_create([Child(id=k, name=n, parent_id=p) for k, n, p in children()])
        self.row = new_rows(1)[0]
        self.made: list[Journal] = []

    def one(self, key: int) -> object:
        return Journal.objects.get(pk=key)

    def insert_one(self) -> None:
        moment, level, text = self.row
        self.made.append(Journal.objects.create(moment=moment, level=level, text=text))

    def update_one(self) -> None:
        entry = self.made[-1]
        entry.level = 5
        entry.save(update_fields=["level"])

    def delete_one(self) -> None:
        self.made.pop().delete()

    def find(self) -> object:
        return list(Journal.objects.all())

    def save(self, rows: list[tuple[datetime, int, str]]) -> None:
        Journal.objects.bulk_create([Journal(moment=m, level=n, text=t) for m, n, t in rows])

    def forget(self) -> None:
        Journal.objects.filter(id__gt=10000).delete()

    def prepare_update(self) -> None:
        self.loaded = list(Journal.objects.filter(id__lte=10000))

    def update(self) -> None:
        for entry in self.loaded:
            entry.level = entry.id % 5 + 10
        with transaction.atomic():
            Journal.objects.bulk_update(self.loaded, ["level"], batch_size=300)

    def children(self) -> object:
        return list(Parent.objects.prefetch_related("children"))
