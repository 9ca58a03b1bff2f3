"""What every object of an entity can do: be made, shown, compared, copied and pickled.

`Root` is a base of every entity class; it holds no slot.  Nothing here sends anything: `repr`, `==`
and `copy` never touch a database.
"""

from __future__ import annotations

from . import errors
from ._door import door
from ._plan import Plan, peek, poke
from .types import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from functools import cached_property
    from typing import Any

SHOWN_MAX = 60  # characters of one value in a repr


class Root:
    """Base of all entities."""

    __slots__ = ()
    _takeo: Plan
    _takeo_construction: Any = None  # what the door's constructor goes by; see _door.Door.constructs

    def _takeo_construct(self, given: dict[str, Any]) -> None:
        plan = type(self)._takeo
        plan.construct(self, given)
        if plan.has_post_init:
            self.__post_init__()

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if not name.startswith("_takeo")]

    def __getattr__(self, name: str) -> Any:
        # Reached only when nothing else was found, or when a property raised AttributeError itself.
        if hasattr(type(self), name) and name not in type(self)._takeo.members:
            return object.__getattribute__(self, name)
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise errors.unknown_field(type(self).__name__, name, type(self)._takeo.members)

    # ---- shown
    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={text}" for name, text in _parts(self))
        return f"{type(self).__name__}({inside})"

    def __rich_repr__(self) -> Any:
        for name, text in _parts(self):
            yield name, _Verbatim(text)

    # ---- copied
    def __copy__(self) -> Any:
        other = door.new(type(self))
        for place, value in _filled(self):
            poke(other, place, list(value) if type(value) is list and place in _lists(self) else value)
        door.set_state(other, door.state(self) & 1)
        other_dict = _real_dict(self)
        if other_dict:
            _real_dict(other).update(other_dict)
        return other

    def __replace__(self, /, **changes: Any) -> Any:
        other = self.__copy__()
        for name, value in changes.items():
            if name not in type(self)._takeo.members:
                raise errors.unknown_field(type(self).__name__, name, type(self)._takeo.members)
            setattr(other, name, value)
        return other

    def __reduce_ex__(self, protocol: Any) -> Any:
        plan = type(self)._takeo
        found = {}
        for name, place in plan.places.items():
            value = peek(self, place)
            if value is not UNSET and name not in plan.cached:
                found[name] = value
        state = (tuple(plan.members), found, door.state(self), _real_dict(self))
        return empty, (type(self),), state

    def __setstate__(self, state: Any) -> None:
        names, found, bits, more = state
        plan = type(self)._takeo
        if names != tuple(plan.members):
            raise errors.InputError(
                f"a pickled {type(self).__name__} has other columns than the class",
                code="TAKEO.INPUT.ENTITY",
                expected=", ".join(plan.members),
                got=", ".join(names),
            )
        for name, value in found.items():
            poke(self, plan.places[name], value)
        door.set_state(self, bits)
        if more:
            _real_dict(self).update(more)


