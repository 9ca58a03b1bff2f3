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
        self.names = _names(self.classes)
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
        self.by_class = self._describe()
        self.by_name = {model.name: cls for cls, model in self.by_class.items()}
        self.target = self._target()

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
        definitions = memory.new("takeo_entity_def[]", len(self.classes))
        for definition, cls in zip(definitions, self.classes):
            Definition(memory, definition, cls._takeo, self.names, wrong).fill()  # type: ignore[attr-defined]
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
        for cls, model in self.by_class.items():
            columns, links = _layout(cls._takeo, model)  # type: ignore[attr-defined]
            door.layout(target, model.number, cls, columns, links)
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
    if isinstance(entities, (str, type)) or not hasattr(entities, "__iter__"):
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


def _names(classes: list[type]) -> dict[type, str]:
    """A name in the model for each class; a second class of one name gets a number."""
    names: dict[type, str] = {}
    for cls in classes:
        name, count = cls.__name__, 2
        while name in names.values():
            name, count = f"{cls.__name__}_{count}", count + 1
        names[cls] = name
    return names


# ---- layouts -------------------------------------------------------------------------------------------------------


def _layout(plan: Plan, model: EntityModel) -> tuple[list[Any], list[Any]]:
    """What `door.layout` takes: a place for every column, also the hidden ones, and every relation."""
    columns: list[Any] = [None] * len(model.columns)
    for number, column in enumerate(plan.columns):
        aux = conversions(column.kind)
        loaded = column.loaded if column.kind.is_mutable else None
        columns[number] = (column.place, column.bit, 0, loaded, aux)
    links: list[Any] = [None] * len(model.relations)
    for number, relation in enumerate(plan.relations):
        links[number] = (relation.place, relation.bit)
        if relation.hidden is None:
            continue
        said = model.relations[number]
        hidden = [name for name in said.columns if model.column(name).hidden] if said.owns_key else []
        for index, name in enumerate(hidden):
            place = model.column_numbers[name] - 1
            if columns[place] is None:
                part = index + 1 if len(hidden) > 1 else 0
                columns[place] = (relation.hidden, relation.bit, part, None, None)
    return columns, links
