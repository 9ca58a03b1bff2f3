"""`@Entity`: a class body becomes a class whose objects keep their columns in slots.

The class is made anew with `__slots__`, over a base of the door that holds the state; methods,
properties, closures and bases stay what they were.  Nothing here knows sources or SQL; what the core
has to know of an entity is told by `_register`.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from types import FunctionType

from . import errors
from ._door import door
from ._instance import Cached, Frozen, Keyed, Root, as_dict, is_loaded, loaded_columns, ref
from ._kinds import Mapped, Names, Rel, evaluate, is_forward, kind_of, unwrap
from ._plan import Options, Plan, referred, register
from .columns import Column, Relation
from .fields import Field, Property, ToMany, ToOne
from .types import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Entity", "EntityType", "Mapped", "Rel", "as_dict", "is_loaded", "ref"]

_HIDDEN = "_takeo_"
_DICT = property(loaded_columns, doc="The loaded columns, as a new dict.")
_WITH_FUNCTIONS = (FunctionType, property, classmethod, staticmethod, Cached)
_FOREIGN_INIT = (object, Root, Keyed, Frozen)


class EntityType(ABCMeta):
    """The class of entity classes; an unknown name raises UnknownField with the nearest names."""

    _takeo: Plan

    def __getattr__(cls, name: str) -> Any:
        plan = cls.__dict__.get("_takeo")
        if plan is None or name.startswith("__"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        raise errors.unknown_field(cls.__name__, name, plan.members)


def Entity(
    table: Any = None,
    /,
    *,
    schema: str | None = None,
    database: str | None = None,
    comment: str | None = None,
    managed: bool = True,
    without_rowid: bool = False,
    strict: bool = False,
    abstract: bool = False,
    constraints: Any = (),
    order_by: Any = None,
    equal_by: str = "identity",
    primary_key: str | None = None,
    frozen: bool = False,
) -> Any:
    """Make a class a table: `@Entity` or `@Entity("cities", ...)`.

    Args:
        table: its name; snake_case of the class when left out.
        schema: of the table (PostgreSQL); database: an attached file (SQLite).
        comment: of the table, which PostgreSQL keeps; SQLite has none.
        managed: False when neither synchronize nor migrations may touch it.
        without_rowid, strict: of SQLite.
        abstract: no table; the columns go into every entity that derives from it.
        constraints: `Index`, `Unique` and `Check` objects.
        order_by: "name", "name desc" or several; used when a find says nothing.
        equal_by: "identity", or "key": equal when same class and same key.
        primary_key: name of its constraint.
        frozen: assigning to objects raises.

    Raises:
        MappingError: the declaration is wrong; MappingErrors when it is in several ways.

    Example:
        >>> @Entity("cities")
        ... class City:
        ...     id: Mapped[int] = PrimaryGeneratedColumn()
        ...     name: Mapped[str] = Column(length=120)
    """
    said = dict(locals())
    if isinstance(said.pop("table"), type):
        return _make(table, Options(None, **said), sys._getframe(1))
    if equal_by not in ("identity", "key"):
        raise errors.MappingError(f"equal_by={equal_by!r} is not known", expected='"identity" or "key"')
    options = Options(table, **said)

    def decorate(cls: type) -> type:
        return _make(cls, options, sys._getframe(1))

    return decorate


# ---- from the body of a class to its members -------------------------------------------------------------


class _Said:
    """One line of a class body: a declaration, its annotation and what that says (see `unwrap`)."""

    __slots__ = ("annotation", "declared", "inner", "is_nullable", "wrapper")

    def __init__(self, declared: Any, annotation: Any) -> None:
        self.declared = declared
        self.annotation = annotation
        self.wrapper, self.inner, self.is_nullable = unwrap(annotation)


def _annotations(cls: type) -> dict[str, Any]:
    own = cls.__dict__.get("__annotations__")
    if own is None and sys.version_info >= (3, 14):
        import annotationlib

        own = annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
    return own or {}


def _read(cls: type, frame: Any, found: dict[str, _Said], wrong: list[errors.MappingError]) -> None:
    """Columns and relations of one class body, in the order in which they stand there."""
    annotations = _annotations(cls)
    names = Names(cls.__module__, frame.f_locals if frame else {}, vars(cls))
    for name, value in vars(cls).items():
        if isinstance(value, (Column, Relation)):
            annotation = annotations.get(name)
            try:
                found[name] = _Said(value, evaluate(annotation, names) if annotation is not None else None)
            except errors.MappingError as e:
                wrong.append(_of(e, cls, name))
    for name, annotation in annotations.items():
        if name in found or name in vars(cls):
            continue
        if str(annotation).split("[")[0].rpartition(".")[2] in ("Mapped", "Rel"):
            wrong.append(
                errors.MappingError(
                    f"{cls.__name__}.{name} is annotated, but declares nothing",
                    entity=cls.__name__,
                    field=name,
                    hint=f"{name}: {annotation} = Column()",
                )
            )


def _gather(cls: type, frame: Any, wrong: list[errors.MappingError]) -> dict[str, _Said]:
    """Everything that a class declares or inherits, base first."""
    found: dict[str, _Said] = {}
    for base in cls.__mro__[-2::-1]:  # without object
        plan = base.__dict__.get("_takeo")
        if plan is None:
            _read(base, frame if base is cls else None, found, wrong)
        elif plan.options.abstract:
            found.update(plan.said)
        else:
            wrong.append(
                errors.MappingError(
                    f"{cls.__name__} derives from {base.__name__}, which has a table of its own",
                    entity=cls.__name__,
                    hint="put what both share into a class with @Entity(abstract=True)",
                )
            )
    return found


def _property(cls: type, name: str, said: _Said) -> Property:
    """The facts about one declaration; raises MappingError."""
    declared = said.declared
    wrapper, inner, is_nullable = said.wrapper, said.inner, said.is_nullable
    about = Property(cls, name, declared, isinstance(declared, Relation))
    if about.is_relation:
        if wrapper is Mapped:
            raise errors.MappingError("a relation is annotated with Mapped", hint="Rel[...]")
        if said.annotation is None:
            is_nullable = declared.default is None
        (ToMany if declared.is_to_many else ToOne)(about)
    else:
        if wrapper is Rel:
            raise errors.MappingError("a column is annotated with Rel", hint="Mapped[...]")
        if said.annotation is None:
            is_nullable = bool(declared.nullable)
        elif declared.nullable is not None and declared.nullable != is_nullable:
            raise errors.MappingError(
                "nullable= contradicts the annotation", hint="`T | None` says it; leave nullable= out"
            )
        if declared.generated and declared.type is None and inner is None:
            inner = _uuid() if declared.generated.startswith("uuid") else int
        if declared.type is not None or not is_forward(inner):
            about.kind = kind_of(declared.type, inner)
        Field(about)
    about.annotation = inner
    about.nullable = is_nullable
    if is_nullable and declared.is_primary:
        raise errors.MappingError("a primary key is never NULL", hint="take `| None` out")
    return about


def _of(error: errors.MappingError, cls: type, name: str) -> errors.MappingError:
    """The same finding, with the place that it is about."""
    error.message = f"{cls.__name__}.{name}: {error.message}"
    error.entity, error.field = cls.__name__, name
    return error


# ---- the class -------------------------------------------------------------------------------------------------


def _make(old: type, options: Options, frame: Any) -> type:
    wrong: list[errors.MappingError] = []
    said = _gather(old, frame, wrong)
    for base in old.__mro__:
        if base not in _FOREIGN_INIT and not base.__module__.startswith("takeo._") and _has_own_init(base):
            wrong.append(
                errors.MappingError(
                    f"{old.__name__} has an __init__ of its own",
                    entity=old.__name__,
                    why="the constructor takes the columns as keywords; loading never calls it",
                    hint="def __post_init__(self), or a classmethod as a second constructor",
                )
            )
    cls, members = _class(old, options, said, wrong)
    if wrong:
        raise errors.mapping_errors(wrong)
    plan = cls._takeo
    plan.said = said
    if not options.abstract:
        _bind(cls, plan)
        plan.settle()
        register(cls)
    return cls  # type: ignore[no-any-return]


def _has_own_init(base: type) -> bool:
    if "__init__" not in base.__dict__ or "_takeo" in base.__dict__:
        return False
    return base.__module__ != "typing" and not getattr(base, "_is_protocol", False)


def _class(
    old: Any, options: Options, said: dict[str, _Said], wrong: list[errors.MappingError]
) -> tuple[Any, dict[str, Property]]:
    """The class anew, with slots; its members are made for it but not bound."""
    cached = _cached(old)
    slots = () if options.abstract else _slots(old, said, cached)
    space = {k: v for k, v in vars(old).items() if k not in ("__dict__", "__weakref__", *said)}
    space.update({"__slots__": slots, "__match_args__": ()})
    if not options.abstract:
        space.update(cached)
        space["__dict__"] = _DICT
    for name in said:  # a constant of a base must not stand over the slot
        space.pop(name, None)
    words = (len(said) + 64) // 64
    bases = _bases(old, options, words)
    base: Any = door.state_base(words)
    space["__init__"] = _refuse_abstract if options.abstract else base.__init__
    meta = type(old)
    if not issubclass(EntityType, meta):  # a Protocol has a metaclass of its own
        meta = EntityType if meta is type else type("EntityType", (EntityType, meta), {})
    elif not issubclass(meta, EntityType):
        meta = EntityType
    try:
        cls = meta(old.__name__, bases, space)
    except TypeError as e:
        raise errors.MappingError(
            f"{old.__name__} cannot be an entity: {e}",
            entity=old.__name__,
            why="an entity's objects have their own memory layout; dicts, exceptions, tuples have another",
            hint="derive from plain classes only",
        ) from None
    _adopt(old, cls)
    members: dict[str, Property] = {}
    for name, one in said.items():
        try:
            members[name] = _property(cls, name, one)
        except errors.MappingError as e:
            wrong.append(_of(e, old, name))
    plan = Plan(cls, options, members)
    if not options.abstract and not wrong:
        abstract, cls.__abstractmethods__ = cls.__abstractmethods__, frozenset()
        plan.places = door.places(cls, slots)  # looks at an object, which an ABC would refuse
        cls.__abstractmethods__ = abstract
        for name, kept in cached.items():
            kept.place = plan.places[_HIDDEN + "cached_" + name]
        for name in slots:
            delattr(cls, name)
        plan.cached = {_HIDDEN + "cached_" + name for name in cached}
        if cls.__dictoffset__:
            plan.real_dict = _dict_of(cls)
    for name, member in members.items():
        setattr(cls, name, member.field)
    cls._takeo = plan
    return cls, members


def _uuid() -> type:
    from uuid import UUID

    return UUID


def _refuse_abstract(self: Any, /, **given: Any) -> None:
    raise TypeError(f"{type(self).__name__} is abstract: it has no @Entity with a table of its own")


def _bases(old: type, options: Options, words: int) -> tuple[type, ...]:
    bases = [base for base in old.__bases__ if base is not object]
    if options.frozen:
        bases.append(Frozen)
    if options.equal_by == "key":
        bases.append(Keyed)
    if not any(issubclass(base, Root) for base in bases):
        bases.append(Root)
    if not options.abstract:
        bases.append(door.state_base(words))
    return tuple(bases)


def _slots(old: type, said: dict[str, _Said], cached: dict[str, Cached]) -> tuple[str, ...]:
    """Slots of columns and relations, and the hidden ones."""
    slots = [*said, *(_HIDDEN + "cached_" + name for name in cached)]
    own = old.__dict__.get("__slots__", ())
    slots += [own] if isinstance(own, str) else own
    for name, one in said.items():
        declared = one.declared
        if isinstance(declared, Relation):
            if not declared.is_to_many and declared.mapped_by is None:
                slots.append(_HIDDEN + "key_" + name)
        elif _may_change(one):
            slots.append(_HIDDEN + "loaded_" + name)
    return tuple(slots)


def _may_change(said: _Said) -> bool:
    """Is it a column whose values change in place, as far as one can know yet?"""
    if said.declared.type is None and is_forward(said.inner):
        return True
    try:
        return kind_of(said.declared.type, said.inner).is_mutable
    except errors.MappingError:
        return False  # reported with the member


def _cached(old: type) -> dict[str, Cached]:
    """Cached properties of the class and of plain bases: objects have no __dict__ to keep them in."""
    found: dict[str, Cached] = {}
    functools = sys.modules.get("functools")
    if functools is None:  # then there are none
        return found
    for base in old.__mro__[:-1]:  # without object
        for name, value in vars(base).items():
            if isinstance(value, functools.cached_property) and name not in found:
                found[name] = Cached(value, name)
    return found


def _dict_of(cls: type) -> Any:
    for base in cls.__mro__:
        found = base.__dict__.get("__dict__")
        if found is not None and not isinstance(found, property):
            return found
    return None


def _adopt(old: type, new: type) -> None:
    """Methods that use zero-argument super() or __class__ must see the new class."""
    seen: set[int] = set()
    todo: list[Any] = [one for one in vars(new).values() if isinstance(one, _WITH_FUNCTIONS)]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, property):
            todo += [one.fget, one.fset, one.fdel]
        elif isinstance(one, (classmethod, staticmethod)):
            todo.append(one.__func__)
        elif isinstance(one, Cached):
            todo.append(one.wrapped)
        elif isinstance(one, FunctionType):
            for cell in one.__closure__ or ():
                try:
                    inside = cell.cell_contents
                except ValueError:
                    continue
                if inside is old:
                    cell.cell_contents = new
                elif isinstance(inside, _WITH_FUNCTIONS):
                    todo.append(inside)


# ---- binding ------------------------------------------------------------------------------------------------------


def _bind(cls: type, plan: Plan) -> None:
    """Tell the door where each member lies and which bit says that it changed."""
    places = plan.places
    for bit, member in enumerate((*plan.columns, *plan.relations), 1):
        member.bit = bit
        member.place = places[member.name]
        member.hidden = places.get(_HIDDEN + "key_" + member.name)
        member.loaded = places.get(_HIDDEN + "loaded_" + member.name)
    for relation in plan.relations:
        if not relation.declared.is_to_many:
            relation.keys = tuple(map(plan.column, relation.declared.keys))
            if None in relation.keys:
                relation.keys = ()
            elif relation.keys:
                relation.hidden = None
                if plan.said[relation.name].annotation is None:  # then its key says it
                    relation.nullable = all(key.nullable for key in relation.keys)
    for member in (*plan.columns, *plan.relations):
        other, hook = _linked(plan, member)
        field = member.field
        door.bind(field, cls, field.bind_kind, member.place, member.bit, other, hook)


def _linked(plan: Plan, member: Any) -> tuple[Any, Any]:
    """What else changes when a member is assigned: (slot that is emptied, function that is called)."""
    if member.is_relation:
        return (None, _follow(member)) if member.keys else (member.hidden, None)
    users = [r for r in plan.relations if member in r.keys]
    if not users:
        return None, None
    rest = [r.place for r in users[1:]]

    def forget(instance: Any, value: Any) -> None:
        for place in rest:
            door.poke(instance, place, UNSET)

    return users[0].place, forget if rest else None


def _follow(relation: Property) -> Any:
    """Assigning a relation gives its declared key columns their values."""

    def follow(instance: Any, related: Any) -> None:
        bits = door.state(instance)
        key = referred(relation, related)
        for index, column in enumerate(relation.keys):
            value = None if related is None else key[index] if key is not None else UNSET
            door.poke(instance, column.place, value)
            bits |= 1 << column.bit
        door.set_state(instance, bits)

    return follow
