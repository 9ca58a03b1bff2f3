"""The cases of tests/conformance/*.json, through the package and whichever door is in use.

The C ABI runs the same files; tests/conformance/README.md says how they are written.  Entities are
made at run time from the model of a case.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from takeo import (
    UNSET,
    Check,
    Column,
    DataSource,
    Entity,
    Index,
    ManyToOne,
    Mapped,
    OneToMany,
    OneToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TakeoError,
    Unique,
    ref,
    sql,
)
from takeo._error import STATUS
from takeo._lib import lib
from takeo.types import JSON_NULL, Float32, Int16, Int32, Json, Timestamp, TimestampTz, is_loaded

FOLDER = Path(__file__).resolve().parents[1] / "conformance"

# ---- values --------------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", text))


TYPES: dict[str, tuple[Any, Any, Any]] = {  # name: (annotation, type of the column, reader of its text)
    "bool": (bool, None, "true".__eq__),
    "int16": (int, Int16, int),
    "int32": (int, Int32, int),
    "int64": (int, None, int),
    "whole": (int, None, int),
    "float32": (float, Float32, lambda t: struct.unpack("f", struct.pack("f", float(t)))[0]),
    "float64": (float, None, float),
    "decimal": (Decimal, None, Decimal),
    "text": (str, None, str),
    "bytes": (bytes, None, lambda t: bytes.fromhex(t[2:])),
    "uuid": (UUID, None, UUID),
    "json": (Json, None, lambda t: JSON_NULL if t == "null" else json.loads(t)),
    "date": (date, None, date.fromisoformat),
    "time": (time, None, time.fromisoformat),
    "timestamp": (datetime, Timestamp, datetime.fromisoformat),
    "timestamptz": (datetime, TimestampTz, instant),
}


def read(value: Any, kind: str, element: str | None = None, labels: Any = None) -> Any:
    """A value of a case: null, a list, another type than the column's, or the portable text."""
    if value is None:
        return None
    if isinstance(value, dict):
        return read(value["value"], value["type"], value.get("element"))
    if isinstance(value, list):
        return [read(one, element if kind == "array" and element else kind, None, labels) for one in value]
    if kind == "enum":
        return labels(value)
    return TYPES[kind][2](value)


# ---- entities ------------------------------------------------------------------------------------------


