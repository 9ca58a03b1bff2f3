"""One entity as the core's takeo_entity_def: what was declared, as structs of C.

A struct is written as the dict that cffi makes it of; what nobody said is left out and stays zero.

This is where strings that name entities, and annotations that named what did not exist yet, are looked
up.  It must not know sources, statements or SQL.
"""

from __future__ import annotations

from . import errors
from ._kinds import Names, evaluate, is_forward, kind_of, unwrap
from ._lib import NULL, Memory, ffi, lib
from ._plan import Plan, all_entities
from .columns import NOT_GIVEN, Check, Index, Unique
from .types import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GENERATED = {
    "identity": lib.TAKEO_GENERATED_IDENTITY,
    "always": lib.TAKEO_GENERATED_IDENTITY_ALWAYS,
    "increment": lib.TAKEO_GENERATED_INCREMENT,
    "uuid7": lib.TAKEO_GENERATED_UUID7,
    "uuid4": lib.TAKEO_GENERATED_UUID4,
}
# How much the core may read of each struct.
SIZES = {one: ffi.sizeof(f"takeo_{one}_def") for one in ("entity", "column", "relation", "index", "constraint")}


def target_of(relation: Any, near: list[type]) -> Any:
    """The class that a relation leads to; None when nothing has that name (the core reports it)."""
    target = relation.declared.target
    if isinstance(target, type):
        return target if getattr(target, "_takeo", None) is not None else None
    if not isinstance(target, str):
        return None
    module, _, name = target.rpartition(".")
    known = all_entities()
    if not module:  # a name alone means a class of this source or of this module
        known = near + [c for c in known if c.__module__ == relation.entity.__module__]
    for cls in known:
        if cls.__name__ == name and (not module or ("." + cls.__module__).endswith("." + module)):
            return cls
    return None


