"""What entities are made of behind the cffi door: bases with state, and descriptors over slots.

A place is a member descriptor, as Python made it for a slot of the class; the state is one int that
grows with the number of words.  Nothing here knows statements, cells or the core.
"""

from __future__ import annotations

from types import MemberDescriptorType
from typing import Any, Sequence

from . import errors
from .types import UNSET

TO_MANY = 2
MOST_WORDS = 32

Place = MemberDescriptorType


def peek(instance: Any, place: Place) -> Any:
    """The slot's value, or UNSET."""
    try:
        return place.__get__(instance)
    except AttributeError:
        return UNSET


def poke(instance: Any, place: Place, value: Any) -> None:
    """Fill or (UNSET) empty the slot."""
    if value is UNSET:
        empty(instance, place)
    else:
        place.__set__(instance, value)


def empty(instance: Any, place: Place) -> None:
    try:
        place.__delete__(instance)
    except AttributeError:
        pass


def new(cls: type) -> Any:
    """An empty instance, without calling __init__."""
    if not isinstance(cls, type):
        raise TypeError("new(class) expected")
    return object.__new__(cls)


# ---- bases with state ----------------------------------------------------------------------------


class State:
    """The base of one word; those of more words derive from it and differ in nothing but their mask."""

    __slots__ = ("__weakref__", "_takeo_state")

    def __init__(self, /, **given: Any) -> None:
        self._takeo_construct(given)  # type: ignore[attr-defined]


_bits: Place = State.__dict__["_takeo_state"]
delattr(State, "_takeo_state")  # nobody else is to see it
_bases: list[type] = [State]


def state_base(words: int) -> type:
    if not 1 <= words <= MOST_WORDS:
        raise TypeError("state_base(1 to 32 words) expected")
    while len(_bases) < words:
        name = f"State{len(_bases) + 1}"
        _bases.append(type(name, (_bases[-1],), {"__slots__": (), "__module__": __name__}))
    return _bases[words - 1]


def _mask(cls: type) -> int:
    for words in range(len(_bases), 0, -1):
        if _bases[words - 1] in cls.__mro__:
            return (1 << 64 * words) - 1
    raise TypeError("an instance of an entity expected")


def state(instance: Any) -> int:
    found = peek(instance, _bits)
    return 0 if found is UNSET else int(found)


def set_state(instance: Any, bits: int) -> None:
    _bits.__set__(instance, bits & _mask(type(instance)))


# ---- places --------------------------------------------------------------------------------------


def places(cls: type, names: Sequence[str]) -> dict[str, Place]:
    """The member descriptors that Python made; believed only after a look."""
    found: dict[str, Place] = {}
    probe = new(cls)
    for name in names:
        place, marker = cls.__dict__.get(name), object()
        if not isinstance(place, MemberDescriptorType) or peek(probe, place) is not UNSET:
            raise ImportError(f"{cls.__name__}.{name} is no slot as this Python should have made it")
        place.__set__(probe, marker)
        if peek(probe, place) is not marker:
            raise ImportError(f"{cls.__name__}.{name} does not keep what it is given")
        place.__delete__(probe)
        found[name] = place
    return found


# ---- fields --------------------------------------------------------------------------------------


class _Bound:
    """What `bind` said of a field."""

    __slots__ = ("bit", "hook", "kind", "other", "owner", "place")

    def __init__(
        self, owner: type, kind: int, place: Place, bit: int, other: Place | None, hook: Any
    ) -> None:
        self.owner = owner
        self.kind = kind
        self.place = place
        self.bit = bit
        self.other = other
        self.hook = hook


class Field:
    """Base of columns and relations: a data descriptor over the slot of its place."""

    __slots__ = ("_bound",)
    _bound: _Bound

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        bound = _bound_of(self, instance)
        try:
            return bound.place.__get__(instance)
        except AttributeError:  # the slot is empty
            pass
        if bound.kind == TO_MANY and not state(instance) & 1:
            members: list[Any] = []  # a new object's collection that nobody gave is empty
            bound.place.__set__(instance, members)
            return members
        raise errors.not_loaded(self, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        bound = _bound_of(self, instance)
        bound.place.__set__(instance, value)
        set_state(instance, state(instance) | 1 << bound.bit)
        if bound.other is not None:
            empty(instance, bound.other)
        if bound.hook is not None:
            bound.hook(instance, value)

    def __delete__(self, instance: Any) -> None:
        empty(instance, _bound_of(self, instance).place)


_slot: Place = Field.__dict__["_bound"]


def _bound_of(field: Field, instance: Any) -> _Bound:
    bound = peek(field, _slot)
    if bound is UNSET:
        raise TypeError("this field is not bound to a class yet")
    if bound.owner not in type(instance).__mro__:
        raise TypeError("this field belongs to another class")
    return bound  # type: ignore[no-any-return]


def bind(
    field: Any, owner: type, kind: int, place: Place, bit: int, other: Place | None, hook: Any
) -> None:
    if not isinstance(field, Field) or not isinstance(owner, type):
        raise TypeError("bind(field, owner, kind, place, bit, other, hook) expected")
    if peek(field, _slot) is not UNSET:
        raise TypeError("a field that is not bound yet expected")
    is_place = isinstance(place, MemberDescriptorType)
    is_other = other is None or isinstance(other, MemberDescriptorType)
    if not is_place or not is_other or not 0 <= kind <= TO_MANY or not 1 <= bit < 64 * MOST_WORDS:
        raise TypeError("a kind, a place and a bit in their ranges expected")
    _slot.__set__(field, _Bound(owner, kind, place, bit, other, hook))
    bound: Any = field
    bound.owner, bound.hook = owner, hook