class Made:
    """The entities of a model, and what the cases say of their columns."""

    def __init__(self, model: dict[str, Any], module: str) -> None:
        self.said = {entity["name"]: entity for entity in model["entities"]}
        self.labels: dict[tuple[str, str], Any] = {}
        self.classes: dict[str, Any] = {}
        for name, entity in self.said.items():
            self.classes[name] = self.define(name, entity, module)

    def define(self, name: str, entity: dict[str, Any], module: str) -> Any:
        body: dict[str, Any] = {"__module__": module, "__annotations__": {}}
        for column in entity.get("columns", ()):
            annotation, made = self.column(name, column)
            body[column["name"]] = made
            body["__annotations__"][column["name"]] = Mapped[
                annotation | None if column.get("nullable") else annotation
            ]
        for relation in entity.get("relations", ()):
            body[relation["name"]] = self.relation(relation)
        constraints: list[Any] = [
            Index(*index["columns"], unique=index.get("unique", False), name=index.get("name"))
            for index in entity.get("indexes", ())
        ]
        for one in entity.get("constraints", ()):
            if "unique" in one:
                constraints.append(Unique(*one["unique"], name=one["name"]))
            else:
                constraints.append(Check(one["check"], name=one["name"]))
        order = [one.strip() for one in entity.get("order_by", "").split(",") if one]
        options = {"order_by": order} if order else {}
        return Entity(entity["table"], constraints=constraints, **options)(type(name, (), body))

    def column(self, entity: str, said: dict[str, Any]) -> tuple[Any, Any]:
        kind = said["type"]
        annotation, marker, _ = TYPES.get(kind, (None, None, None))
        if kind == "enum":
            annotation = Enum(f"{entity}_{said['name']}", {label: label for label in said["labels"]})
            self.labels[entity, said["name"]] = annotation
        elif kind == "array":
            annotation = list[TYPES[said["element"]][0]]  # type: ignore[misc]
        options: dict[str, Any] = {
            option: said[option]
            for option in ("length", "precision", "scale", "unique", "index", "deferred", "secret", "collation")
            if option in said
        }
        if "default" in said:
            options["default"] = read(said["default"], kind, said.get("element"))
        elif said.get("nullable"):
            options["default"] = None
        if "default_sql" in said:
            options["server_default"] = sql(said["default_sql"])
        if "no_update" in said:
            options["update"] = False
        if "column" in said:
            options["name"] = said["column"]
        if "generated" in said:
            return annotation, PrimaryGeneratedColumn(said["generated"])
        make = PrimaryColumn if said.get("primary") else Column
        return annotation, make(marker, **options)

    def relation(self, said: dict[str, Any]) -> Any:
        target = self.classes.get(said["target"], said["target"])
        options = {"inverse": said.get("inverse")}
        if said["kind"] == "one_to_many":
            if "order_by" in said:
                options["order_by"] = said["order_by"]
            return OneToMany(target, **options)  # type: ignore[arg-type]
        if "on_delete" in said:
            options["on_delete"] = said["on_delete"].replace("_", " ").upper()
        if "keys" in said:
            options["key"] = said["keys"]
        if said.get("nullable"):
            options["default"] = UNSET if "keys" in said else None  # else the key would be given twice
        if said.get("eager"):
            options["eager"] = True
        return (OneToOne if said["kind"] == "one_to_one" else ManyToOne)(target, **options)

    # ---- what a name means
    def kind(self, entity: str, field: str) -> tuple[str, str | None, Any] | None:
        for column in self.said[entity].get("columns", ()):
            if column["name"] == field:
                return column["type"], column.get("element"), self.labels.get((entity, field))
        return None

    def target(self, entity: str, field: str) -> str:
        found: str = next(r["target"] for r in self.said[entity]["relations"] if r["name"] == field)
        return found

    def value(self, entity: str, field: str, value: Any) -> Any:
        kind = self.kind(entity, field)
        assert kind is not None, f"{entity} has no column {field}"
        return read(value, *kind)

    def path(self, entity: str, path: str) -> tuple[Any, str, str]:
        """City.country[Country.name] for "country.name", its entity and its last name."""
        first, _, rest = path.partition(".")
        here = getattr(self.classes[entity], first)
        if not rest:
            return here, entity, first
        there, owner, name = self.path(self.target(entity, first), rest)
        return here[there], owner, name


# ---- running -------------------------------------------------------------------------------------------

TEXT = {
    "like": ("like", {}),
    "ilike": ("ilike", {}),
    "contains": ("contains", {}),
    "icontains": ("contains", {"ignore_case": True}),
    "starts_with": ("startswith", {}),
    "istarts_with": ("startswith", {"ignore_case": True}),
    "ends_with": ("endswith", {}),
    "iends_with": ("endswith", {"ignore_case": True}),
}