class Keyed:
    """`@Entity(equal_by="key")`: equal when same class and same complete key."""

    __slots__ = ()

    def __eq__(self, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        key = type(self)._takeo.key_of(self)  # type: ignore[attr-defined]
        if key is UNSET:
            return self is other
        return bool(key == type(self)._takeo.key_of(other))  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        key = type(self)._takeo.key_of(self)  # type: ignore[attr-defined]
        if key is UNSET:
            raise TypeError(f"a {type(self).__name__} without a key has no hash; save it first")
        return hash((type(self), key))


class Frozen:
    """`@Entity(frozen=True)`: assigning raises."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; {name} cannot be deleted")


class Cached:
    """functools.cached_property for objects without a __dict__: the value lies in a hidden slot."""

    def __init__(self, wrapped: cached_property[Any], name: str) -> None:
        self.wrapped = wrapped.func
        self.__doc__ = wrapped.func.__doc__
        self.name = name
        self.place: Any = None

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        value = peek(instance, self.place)
        if value is UNSET:
            value = self.wrapped(instance)
            poke(instance, self.place, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        poke(instance, self.place, value)

    def __delete__(self, instance: Any) -> None:
        poke(instance, self.place, UNSET)


class _Verbatim:
    """A text that rich shows as it is."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


# ---- helpers -----------------------------------------------------------------------------------------------


def empty(cls: type) -> Any:
    """An object without any value: what pickle and deepcopy begin with."""
    return door.new(cls)


def loaded_columns(instance: Any) -> dict[str, Any]:
    """`vars(city)`: a new dict of the columns that have a value."""
    found = type(instance)._takeo.loaded(instance)
    found.update(_real_dict(instance))
    return found  # type: ignore[no-any-return]


def _real_dict(instance: Any) -> dict[str, Any]:
    """The __dict__ that a mixin without __slots__ gave the object; else a new empty one."""
    own = type(instance)._takeo.real_dict
    return own.__get__(instance) if own is not None else {}


def _filled(instance: Any) -> Any:
    plan = type(instance)._takeo
    for name, place in plan.places.items():
        value = peek(instance, place)
        if value is not UNSET and name not in plan.cached:
            yield place, value


def _lists(instance: Any) -> list[Any]:
    return [r.place for r in type(instance)._takeo.relations if r.declared.is_to_many]


def _parts(instance: Any) -> Any:
    for member in type(instance)._takeo.members.values():
        value = peek(instance, member.place)
        if value is UNSET:
            exists = type(instance)._takeo.exists(instance)
            text = "<not loaded>" if exists or member.is_relation else "<not set>"
        elif member.is_relation:
            text = _related(value)
        elif member.declared.secret:
            text = "'***'"
        else:
            text = _cut(value)
        yield member.name, text


def _related(value: Any) -> str:
    if isinstance(value, list):
        inside = ", ".join(_reference(one) for one in value[:5])
        return f"[{inside}, ... {len(value)} in all]" if len(value) > 5 else f"[{inside}]"
    return _reference(value)


def _reference(value: Any) -> str:
    plan = getattr(type(value), "_takeo", None)
    if plan is None:
        return _cut(value)
    key = plan.key_of(value)
    return f"<{plan.cls.__name__} {'new' if key is UNSET else _cut(key)}>"


def _cut(value: Any) -> str:
    if isinstance(value, (str, bytes)) and len(value) > SHOWN_MAX:
        value = value[:SHOWN_MAX]
        return f"{value!r}..."
    text = repr(value)
    return text if len(text) <= SHOWN_MAX + 20 else f"{text[:SHOWN_MAX]}..."


# ---- helpers for everybody ------------------------------------------------------------------------------------


def ref(entity: type, key: Any, /) -> Any:
    """An object that holds only its key: a row by name, without a query.

    Args:
        key: a tuple when the key has several parts, in order of declaration.

    Example:
        >>> City(name="Nice", country=ref(Country, "FR"))
    """
    plan = getattr(entity, "_takeo", None)
    if plan is None or plan.options.abstract:
        raise errors.InputError(
            "ref needs an entity with a table", code="TAKEO.INPUT.ENTITY", got=errors.shown(entity)
        )
    made = door.new(entity)
    plan.set_key(made, key)
    door.set_state(made, 1)
    return made


def is_loaded(instance: Any, member: Any) -> bool:
    """Has this column or relation a value: `is_loaded(city, City.country)`."""
    return peek(instance, type(instance)._takeo.members[member.about.name].place) is not UNSET


def as_dict(instance: Any, *, relations: bool = False) -> dict[str, Any]:
    """The loaded columns as a plain dict; with `relations=True` the loaded relations inside it, those
    that lead back left out."""
    return _as_dict(instance, relations, [])


def _as_dict(instance: Any, relations: bool, above: list[Any]) -> dict[str, Any]:
    plan = type(instance)._takeo
    found = plan.loaded(instance)
    above = [*above, instance]
    for relation in plan.relations if relations else ():
        value = peek(instance, relation.place)
        if value is None:
            found[relation.name] = None
        elif isinstance(value, list):
            inside = [_as_dict(one, True, above) for one in value if not _is_in(one, above)]
            found[relation.name] = inside
        elif value is not UNSET and not _is_in(value, above):
            found[relation.name] = _as_dict(value, True, above)
    return found  # type: ignore[no-any-return]


def _is_in(one: Any, many: list[Any]) -> bool:
    return any(one is other for other in many)

