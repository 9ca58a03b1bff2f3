"""The class side of an entity: columns and relations as descriptors, and the paths made of them.

`City.name` is a Field, `City.country` a ToOne, `Country.cities` a ToMany; brackets follow a relation:
`City.country[Country.name]`.  On objects the same descriptors read and write slots; that part is the
door's.  Nothing here knows statements or sources.
"""

from __future__ import annotations

from types import GenericAlias

from . import errors
from ._door import COLUMN, TO_MANY, TO_ONE, door
from .expr import (
    ANY,
    COUNT,
    EQ,
    EVERY,
    HAS,
    HOLDS,
    IN,
    LIST,
    NE,
    NONE,
    NOT_IN,
    PARAM,
    Assignment,
    Expr,
    Leaf,
    Order,
    Predicate,
    Value,
    and_,
    compare,
    listed,
    operand,
    or_,
)
from .types import SKIP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Property:
    """All facts about one column or relation of one class but how it behaves."""

    __slots__ = (
        "annotation", "bit", "declared", "entity", "field", "hidden", "is_relation", "keys", "kind",
        "leaf", "loaded", "name", "nullable", "place",
    )  # fmt: skip

    def __init__(self, entity: type, name: str, declared: Any, is_relation: bool) -> None:
        self.entity = entity
        self.name = name
        self.declared = declared
        self.is_relation = is_relation
        self.leaf = Leaf(entity, name)
        self.field: Any = None  # the descriptor
        self.annotation: Any = None  # the type inside Mapped or Rel, without None
        self.nullable = False
        self.kind: Any = None  # of a column: its logical type, once it is known
        self.keys: tuple[Property, ...] = ()  # of a to-one: declared columns that are its key
        self.bit = 0
        self.place: Any = None
        self.hidden: Any = None  # of a to-one: the place of its key
        self.loaded: Any = None  # of a mutable column: the place of its loaded form

    def __repr__(self) -> str:
        return f"{self.entity.__name__}.{self.name}"


class Member(door.Field):  # type: ignore[name-defined,misc]
    """A column or relation on its class.  Few attributes: a typo such as `City.country.name` must not
    find one of them."""

    __slots__ = ("about", "depth", "hook", "owner", "shape", "values")
    bind_kind = COLUMN

    def __init__(self, about: Property) -> None:
        self.about = about
        self.shape: Any = about.leaf
        self.values: tuple[Any, ...] = ()
        self.depth = 1
        about.field = self

    def __repr__(self) -> str:
        return repr(self.about)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.about.entity, self.about.name)


class _ColumnPath(Expr):
    """What a column and a path to a column have in common."""

    __slots__ = ()
    about: Property

    @property
    def _is_text(self) -> bool:
        kind = self.about.kind
        return kind is not None and kind.type == "TEXT"


class Field(_ColumnPath, Member):
    """The class side of `Mapped[T]`."""

    __slots__ = ()

    def to(self, value: Any) -> Assignment:
        """This value, or this expression, in an update: `City.population.to(City.population + 1)`."""
        if value is None:
            return Assignment(self.about.leaf, PARAM, (None,))
        if value is SKIP:
            return SKIP  # type: ignore[no-any-return]
        shape, values, _ = operand(value)
        return Assignment(self.about.leaf, shape, values)


class FieldPath(_ColumnPath):
    """A column at the end of a path or of an alias: `City.country[Country.name]`."""

    __slots__ = ("about", "depth", "shape", "values")

    def __init__(self, source: Any, about: Property) -> None:
        self.shape = ("at", source, about.leaf)
        self.values: tuple[Any, ...] = ()
        self.depth = 2
        self.about = about

    def __repr__(self) -> str:
        return f"<path to {self.about!r}>"


class _Brackets:
    """Brackets of whatever has columns: a relation, an alias."""

    __slots__ = ()
    source: Any

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, Field):
            return FieldPath(self.source, item.about)
        if isinstance(item, FieldPath):
            return FieldPath(_onto(self.source, item.shape[1]), item.about)
        if isinstance(item, (ToOne, ToOnePath)):
            return ToOnePath(_onto(self.source, item.source))
        if isinstance(item, (ToMany, ToManyPath)):
            return ToManyPath(_onto(self.source, item.source))
        raise errors.InputError(
            "brackets take a column or relation of the entity behind them",
            got=errors.shown(item),
            hint="City.country[Country.name]",
        )


