"""What is known of one entity class: its members in order, where their slots lie, how objects are made.

A plan is made once with the class and stands in its attribute `_takeo`.  It must not know sources,
statements or SQL.
"""

from __future__ import annotations

from _weakref import ref as weak

from . import errors
from ._door import door
from .columns import NOT_GIVEN
from .expr import Leaf
from .types import SKIP, UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

peek, poke = door.peek, door.poke

_entities: dict[tuple[str, str], Any] = {}  # every entity with a table, in order of declaration


class Options:
    """What `@Entity(...)` was given."""

    def __init__(self, table: str | None, **said: Any) -> None:
        self.table = table
        self.schema: str | None = said["schema"]
        self.database: str | None = said["database"]
        self.comment: str | None = said["comment"]
        self.primary_key: str | None = said["primary_key"]
        self.managed: bool = said["managed"]
        self.without_rowid: bool = said["without_rowid"]
        self.strict: bool = said["strict"]
        self.abstract: bool = said["abstract"]
        self.constraints: tuple[Any, ...] = tuple(said["constraints"])
        self.order_by: Any = said["order_by"]
        self.equal_by: str = said["equal_by"]
        self.frozen: bool = said["frozen"]


class Plan:
    """Facts about an entity class, worked out once."""

    def __init__(self, cls: type, options: Options, members: dict[str, Any]) -> None:
        self.cls = cls
        self.options = options
        self.leaf = Leaf(cls, "")
        self.members = members
        self.columns = [m for m in members.values() if not m.is_relation]
        self.relations = [m for m in members.values() if m.is_relation]
        self.key = [m for m in members.values() if m.declared.is_primary]
        self._key_orders: Any = None
        self.places: dict[str, Any] = {}
        self.cached: set[str] = set()  # slots of cached properties
        self.said: dict[str, Any] = {}  # the declarations, for classes that derive from an abstract one
        self.real_dict: Any = None  # descriptor of the __dict__ that a mixin gave
        self.has_post_init = hasattr(cls, "__post_init__")
        self.required: frozenset[str] = frozenset()
        self.fill: list[tuple[str, tuple[str, ...], Any, Any, bool]] = []

    # ---- the constructor
    def settle(self) -> None:
        """Work out what the constructor asks for and what it fills in."""
        required = []
        for member in self.members.values():
            default = default_of(member)
            if default is NOT_GIVEN:
                required.append(member.name)
            elif default is not UNSET:
                is_factory = callable(default) and not isinstance(default, type(UNSET))
                twins = (member.name, *self._twins(member))
                self.fill.append((member.name, twins, member.place, default, is_factory))
        self.required = frozenset(required)
        has_hooks = self.options.frozen or any(m.is_relation and m.keys for m in self.members.values())
        if door.constructs and not has_hooks and not self.has_post_init and not self.options.abstract:
            fields = {name: member.field for name, member in self.members.items()}
            places = tuple(self.members[name].place for name in required)
            fill = tuple((place, default, is_factory) for _, _, place, default, is_factory in self.fill)
            self.cls._takeo_construction = (fields, places, fill)  # type: ignore[attr-defined]

    def _twins(self, member: Any) -> list[str]:
        if member.is_relation:
            return [column.name for column in member.keys]
        return [r.name for r in self.relations if member in r.keys]

    def construct(self, instance: Any, given: dict[str, Any]) -> None:
        """What `City(name="Lyon")` does."""
        if not given.keys() <= self.members.keys():
            raise self._unexpected(given)
        left_out = [name for name, value in given.items() if value is UNSET or value is SKIP]
        for name in left_out:
            del given[name]
        if not self.required <= given.keys():
            raise self._missing(given)
        if self.options.frozen:
            for name, value in given.items():
                self.members[name].field.__set__(instance, value)
        else:
            for name, value in given.items():
                setattr(instance, name, value)
        for name, twins, place, default, is_factory in self.fill:
            if name not in given and (len(twins) == 1 or not any(t in given for t in twins)):
                poke(instance, place, default() if is_factory else default)
        for relation in self.relations:
            if relation.keys and relation.name in given:
                self._agree(instance, relation, given)

    def _unexpected(self, given: dict[str, Any]) -> TypeError:
        name = next(name for name in given if name not in self.members)
        near = errors.nearest(name, self.members)
        more = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        return TypeError(f"{self.cls.__name__}() got an unexpected keyword argument {name!r}{more}")

    def _missing(self, given: dict[str, Any]) -> TypeError:
        names = [repr(name) for name in self.members if name in self.required and name not in given]
        return TypeError(f"{self.cls.__name__}() misses the keyword arguments {', '.join(names)}")

    def _agree(self, instance: Any, relation: Any, given: dict[str, Any]) -> None:
        related = given[relation.name]
        if not all(column.name in given for column in relation.keys):
            return
        said = tuple(given[column.name] for column in relation.keys)
        key = (None,) * len(said) if related is None else referred(relation, related)
        if key is not None and key != said:
            raise errors.InputError(
                f"{relation!r} and {', '.join(c.name for c in relation.keys)} disagree",
                code="TAKEO.INPUT.CONFLICT",
                entity=self.cls.__name__,
                field=relation.name,
                expected=errors.shown(key[0] if len(key) == 1 else key),
                got=errors.shown(said[0] if len(said) == 1 else said),
                hint="give one of them",
            )

    # ---- objects
    def exists(self, instance: Any) -> bool:
        """Is there a row for this object?"""
        return bool(door.state(instance) & 1)

    def loaded(self, instance: Any) -> dict[str, Any]:
        """The columns that have a value."""
        found = {}
        for column in self.columns:
            value = peek(instance, column.place)
            if value is not UNSET:
                found[column.name] = value
        return found

    def column(self, name: str) -> Any:
        """A declared column by its own name, or by that in the table; None: there is none."""
        return next((c for c in self.columns if name in (c.name, c.declared.column)), None)

    def key_of(self, instance: Any) -> Any:
        """The key, a tuple when it has several parts, in order of declaration; UNSET when it has none."""
        parts = self._parts(instance)
        if parts is None:
            return UNSET
        if len(parts) == 1:
            return parts[0]
        return tuple(part for _, part in sorted(zip(self.key_orders()[0], parts), key=lambda one: one[0]))

    def key_in_order(self, instance: Any) -> tuple[Any, ...] | None:
        """The parts of the key in the core's order."""
        parts = self._parts(instance)
        if parts is None or len(parts) == 1:
            return parts
        return tuple(parts[place] for place in self.key_orders()[1])

    def referred(self, relation: Any, instance: Any) -> tuple[Any, ...] | None:
        """What a relation of another entity refers to in an object of this one: its key in the core's
        order, or the columns that the relation names.  None when it has none."""
        if not relation.declared.references:
            return self.key_in_order(instance)
        columns = map(self.column, relation.declared.references)
        found = tuple(UNSET if column is None else peek(instance, column.place) for column in columns)
        return None if any(value is UNSET or value is None for value in found) else found

    def in_order(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """The parts of a key as a program gives it, in the core's order."""
        first, second = self.key_orders()
        return tuple(key[first[place]] for place in second)

    def key_orders(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Places in the key as a program gives it, and places in the order of the core.

        A program gives the parts in order of declaration, those of a relation in the order of the entity
        that it leads to.  In the core a key has the order of its columns, first those that were declared;
        a relation has the columns of the other key, in the order that this one has there.  Between the
        two, parts stand as the members do: the first gives their places in what the program gives, the
        second says which of them comes first in the core.
        """
        if self._key_orders is None:
            given: list[int] = []
            columns: list[tuple[int, int]] = []
            for member in self.key:
                start, there = len(given), tuple(range(width(member)))
                target = target_plan(member)
                if target is not None and not member.declared.references:
                    there = target.in_order(there)
                given += [start + place for place in there]
                columns += self._key_columns(member, len(there))
            self._key_orders = tuple(given), tuple(sorted(range(len(given)), key=columns.__getitem__))
        return self._key_orders  # type: ignore[no-any-return]

    def _key_columns(self, member: Any, count: int) -> list[tuple[int, int]]:
        """Where the columns of a part of the key stand in the table."""
        if member.is_relation and not member.keys:
            return [(len(self.columns) + self.relations.index(member), place) for place in range(count)]
        return [(self.columns.index(column), 0) for column in member.keys or (member,)]

    def _parts(self, instance: Any) -> tuple[Any, ...] | None:
        parts: list[Any] = []
        for member in self.key:
            value = self.foreign_key(instance, member) if member.is_relation else peek(instance, member.place)
            if value is UNSET or value is None:
                return None
            parts += value if member.is_relation else (value,)
        return tuple(parts)

    def foreign_key(self, instance: Any, relation: Any) -> Any:
        """The key that a to-one refers to, as a tuple; None when there is none; UNSET: not known."""
        related = peek(instance, relation.place)
        if related is None:
            return None
        if related is not UNSET:
            key = referred(relation, related)
            if key is not None:
                return key
        if relation.keys:
            key = tuple(peek(instance, column.place) for column in relation.keys)
            return _known(key)
        if relation.hidden is None:
            return UNSET
        key = peek(instance, relation.hidden)
        return key if key is UNSET or key is None or type(key) is tuple else (key,)

    def set_key(self, instance: Any, key: Any) -> None:
        """Give an empty object its key and nothing else."""
        widths = [width(member) for member in self.key]
        parts = key if sum(widths) > 1 and isinstance(key, tuple) else (key,)
        if len(parts) != sum(widths):
            raise self.wrong_key(key)
        parts = tuple(parts[place] for place in self.key_orders()[0])
        at = 0
        for member, count in zip(self.key, widths):
            values = parts[at : at + count]
            at += count
            for value in values:
                if value is None or value is UNSET:
                    raise errors.InputError(
                        f"a key of {self.cls.__name__} is {value!r}",
                        code="TAKEO.INPUT.NULL" if value is None else "TAKEO.INPUT.UNSET",
                        entity=self.cls.__name__,
                        field=member.name,
                    )
            if member.is_relation and member.hidden is None:
                for column, value in zip(member.keys, values):
                    poke(instance, column.place, value)
            else:
                place = member.hidden if member.is_relation else member.place
                poke(instance, place, values if count > 1 else values[0])

    def wrong_key(self, key: Any) -> errors.InputError:
        """The failure for a key with another number of parts."""
        return errors.InputError(
            f"the key of {self.cls.__name__} has {sum(map(width, self.key))} parts",
            code="TAKEO.INPUT.COUNT",
            entity=self.cls.__name__,
            expected=", ".join(member.name for member in self.key),
            got=errors.shown(key),
        )


def width(member: Any) -> int:
    """How many columns a part of a key has: a relation has those of the key that it refers to."""
    if not member.is_relation:
        return 1
    if member.declared.keys or member.declared.references:
        return len(member.declared.keys or member.declared.references)
    target = target_plan(member)
    return sum(map(width, target.key)) if target is not None else 1


def target_plan(member: Any) -> Any:
    """Of the entity that a relation leads to; None of a column, or when nobody knows it."""
    if not member.is_relation:
        return None
    from ._definition import target_of

    target = target_of(member, [])
    return target._takeo if target is not None else None


def referred(relation: Any, related: Any) -> tuple[Any, ...] | None:
    """What a relation refers to in the object of another entity; None when that has none."""
    plan = getattr(type(related), "_takeo", None)
    return plan.referred(relation, related) if plan is not None else None


def _known(key: tuple[Any, ...]) -> Any:
    if any(part is UNSET for part in key):
        return UNSET
    return None if any(part is None for part in key) else key


def default_of(member: Any) -> Any:
    """What the constructor puts into a member that was not given: NOT_GIVEN asks for it."""
    declared = member.declared
    if member.is_relation and declared.is_to_many:
        return UNSET
    if declared.default is not NOT_GIVEN:
        return declared.default
    if not member.is_relation and (declared.server_default is not None or declared.generated):
        return UNSET
    if member.is_relation and declared.mapped_by is not None:
        return UNSET
    return None if member.nullable else NOT_GIVEN


def register(cls: type) -> None:
    """Remember an entity with a table: for string targets and for sources without `entities=`."""
    _entities[cls.__module__, cls.__qualname__] = weak(cls)


def all_entities() -> list[type]:
    """Every entity that was declared and still exists, in order."""
    found = [(key, made()) for key, made in list(_entities.items())]
    for key, cls in found:
        if cls is None:
            _entities.pop(key, None)
    return [cls for _, cls in found if cls is not None]
