"""Declarations become a model of the core: one call adds all entities, one verifies, one describes.

It must not know statements or SQL; what is wrong with a model the core says, all findings at once.
"""

from __future__ import annotations

import sys

from . import errors
from ._door import door
from ._definition import Definition, target_of
from ._kinds import conversions
from ._lib import Memory, call, ffi, lib, text
from ._plan import Plan, all_entities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

class ColumnModel:
    """A column as the core knows it; read only.  `hidden`: the key of a relation that nobody declared."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.number: int = said["number"]
        self.name: str = said["name"]
        self.column: str = said["column"]
        self.type: str = said["type"]
        self.nullable: bool = said["nullable"]
        self.is_key: bool = said["key"]
        self.hidden: bool = said["hidden"]
        self.relation: str | None = said.get("relation")
        self.said = said

    def __repr__(self) -> str:
        return f"<ColumnModel {self.name}: {self.type}>"


class RelationModel:
    """A relation as the core knows it; read only."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.number: int = said["number"]
        self.name: str = said["name"]
        self.kind: str = said["kind"]
        self.target: str = said["target"]
        self.inverse: str | None = said.get("inverse")
        self.nullable: bool = said["nullable"]
        self.owns_key: bool = said["owns_key"]
        self.columns: tuple[str, ...] = tuple(said["columns"])
        self.references: tuple[str, ...] = tuple(said["references"])
        self.said = said

    def __repr__(self) -> str:
        return f"<RelationModel {self.name}: {self.kind} {self.target}>"


class EntityModel:
    """What `db.model(City)` shows: the entity as the core knows it, with final names."""

    def __init__(self, entity: type, said: dict[str, Any]) -> None:
        self.entity = entity
        self.number: int = said["number"]
        self.name: str = said["name"]
        self.table: str = said["table"]
        self.key: tuple[str, ...] = tuple(said["key"])
        self.columns = tuple(ColumnModel(one) for one in said["columns"])
        self.relations = tuple(RelationModel(one) for one in said["relations"])
        self.said = said
        self.column_numbers = {c.name: c.number for c in self.columns}
        self.relation_numbers = {r.name: r.number for r in self.relations}

    def column(self, name: str) -> ColumnModel:
        """The column of a property; UnknownField when there is none."""
        number = self.column_numbers.get(name)
        if number is None:
            raise errors.unknown_field(self.name, name, self.column_numbers)
        return self.columns[number - 1]

    def relation(self, name: str) -> RelationModel:
        """The relation of a property; UnknownField when there is none."""
        number = self.relation_numbers.get(name)
        if number is None:
            raise errors.unknown_field(self.name, name, self.relation_numbers)
        return self.relations[number - 1]

    def key_of(self, instance: Any) -> Any:
        """The key of an object, a tuple when it has several parts; UNSET when it has none."""
        return type(instance)._takeo.key_of(instance)

    def __repr__(self) -> str:
        return f"<EntityModel {self.name}: {self.table}>"


class Model:
    """The frozen model of one data source, its entities by class, and the door's target."""

    def __init__(self, entities: Any, *, schema: str | None, table_prefix: str) -> None:
        self.classes = _closure(_listed(entities))
        self.by_name = _by_name(self.classes)
        self.names = {cls: name for name, cls in self.by_name.items()}
        self._described: dict[type, EntityModel] | None = None
        memory = Memory()
        options = memory.new("takeo_model_options *")
        options.struct_size = ffi.sizeof("takeo_model_options")
        options.table_prefix = memory.name(table_prefix or None)
        options.schema = memory.name(schema)
        out = ffi.new("takeo_model **")
        call(lib.takeo_model_new, options, out)
        self.handle = ffi.gc(out[0], lib.takeo_model_free)
        self._add(memory)
        call(lib.takeo_model_freeze, self.handle)
        self.target = self._target()

    @property
    def by_class(self) -> dict[type, EntityModel]:
        """What the core made of the entities; read when it is first asked for, which opening a source does
        only for keys that nobody declared."""
        if self._described is None:
            self._described = self._describe()
        return self._described

    def of(self, entity: Any) -> EntityModel:
        """The model of an entity; MappingError when the source does not know it."""
        found = self.by_class.get(entity)
        if found is not None:
            return found
        if getattr(entity, "_takeo", None) is None or not isinstance(entity, type):
            raise errors.InputError(
                "an entity is needed here",
                code="TAKEO.INPUT.ENTITY",
                expected="a class with @Entity",
                got=errors.shown(entity),
            )
        known = [cls.__name__ for cls in self.classes]
        raise errors.MappingError(
            f"{entity.__name__} is not among the entities of this data source",
            entity=entity.__name__,
            nearest=errors.nearest(entity.__name__, known),
            why=f"entities=[{', '.join(known)}]",
            hint=f"add {entity.__name__} to entities=",
        )

    def _add(self, memory: Memory) -> None:
        wrong: list[errors.MappingError] = []
        plans: list[Plan] = [cls._takeo for cls in self.classes]  # type: ignore[attr-defined]
        made = [Definition(memory, plan, self.names, wrong).made() for plan in plans]
        definitions = memory.new("takeo_entity_def[]", made)
        found: Any = None
        try:
            call(lib.takeo_model_add, self.handle, definitions, len(self.classes))
        except errors.MappingError as e:
            if not wrong:
                raise
            found = e
        if found is not None:
            wrong += [e for e in found.errors if not isinstance(e, errors.MappingErrors)]
        if wrong:
            raise errors.mapping_errors(wrong)

    def _describe(self) -> dict[type, EntityModel]:
        import json

        out = ffi.new("takeo_text *")
        call(lib.takeo_model_describe, self.handle, out)
        described = json.loads(text(out) or "{}")["entities"]
        return {cls: EntityModel(cls, one) for cls, one in zip(self.classes, described)}

    def _target(self) -> Any:
        target = door.target(self.handle)
        for number, cls in enumerate(self.classes, 1):
            plan: Plan = cls._takeo  # type: ignore[attr-defined]
            columns: list[Any] = [_place(column) for column in plan.columns]
            if any(relation.hidden is not None for relation in plan.relations):
                columns += _hidden(plan, self.by_class[cls])
            links = [(relation.place, relation.bit) for relation in plan.relations]
            door.layout(target, number, cls, columns, links)
        return target