def _onto(source: Any, path: Any) -> Any:
    """A path that begins at its own table, put onto another source."""
    if path is None:
        return source
    return ("path", _onto(source, path[1]), path[2])


class _ToOnePath(_Brackets, Expr):
    """Conditions on a related object; as an expression it is its key."""

    __slots__ = ()

    def __eq__(self, other: object) -> Predicate:  # type: ignore[override]
        return _compare_objects(EQ, self, other)

    def __ne__(self, other: object) -> Predicate:  # type: ignore[override]
        return _compare_objects(NE, self, other)

    __hash__ = object.__hash__

    def in_(self, values: Any) -> Predicate:
        """One of these objects."""
        return _among(IN, self, values)

    def not_in(self, values: Any) -> Predicate:
        """None of these objects."""
        return _among(NOT_IN, self, values)

    def has(self, *where: Predicate) -> Predicate:
        """There is a related object and it fulfils all of these."""
        return _related(HAS, self, where)

    def by(self, strategy: str) -> Load:
        """Load it by "join" or by one further "query": `load=[City.country.by("query")]`."""
        if strategy not in ("join", "query"):
            raise errors.InputError(
                f"by({strategy!r}) is not known", expected='"join" or "query"'
            )
        return Load(self.source, strategy)

    def __getattr__(self, name: str) -> Any:
        return _no_attribute(self, name)


class ToOne(_ToOnePath, Member):
    """The class side of `Rel[Country]`."""

    __slots__ = ("source",)
    bind_kind = TO_ONE

    def __init__(self, about: Property) -> None:
        Member.__init__(self, about)
        self.source = ("path", None, about.leaf)
        self.shape = ("key", self.source)

    def to(self, value: Any) -> Assignment:
        """This object, or None, in an update."""
        if value is None:
            return Assignment(self.about.leaf, None, ())
        if value is SKIP:
            return SKIP  # type: ignore[no-any-return]
        shape, values = object_key(value, self.about)
        return Assignment(self.about.leaf, shape, values)


class ToOnePath(_ToOnePath):
    """A to-one at the end of a path."""

    __slots__ = ("depth", "shape", "source", "values")

    def __init__(self, source: Any) -> None:
        self.source = source
        self.shape = ("key", source)
        self.values: tuple[Any, ...] = ()
        self.depth = 2


class _ToManyPath(_Brackets):
    """Questions about a set of related objects; never a column."""

    __slots__ = ()

    def any(self, *where: Predicate) -> Predicate:
        """One of them fulfils all of these; without conditions: there is one."""
        return _related(ANY, self, where)

    def none(self, *where: Predicate) -> Predicate:
        """None of them fulfils all of these."""
        return _related(NONE, self, where)

    def every(self, *where: Predicate) -> Predicate:
        """All of them fulfil all of these; of none it is true."""
        return _related(EVERY, self, where)

    def count(self, *where: Predicate) -> Value:
        """How many of them fulfil all of these."""
        found = _related(COUNT, self, where)
        return Value(found.shape, found.values, found.depth)

    def contains(self, member: Any) -> Predicate:
        """This object is one of them."""
        if member is SKIP:
            return SKIP  # type: ignore[no-any-return]
        shape, values = object_key(member)
        return Predicate(("relation", HOLDS, self.source, shape), values, 2)

    def __bool__(self) -> bool:
        raise TypeError("a relation is neither true nor false; ask it with any() or count()")

    def __eq__(self, other: object) -> bool:
        raise errors.InputError(
            "a relation to many is not equal to anything", hint="Country.cities.contains(city)"
        )

    __hash__ = object.__hash__
    __iter__ = None

    def __getattr__(self, name: str) -> Any:
        return _no_attribute(self, name)


class ToMany(_ToManyPath, Member):
    """The class side of `Rel[list[City]]`."""

    __slots__ = ("source",)
    __class_getitem__: Any = classmethod(GenericAlias)
    bind_kind = TO_MANY

    def __init__(self, about: Property) -> None:
        Member.__init__(self, about)
        self.source = ("path", None, about.leaf)


class ToManyPath(_ToManyPath):
    """A to-many at the end of a path."""

    __slots__ = ("source",)

    def __init__(self, source: Any) -> None:
        self.source = source


class Load:
    """A path and how it is loaded."""

    __slots__ = ("source", "strategy")

    def __init__(self, source: Any, strategy: str) -> None:
        self.source = source
        self.strategy = strategy


