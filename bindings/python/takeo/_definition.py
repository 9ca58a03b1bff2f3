"""One entity as the core's takeo_entity_def: what was declared, filled into structs of C.

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
    """Fills one takeo_entity_def."""

    def __init__(
        self, memory: Memory, into: Any, plan: Plan, names: dict[type, str], wrong: list[errors.MappingError]
    ) -> None:
        self.memory = memory
        self.into = into
        self.plan = plan
        self.names = names
        self.wrong = wrong

    def fill(self) -> None:
        memory, into, options = self.memory, self.into, self.plan.options
        into.struct_size = ffi.sizeof("takeo_entity_def")
        into.name = memory.name(self.names[self.plan.cls])
        for name in ("table", "schema", "database", "primary_key", "comment"):
            setattr(into, name, memory.name(getattr(options, name)))
        into.order_by = memory.name(_order_by(options.order_by, self.plan))
        into.flags = (
            (0 if options.managed else lib.TAKEO_ENTITY_UNMANAGED)
            | (lib.TAKEO_ENTITY_STRICT if options.strict else 0)
            | (lib.TAKEO_ENTITY_WITHOUT_ROWID if options.without_rowid else 0)
        )
        self._array("columns", "column", "takeo_column_def", self.plan.columns, self._column)
        self._array("relations", "relation", "takeo_relation_def", self.plan.relations, self._relation)
        indexes = [one for one in options.constraints if isinstance(one, Index)]
        others = [one for one in options.constraints if isinstance(one, (Unique, Check))]
        if len(indexes) + len(others) < len(options.constraints):
            self._wrong(None, "constraints= takes Index, Unique and Check objects")
        self._array("indexes", "index", "takeo_index_def", indexes, self._index)
        self._array("constraints", "constraint", "takeo_constraint_def", others, self._constraint)

    def _array(self, name: str, one: str, kind: str, items: Any, fill: Any) -> None:
        made = self.memory.new(f"{kind}[]", len(items)) if items else NULL
        setattr(self.into, name, made)
        setattr(self.into, f"{one}_count", len(items))
        setattr(self.into, f"{one}_size", ffi.sizeof(kind))
        for into, item in zip(made if items else (), items):
            fill(into, item)

    def _wrong(self, field: Any, message: str, **said: Any) -> None:
        name = self.plan.cls.__name__
        place = f"{name}.{field.name}" if field is not None else name
        error = errors.MappingError(f"{place}: {message}", entity=name, **said)
        error.field = field.name if field is not None else None
        self.wrong.append(error)

    # ---- columns
    def _column(self, into: Any, column: Any) -> None:
        memory, declared = self.memory, column.declared
        into.name = memory.name(column.name)
        kind = self._kind(column)
        if kind is None:
            return
        into.type = getattr(lib, f"TAKEO_TYPE_{kind.type}")
        into.element = getattr(lib, f"TAKEO_TYPE_{kind.element}")
        into.dimensions = kind.dimensions
        for name in ("length", "precision", "scale"):
            setattr(into, name, getattr(declared, name) or getattr(kind, name))
        into.labels, into.label_count = memory.names(kind.labels), len(kind.labels)
        into.flags = _flags(column)
        into.generated = self._generated(column, kind)
        for name in ("column", "collation", "comment", "enum_name"):
            setattr(into, name, memory.name(getattr(declared, name)))
        if isinstance(declared.unique, str):
            into.constraint = memory.name(declared.unique)
        if declared.check is not None:
            into.check = self._expression(declared.check)
        self._default(into, column, kind)

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

    def _default(self, into: Any, column: Any, kind: Any) -> None:
        declared = column.declared
        if declared.server_default is not None:
            sql = getattr(declared.server_default, "shape", None)
            if sql is None or sql[0] != "raw" or not all(isinstance(p, str) for p in sql[1]):
                self._wrong(
                    column, "server_default= takes sql() without values", hint='sql("now()")'
                )
                return
            into.default_sql = self.memory.name("".join(sql[1]))
        default = declared.default
        if default is NOT_GIVEN or default is UNSET or callable(default) or default is None:
            return
        if declared.server_default is None:
            cell = _cell(self.memory, default, kind)
            if cell is not None:
                into.default_value = cell

    # ---- relations
    def _relation(self, into: Any, relation: Any) -> None:
        memory, declared = self.memory, relation.declared
        into.name = memory.name(relation.name)
        into.kind = getattr(lib, f"TAKEO_RELATION_{declared.kind}")
        target = target_of(relation, list(self.names))
        if target is None:
            known = [cls.__name__ for cls in self.names]
            self._wrong(
                relation,
                f"leads to {declared.target!r}, which is no entity",
                nearest=errors.nearest(str(declared.target), known),
            )
        into.target = memory.name(self.names.get(target, "missing"))
        into.inverse = memory.name(declared.mapped_by or self._inverse(relation, target))
        for name in ("on_delete", "on_update"):
            action = getattr(declared, name)
            if action not in (None, "NO ACTION"):
                setattr(into, name, getattr(lib, f"TAKEO_ACTION_{action.replace(' ', '_')}"))
        into.flags = _relation_flags(relation)
        keys = tuple(_key_column(self.plan, name) for name in declared.keys)
        into.keys, into.key_count = memory.names(keys), len(keys or declared.references)
        into.references = memory.names(declared.references)
        into.order_by = memory.name(declared.order_by)
        if isinstance(declared.constraint, str):
            into.constraint = memory.name(declared.constraint)

    def _inverse(self, relation: Any, target: Any) -> str | None:
        """The inverse; of two OneToOne only the side without the key names it."""
        inverse = relation.declared.inverse
        if target is not None and relation.declared.kind == "ONE_TO_ONE":
            other = target._takeo.members.get(inverse)
            if other is not None and getattr(other.declared, "mapped_by", None) is not None:
                return None
        return inverse  # type: ignore[no-any-return]

    # ---- constraints
    def _index(self, into: Any, index: Any) -> None:
        into.name = self.memory.name(index.name)
        into.items, into.item_count = self._items(index.on), len(index.on)
        into.flags = lib.TAKEO_INDEX_UNIQUE if index.unique else 0
        if index.where is not None:
            into.where = self._expression(index.where)

    def _constraint(self, into: Any, constraint: Any) -> None:
        into.name = self.memory.name(constraint.name)
        if isinstance(constraint, Unique):
            into.kind = lib.TAKEO_CONSTRAINT_UNIQUE
            into.items, into.item_count = self._items(constraint.on), len(constraint.on)
        else:
            into.kind = lib.TAKEO_CONSTRAINT_CHECK
            into.expression = self._expression(constraint.condition)

    def _items(self, on: tuple[str, ...]) -> Any:
        items = self.memory.new("takeo_index_item[]", len(on))
        for item, name in zip(items, on):
            word, _, direction = name.partition(" ")
            item.name = self.memory.name(word)
            item.flags = lib.TAKEO_INDEX_ITEM_DESC if direction.strip().lower() == "desc" else 0
        return items

    def _expression(self, sql: str) -> Any:
        made = self.memory.new("takeo_expression *")
        made.sql = self.memory.name(sql)
        return made


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
    chosen = (
        (declared.is_primary, lib.TAKEO_COLUMN_PRIMARY),
        (column.nullable, lib.TAKEO_COLUMN_NULLABLE),
        (declared.unique, lib.TAKEO_COLUMN_UNIQUE),
        (declared.index, lib.TAKEO_COLUMN_INDEX),
        (declared.deferred, lib.TAKEO_COLUMN_DEFERRED),
        (not declared.insert, lib.TAKEO_COLUMN_NO_INSERT),
        (not declared.update, lib.TAKEO_COLUMN_NO_UPDATE),
        (declared.secret, lib.TAKEO_COLUMN_SECRET),
    )
    return sum(flag for is_so, flag in chosen if is_so)


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


def _cell(memory: Memory, value: Any, kind: Any) -> Any:
    """A constant default as a cell for the DDL; None when it is not written there."""
    value = getattr(value, "value", value) if kind.members is not None else value
    cell = memory.new("takeo_cell *")
    cell.type = getattr(lib, f"TAKEO_TYPE_{kind.type}")
    if isinstance(value, bool):
        cell.type, cell.v.i = lib.TAKEO_TYPE_BOOL, value
    elif isinstance(value, int) and kind.type != "DECIMAL":
        if kind.type.startswith("FLOAT"):
            cell.v.f = float(value)
        elif -(2**63) <= value < 2**63:
            cell.type, cell.v.i = lib.TAKEO_TYPE_INT64, value
        else:
            return None
    elif isinstance(value, float):
        cell.type, cell.v.f = lib.TAKEO_TYPE_FLOAT64, value
    elif kind.type in ("DECIMAL", "TEXT", "ENUM"):
        data = str(value).encode()
        kept = memory.new("char[]", data)
        cell.v.text.data, cell.v.text.len = kept, len(data)
        cell.type = lib.TAKEO_TYPE_TEXT if isinstance(value, str) else cell.type
    else:
        return None
    return cell