# ---- which entities --------------------------------------------------------------------------------------------


def _listed(entities: Any) -> list[type]:
    """The classes that `entities=` names: classes, dotted modules, modules; None is all."""
    if entities is None:
        found = all_entities()
        logging = sys.modules.get("logging")
        if logging is not None:
            names = ", ".join(cls.__name__ for cls in found)
            logging.getLogger("takeo").info("entities= was left out: %s", names)
        return found
    if isinstance(entities, (str, type)) or getattr(entities, "__iter__", None) is None:
        raise errors.ConfigError(
            "entities= takes a list", got=errors.shown(entities), hint="entities=[City, Country]"
        )
    found = []
    for one in entities:
        if isinstance(one, str):
            found += _of_module(_import(one))
        elif isinstance(one, type(sys)):
            found += _of_module(one)
        elif getattr(one, "_takeo", None) is not None and not one._takeo.options.abstract:
            found.append(one)
        else:
            raise errors.MappingError(
                "entities= holds what is no entity with a table", got=errors.shown(one)
            )
    return found


def _import(name: str) -> Any:
    try:
        __import__(name)
    except ModuleNotFoundError as e:
        raise errors.ConfigError(f"entities= names the module {name!r}: {e}") from None
    return sys.modules[name]


def _of_module(module: Any) -> list[type]:
    """The entities declared in a module, and in all modules of a package."""
    if hasattr(module, "__path__"):
        import pkgutil

        for one in pkgutil.walk_packages(module.__path__, module.__name__ + "."):
            _import(one.name)
    inside = module.__name__ + "."
    return [c for c in all_entities() if c.__module__ == module.__name__ or c.__module__.startswith(inside)]


def _closure(classes: list[type]) -> list[type]:
    """The classes and whatever their relations lead to, each once."""
    found = list(dict.fromkeys(classes))
    for cls in found:  # grows on the way
        plan: Plan = cls._takeo  # type: ignore[attr-defined]
        for relation in plan.relations:
            target = target_of(relation, found)
            if target is not None and target not in found:
                found.append(target)
    return found


def _by_name(classes: list[type]) -> dict[str, type]:
    """A name in the model for each class; a second class of one name gets a number."""
    found: dict[str, type] = {}
    for cls in classes:
        name, count = cls.__name__, 2
        while name in found:
            name, count = f"{cls.__name__}_{count}", count + 1
        found[name] = cls
    return found


# ---- layouts: what `door.layout` takes ---------------------------------------------------------------------------


def _place(column: Any) -> tuple[Any, ...]:
    """The place of a declared column."""
    loaded = column.loaded if column.kind.is_mutable else None
    return column.place, column.bit, 0, loaded, conversions(column.kind)


def _hidden(plan: Plan, model: EntityModel) -> list[Any]:
    """The places of the columns that nobody declared, which the core numbers after all others: the keys
    of relations."""
    found: list[Any] = [None] * (len(model.columns) - len(plan.columns))
    for relation, said in zip(plan.relations, model.relations):
        if relation.hidden is None or not said.owns_key:
            continue
        names = [name for name in said.columns if model.column(name).hidden]
        for part, name in enumerate(names, 1):
            place = model.column_numbers[name] - 1 - len(plan.columns)
            if found[place] is None:
                found[place] = (relation.hidden, relation.bit, part if len(names) > 1 else 0, None, None)
    return found