class Definition:
    """Makes one takeo_entity_def."""

    def __init__(
        self, memory: Memory, plan: Plan, names: dict[type, str], wrong: list[errors.MappingError]
    ) -> None:
        self.memory = memory
        self.plan = plan
        self.names = names
        self.wrong = wrong

    def made(self) -> dict[str, Any]:
        options = self.plan.options
        indexes = [one for one in options.constraints if isinstance(one, Index)]
        others = [one for one in options.constraints if isinstance(one, (Unique, Check))]
        made = {
            "struct_size": SIZES["entity"],
            "name": self.memory.name(self.names[self.plan.cls]),
            "order_by": self.memory.name(_order_by(options.order_by, self.plan)),
            "flags": (0 if options.managed else lib.TAKEO_ENTITY_UNMANAGED)
            | (lib.TAKEO_ENTITY_STRICT if options.strict else 0)
            | (lib.TAKEO_ENTITY_WITHOUT_ROWID if options.without_rowid else 0),
            **self._texts(options, "table", "schema", "database", "primary_key", "comment"),
            **self._array("columns", "column", [self._column(one) for one in self.plan.columns]),
            **self._array("relations", "relation", [self._relation(one) for one in self.plan.relations]),
        }
        if len(indexes) + len(others) < len(options.constraints):
            self._wrong(None, "constraints= takes Index, Unique and Check objects")
        made |= self._array("indexes", "index", [self._index(one) for one in indexes])
        made |= self._array("constraints", "constraint", [self._constraint(one) for one in others])
        return made

    def _texts(self, said: Any, *names: str) -> dict[str, Any]:
        """Those of these attributes that say something."""
        name = self.memory.name
        return {one: name(text) for one in names if (text := getattr(said, one)) is not None}

    def _array(self, name: str, one: str, made: list[dict[str, Any]]) -> dict[str, Any]:
        array = self.memory.new(f"takeo_{one}_def[]", made) if made else NULL
        return {name: array, f"{one}_count": len(made), f"{one}_size": SIZES[one]}

    def _wrong(self, field: Any, message: str, **said: Any) -> None:
        name = self.plan.cls.__name__
        place = f"{name}.{field.name}" if field is not None else name
        error = errors.MappingError(f"{place}: {message}", entity=name, **said)
        error.field = field.name if field is not None else None
        self.wrong.append(error)

    # ---- columns
    def _column(self, column: Any) -> dict[str, Any]:
        memory, declared = self.memory, column.declared
        made = {"name": memory.name(column.name)}
        kind = self._kind(column)
        if kind is None:
            return made
        made["type"] = getattr(lib, f"TAKEO_TYPE_{kind.type}")
        made["element"] = getattr(lib, f"TAKEO_TYPE_{kind.element}")
        made["dimensions"] = kind.dimensions
        for name in ("length", "precision", "scale"):
            made[name] = getattr(declared, name) or getattr(kind, name) or 0
        made["labels"], made["label_count"] = memory.names(kind.labels), len(kind.labels)
        made["flags"] = _flags(column)
        precision = kind.precision if declared.precision is None else declared.precision
        if kind.has_ticks and precision == 0:
            made["precision"], made["flags"] = 0, made["flags"] | lib.TAKEO_COLUMN_WHOLE_SECONDS
        made["flags"] |= lib.TAKEO_COLUMN_DURATION if kind.is_duration else 0
        made["generated"] = self._generated(column, kind)
        made |= self._texts(declared, "column", "collation", "comment", "enum_name")
        if isinstance(declared.unique, str):
            made["constraint"] = memory.name(declared.unique)
        if declared.check is not None:
            made["check"] = self._expression(declared.check)
        return made | self._default(column, kind)

    def _kind(self, column: Any) -> Any:
        """The kind of a column; names that did not exist when the class was made are looked up now."""
        if column.kind is None:
            annotation = _late(column)
            try:
                column.kind = kind_of(column.declared.type, annotation)
            except errors.MappingError as e:
                self._wrong(column, e.message, why=e.why, hint=e.hint)
        return column.kind

    def _generated(self, column: Any, kind: Any) -> int:
        how = column.declared.generated
        if how is None:
            return 0
        if how == "auto":
            how = "uuid7" if kind.type == "UUID" else "identity"
        return int(GENERATED[how])

    def _default(self, column: Any, kind: Any) -> dict[str, Any]:
        declared = column.declared
        if declared.server_default is not None:
            sql = getattr(declared.server_default, "shape", None)
            if sql is None or sql[0] != "raw" or not all(isinstance(p, str) for p in sql[1]):
                self._wrong(
                    column, "server_default= takes sql() without values", hint='sql("now()")'
                )
                return {}
            return {"default_sql": self.memory.name("".join(sql[1]))}
        default = declared.default
        if default is NOT_GIVEN or default is UNSET or callable(default) or default is None:
            return {}
        cell = _cell(self.memory, default, kind)
        return {"default_value": self.memory.new("takeo_cell *", cell)} if cell is not None else {}

    # ---- relations
    def _relation(self, relation: Any) -> dict[str, Any]:
        memory, declared = self.memory, relation.declared
        target = target_of(relation, list(self.names))
        if target is None:
            known = [cls.__name__ for cls in self.names]
            self._wrong(
                relation,
                f"leads to {declared.target!r}, which is no entity",
                nearest=errors.nearest(str(declared.target), known),
            )
        keys = tuple(_key_column(self.plan, name) for name in declared.keys)
        made = {
            "name": memory.name(relation.name),
            "kind": getattr(lib, f"TAKEO_RELATION_{declared.kind}"),
            "target": memory.name("missing" if target is None else self.names.get(target, "missing")),
            "inverse": memory.name(declared.mapped_by or self._inverse(relation, target)),
            "flags": _relation_flags(relation),
            "keys": memory.names(keys),
            "key_count": len(keys or declared.references),
            "references": memory.names(declared.references),
            "order_by": memory.name(declared.order_by),
        }
        for name in ("on_delete", "on_update"):
            action = getattr(declared, name)
            if action not in (None, "NO ACTION"):
                made[name] = getattr(lib, f"TAKEO_ACTION_{action.replace(' ', '_')}")
        if isinstance(declared.constraint, str):
            made["constraint"] = memory.name(declared.constraint)
        return made

    def _inverse(self, relation: Any, target: Any) -> str | None:
        """The inverse; of two OneToOne only the side without the key names it."""
        inverse = relation.declared.inverse
        if target is not None and relation.declared.kind == "ONE_TO_ONE":
            other = target._takeo.members.get(inverse)
            if other is not None and getattr(other.declared, "mapped_by", None) is not None:
                return None
        return inverse  # type: ignore[no-any-return]

    # ---- constraints
    def _index(self, index: Any) -> dict[str, Any]:
        return {
            **self._texts(index, "name"),
            **self._items(index.on),
            "flags": lib.TAKEO_INDEX_UNIQUE if index.unique else 0,
            "where": self._expression(index.where) if index.where is not None else NULL,
        }

    def _constraint(self, constraint: Any) -> dict[str, Any]:
        made = self._texts(constraint, "name")
        if isinstance(constraint, Unique):
            return {**made, "kind": lib.TAKEO_CONSTRAINT_UNIQUE, **self._items(constraint.on)}
        return {**made, "kind": lib.TAKEO_CONSTRAINT_CHECK, "expression": self._expression(constraint.condition)}

    def _items(self, on: tuple[str, ...]) -> dict[str, Any]:
        items = []
        for name in on:
            word, _, direction = name.partition(" ")
            flags = lib.TAKEO_INDEX_ITEM_DESC if direction.strip().lower() == "desc" else 0
            items.append({"name": self.memory.name(word), "flags": flags})
        return {"items": self.memory.new("takeo_index_item[]", items), "item_count": len(items)}

    def _expression(self, sql: str) -> Any:
        return self.memory.new("takeo_expression *", {"sql": self.memory.name(sql)})