class Alias(_ToOnePath):
    """A second name of a table: `other = alias(City, "other")`, `other[City.name]`."""

    __slots__ = ("depth", "shape", "source", "values")

    def __init__(self, entity: type, name: str) -> None:
        self.source = ("table", entity_leaf(entity), name)
        self.shape = ("key", self.source)
        self.values: tuple[Any, ...] = ()
        self.depth = 2


def alias(entity: type, name: str | None = None, /) -> Alias:
    """A second name of a table, for a query that needs it twice.

    Args:
        name: letters, digits and _; two aliases of one query need different ones.
    """
    if name is None:
        name = f"{entity.__name__.lower()}_2"
    elif not isinstance(name, str) or not name:
        raise errors.InputError("an alias is a text", code="TAKEO.QUERY.NAME", got=errors.shown(name))
    return Alias(entity, name)


# ---- objects in conditions ------------------------------------------------------------------------------


def entity_leaf(entity: Any) -> Leaf:
    """The leaf of an entity; InputError for what is none."""
    plan = getattr(entity, "_takeo", None)
    if plan is None or not isinstance(entity, type):
        raise errors.InputError(
            "an entity is needed here",
            code="TAKEO.INPUT.ENTITY",
            expected="a class with @Entity",
            got=errors.shown(entity),
        )
    return plan.leaf  # type: ignore[no-any-return]


def object_key(value: Any, relation: Any = None) -> tuple[Any, tuple[Any, ...]]:
    """Shape and values of an object's key, or of what a relation refers to in it."""
    if isinstance(value, Expr):
        return value.shape, value.values
    plan = getattr(type(value), "_takeo", None)
    if plan is None:
        name = type(value).__name__
        raise errors.InputError(
            "a relation is compared with objects",
            code="TAKEO.INPUT.ENTITY",
            expected="an object of an entity, or ref(Entity, key)",
            got=errors.shown(value),
            hint="ref(Country, key) stands for a row by its key alone"
            if name not in ("dict", "list")
            else None,
        )
    key = plan.key_in_order(value) if relation is None else plan.referred(relation, value)
    if key is None:
        raise errors.InputError(
            f"the {plan.cls.__name__} in a condition has no key",
            code="TAKEO.INPUT.UNSAVED",
            hint="save it first",
        )
    return (PARAM if len(key) == 1 else ("row", *[PARAM] * len(key))), key


def _compare_objects(op: int, left: Any, other: Any) -> Predicate:
    if other is None or other is SKIP:
        return compare(op, left, other)
    shape, values = object_key(other)
    return Predicate((op, left.shape, shape), left.values + values, 3)


def _among(op: int, left: Any, values: Any) -> Predicate:
    if values is SKIP:
        return SKIP  # type: ignore[no-any-return]
    if isinstance(values, Expr):
        return Predicate((op, left.shape, values.shape), left.values + values.values, 3)
    keys = [object_key(one) for one in listed(values)]
    if all(shape is PARAM for shape, _ in keys):
        return Predicate((op, left.shape, LIST), (*left.values, tuple(key[0] for _, key in keys)), 3)
    any_of = or_(*[Predicate((EQ, left.shape, shape), key, 3) for shape, key in keys])
    return any_of if op == IN else ~any_of


def _related(variant: int, path: Any, where: tuple[Any, ...]) -> Predicate:
    kept = [one for one in where if one is not SKIP]
    if not kept:
        return Predicate(("relation", variant, path.source, None), (), 2)
    inner = and_(*kept)
    return Predicate(("relation", variant, path.source, inner.shape), inner.values, inner.depth + 1)


def _no_attribute(path: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    leaf = path.source[2]
    path_text = repr(leaf) if isinstance(leaf, Leaf) else str(leaf)
    raise errors.UnknownField(
        f'{path_text} has no attribute "{name}"',
        field=name,
        got=name,
        hint=f"{path_text}[Entity.{name}]: brackets follow a relation",
    )


def order_of(value: Any) -> Any:
    """What may stand in order_by: an expression or an order."""
    if isinstance(value, (Expr, Order)):
        return value
    raise errors.InputError(
        "order_by takes columns and expressions",
        expected="City.name, City.name.desc()",
        got=errors.shown(value),
    )


__all__ = ["Alias", "Field", "Load", "ToMany", "ToOne", "alias"]