class Run:
    def __init__(self, case: dict[str, Any], made: Made, db: DataSource, database: str) -> None:
        self.case = case
        self.database = database
        self.made = made
        self.db = db
        self.objects: dict[str, Any] = {}
        self.scopes: list[Any] = []

    def steps(self) -> None:
        if self.case.get("synchronize", True):
            self.db.synchronize()
        for number, step in enumerate(self.case["steps"], 1):
            if step.get("in", "python") != "python" or step.get("database", self.database) != self.database:
                continue
            expected = step.get("expect", {})
            verb = getattr(self, "do_" + step["do"])
            try:
                if "error" in expected:
                    with pytest.raises((TakeoError, MemoryError)) as caught:
                        verb(step, {})
                    expect_error(expected["error"], caught.value)
                else:
                    verb(step, expected)
            except BaseException as e:
                raise AssertionError(f"{self.case['id']}, step {number} ({step['do']})") from e
        while self.scopes:
            self.do_rollback({}, {})

    # ---- objects
    def entity_of(self, instance: Any) -> str:
        return next(name for name, cls in self.made.classes.items() if type(instance) is cls)

    def given(self, entity: str, field: str, value: Any) -> Any:
        if self.made.kind(entity, field):
            return self.made.value(entity, field, value)
        if isinstance(value, dict):
            target = self.made.target(entity, field)
            names = [column["name"] for column in self.made.said[target]["columns"]]
            key = tuple(self.made.value(target, n, v) for n, v in zip(names, value["ref"]))
            return ref(self.made.classes[target], key if len(key) > 1 else key[0])
        return None if value is None else self.objects[value]

    def do_new(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        for new in step.get("new", ()):
            entity = new["entity"]
            values = {name: self.given(entity, name, value) for name, value in new["values"].items()}
            self.objects[new["as"]] = self.made.classes[entity](**values)

    def do_set(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        instance = self.objects[step["object"]]
        for name, value in step["values"].items():
            setattr(instance, name, self.given(self.entity_of(instance), name, value))

    def do_check(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.expect(self.objects[step["object"]], step["values"])

    def expect(self, instance: Any, expected: dict[str, Any]) -> None:
        entity = self.entity_of(instance)
        for name, value in expected.items():
            member = getattr(type(instance), name)
            is_unset = isinstance(value, dict) and value.get("unset", False)
            assert is_loaded(instance, member) is not is_unset, f"{entity}.{name}"
            if is_unset:
                continue
            actual = getattr(instance, name)
            if self.made.kind(entity, name) is None:
                self.expect_related(actual, value)
            elif isinstance(value, dict) and value.get("any"):
                assert actual is not None
            else:
                expect_value(actual, self.made.value(entity, name, value), f"{entity}.{name}")

    def expect_related(self, actual: Any, expected: Any) -> None:
        if isinstance(expected, list):
            assert len(actual) == len(expected)
            for one, wanted in zip(actual, expected):
                self.expect(one, wanted)
        elif expected is None:
            assert actual is None
        else:
            self.expect(actual, expected)

    # ---- writing
    def written(self, step: dict[str, Any]) -> list[Any]:
        self.do_new(step, {})
        return [self.objects[name] for name in step.get("objects") or [n["as"] for n in step["new"]]]

    def do_save(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        objects = self.written(step)
        assert self.db.save(objects) is objects

    def do_insert(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        objects = self.written(step)
        self.db.repository(type(objects[0])).insert(objects)

    def do_remove(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.db.remove(self.written(step))

    def do_upsert(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        objects = self.written(step)
        cls = type(objects[0])
        update: Any = "nothing" if step.get("nothing") else "all"
        if "update" in step:
            update = [getattr(cls, name) for name in step["update"]]
        result = self.db.repository(cls).upsert(
            objects,
            on=[getattr(cls, name) for name in step["on"]],
            update=update,
            only_if_changed=step.get("only_if_changed", False),
        )
        words = expected.get("written")
        if words:
            for list_name in ("inserted", "updated", "skipped"):
                wanted = [one for one, word in zip(objects, words) if word == list_name]
                assert [id(o) for o in getattr(result, list_name)] == [id(o) for o in wanted], list_name

    def do_delete(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        repository = self.db.repository(self.made.classes[step["entity"]])
        if step.get("all"):
            deleted = repository.all().delete()
        elif "where" in step:
            deleted = repository.delete(*self.where(step))
        else:
            deleted = repository.delete()
        assert deleted == expected.get("count", deleted)

    def do_load(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        objects = [self.objects[name] for name in step["objects"]]
        entity = self.entity_of(objects[0])
        self.db.load(objects, *(self.made.path(entity, path)[0] for path in step["load"]))

    def do_reload(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.db.reload([self.objects[name] for name in step["objects"]])

    # ---- reading
    def where(self, step: dict[str, Any]) -> Iterator[Any]:
        for path, operator, *values in step.get("where", ()):
            field, entity, name = self.made.path(step["entity"], path)
            kind = self.made.kind(entity, name)
            assert kind is not None
            given = [read(value, "text" if operator in TEXT else kind[0], kind[1], kind[2]) for value in values]
            if operator in TEXT:
                method, options = TEXT[operator]
                yield getattr(field, method)(given[0], **options)
            elif operator in ("in", "not_in"):
                yield getattr(field, operator.rstrip("_") + "_" if operator == "in" else operator)(given[0])
            elif operator == "between":
                yield field.between(*given[0])
            elif operator in ("is_null", "is_not_null"):
                yield getattr(field, operator)()
            else:
                names = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
                yield getattr(field, f"__{names[operator]}__")(given[0])

    def order(self, step: dict[str, Any]) -> Iterator[Any]:
        for one in step.get("order", ()):
            path, nulls = one if isinstance(one, list) else (one, None)
            field = self.made.path(step["entity"], path.lstrip("-"))[0]
            options = {"nulls": nulls[6:]} if nulls else {}
            yield field.desc(**options) if path.startswith("-") else field.asc(**options)

    def do_find(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        entity = step["entity"]
        found = self.db.repository(self.made.classes[entity]).find(
            *self.where(step),
            order_by=list(self.order(step)),
            limit=step.get("limit"),
            offset=step.get("offset", 0),
            load=[self.made.path(entity, path)[0] for path in step.get("load", ())],
            only=[getattr(self.made.classes[entity], name) for name in step.get("only", ())],
        )
        if "rows" in expected:
            assert len(found) == len(expected["rows"])
            for one, wanted in zip(found, expected["rows"]):
                self.expect(one, wanted)
        self.objects.update(zip(step.get("as", ()), found))

    def do_get(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        entity = step["entity"]
        names = [column["name"] for column in self.made.said[entity]["columns"]]
        key = tuple(self.made.value(entity, n, v) for n, v in zip(names, step["key"]))
        found = self.db.repository(self.made.classes[entity]).get(key if len(key) > 1 else key[0])
        if expected.get("row") is None:
            assert found is None
        else:
            self.expect(found, expected["row"])
        if "as" in step:
            self.objects[step["as"]] = found

    def do_count(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        repository = self.db.repository(self.made.classes[step["entity"]])
        assert repository.count(*self.where(step)) == expected["count"]

    # ---- SQL, the schema, transactions
    def do_sql(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        values = {a["name"]: read(a, a["type"]) for a in step.get("arguments", ())}
        query = self.db.sql(step["text"], **values)
        if "rows" not in expected:
            query.run()
            return
        rows = query.tuples()
        assert [[None if v is None else str(v) for v in row] for row in rows] == expected["rows"]

    def do_synchronize(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        count = len(self.db.synchronize(plan=step.get("plan", False)))
        wanted = expected.get("statements", count)
        assert count > 0 if wanted is True else count == wanted

    def do_begin(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        scope = self.db.transaction()
        scope.__enter__()
        self.scopes.append(scope)

    def do_commit(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.scopes.pop().__exit__(None, None, None)

    def do_rollback(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.scopes.pop().__exit__(KeyError, KeyError("changed its mind"), None)

    def do_close(self, step: dict[str, Any], expected: dict[str, Any]) -> None:
        self.db.close()


def expect_value(actual: Any, expected: Any, where: str) -> None:
    assert type(actual) is type(expected), f"{where} is {actual!r}, not {expected!r}"
    if isinstance(expected, datetime) and expected.tzinfo:
        assert actual.utcoffset() == timedelta(0)
    if isinstance(expected, float):
        assert repr(actual) == repr(expected), where
    assert actual == expected, where


def expect_error(expected: dict[str, Any], error: BaseException) -> None:
    said = str(error)
    assert type(error).__name__ in (STATUS[getattr(lib, expected["status"])], "MappingErrors"), said
    first = error
    assert isinstance(first, TakeoError)
    for name in ("code", "entity", "field", "constraint", "object"):
        if name in expected:
            assert getattr(first, name) == expected[name], said
    for name in ("table", "column"):
        if name in expected:
            assert first.record[f"{name}_name"] == expected[name], said
    assert first.message


# ---- all files -----------------------------------------------------------------------------------------


def all_cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            model = case["model"] if isinstance(case["model"], dict) else file["models"][case["model"]]
            if case.get("only", "python") == "python":
                yield pytest.param(case, model, id=case["id"])


@pytest.mark.parametrize(("case", "model"), list(all_cases()))
def test_conformance(case: dict[str, Any], model: dict[str, Any], request: pytest.FixtureRequest, database: str) -> None:
    if case.get("database", database) != database:
        pytest.skip(f"{case['database']}: says the case")
    url = request.getfixturevalue("shared_url") if case.get("file") else request.getfixturevalue("new_url")()
    if "model_error" in case:
        with pytest.raises(TakeoError) as caught:
            made = Made(model, f"conformance.{case['id']}")
            DataSource(url, entities=list(made.classes.values())).validate()
        expect_error(case["model_error"], caught.value)
        return
    made = Made(model, f"conformance.{case['id']}")
    with DataSource(url, entities=list(made.classes.values())) as db:
        Run(case, made, db, database).steps()