def _key_column(plan: Plan, name: str) -> str:
    """A key is named by its property when it is declared, else by its column."""
    for column in plan.columns:
        if name in (column.name, column.declared.column):
            return column.name  # type: ignore[no-any-return]
    return name


def _order_by(said: Any, plan: Plan) -> str | None:
    """order_by= of an entity as the core reads it: "name, id desc"."""
    if said is None:
        return None
    words = [said] if isinstance(said, str) else list(said)
    if not all(isinstance(word, str) for word in words):
        raise errors.MappingError(
            f"{plan.cls.__name__}: order_by= takes names of properties",
            entity=plan.cls.__name__,
            got=errors.shown(said),
            hint='order_by=["name", "id desc"]',
        )
    return ", ".join(words)


def _late(column: Any) -> Any:
    """The type of a column whose annotation named what did not exist yet."""
    names = Names(column.entity.__module__, {cls.__name__: cls for cls in all_entities()})
    annotation = column.annotation
    if is_forward(annotation) and hasattr(annotation, "name"):
        annotation = evaluate(annotation.name, names)
    return unwrap(annotation)[1]


def _flags(column: Any) -> int:
    declared = column.declared
    return (
        (lib.TAKEO_COLUMN_PRIMARY if declared.is_primary else 0)
        | (lib.TAKEO_COLUMN_NULLABLE if column.nullable else 0)
        | (lib.TAKEO_COLUMN_UNIQUE if declared.unique else 0)
        | (lib.TAKEO_COLUMN_INDEX if declared.index else 0)
        | (lib.TAKEO_COLUMN_DEFERRED if declared.deferred else 0)
        | (0 if declared.insert else lib.TAKEO_COLUMN_NO_INSERT)
        | (0 if declared.update else lib.TAKEO_COLUMN_NO_UPDATE)
        | (lib.TAKEO_COLUMN_SECRET if declared.secret else 0)
    )


def _relation_flags(relation: Any) -> int:
    declared = relation.declared
    owns = declared.kind == "MANY_TO_ONE" or (declared.kind == "ONE_TO_ONE" and not declared.mapped_by)
    prefix = "TAKEO_RELATION_FLAG_"
    chosen = (
        (relation.nullable and owns, "NULLABLE"),
        (declared.is_primary, "PRIMARY"),
        (declared.eager, "EAGER"),
        (declared.constraint is False, "NO_CONSTRAINT"),
        (not declared.index and owns, "NO_INDEX"),
        (declared.deferrable, "DEFERRABLE"),
        (declared.deferrable == "deferred", "INITIALLY_DEFERRED"),
    )
    return sum(getattr(lib, prefix + name) for is_so, name in chosen if is_so)


def _cell(memory: Memory, value: Any, kind: Any) -> dict[str, Any] | None:
    """A constant default as a takeo_cell for the DDL; None when it is not written there."""
    value = getattr(value, "value", value) if kind.members is not None else value
    type = getattr(lib, f"TAKEO_TYPE_{kind.type}")
    if isinstance(value, bool):
        return {"type": lib.TAKEO_TYPE_BOOL, "v": {"i": value}}
    if isinstance(value, int) and kind.type != "DECIMAL":
        if kind.type.startswith("FLOAT"):
            return {"type": type, "v": {"f": float(value)}}
        return {"type": lib.TAKEO_TYPE_INT64, "v": {"i": value}} if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return {"type": lib.TAKEO_TYPE_FLOAT64, "v": {"f": value}}
    if kind.type in ("DECIMAL", "TEXT", "ENUM"):
        data = str(value).encode()
        text = {"data": memory.new("char[]", data), "len": len(data)}
        return {"type": lib.TAKEO_TYPE_TEXT if isinstance(value, str) else type, "v": {"text": text}}
    return None
