"""`db.repository(City)`: what one does with the objects of one entity.

A repository holds its executor (a data source or a transaction) and statements that are made once;
each verb is one crossing into the core.  Nothing here knows SQL or how statements are compiled.
"""

from __future__ import annotations

from types import GenericAlias

from . import errors
from . import functions as fn
from ._door import COUNT, FIRST, INSERT, REMOVE, SAVE, UPSERT, door
from ._plan import width
from .expr import EQ, PARAM, Assignment, Predicate, listed, or_
from .fields import Field, ToOne
from .query import Query, _sets, conditions, counted, equals, loads, only, run
from .types import SKIP, UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_write = door.write
INSERTED, UPDATED = 1, 2  # takeo_written_values
ONE_ROW = (("limit",), (1,))  # a clause and its value
KEYS_MAX = 500  # composite keys in one statement


class UpsertResult:
    """What became of the objects of an upsert: three lists."""

    __slots__ = ("inserted", "skipped", "updated")
    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(self, objects: list[Any], written: bytes) -> None:
        self.inserted = [o for o, w in zip(objects, written) if w == INSERTED]
        self.updated = [o for o, w in zip(objects, written) if w == UPDATED]
        self.skipped = [o for o, w in zip(objects, written) if w not in (INSERTED, UPDATED)]

    def __repr__(self) -> str:
        counts = f"{len(self.inserted)} inserted, {len(self.updated)} updated, {len(self.skipped)} skipped"
        return f"<UpsertResult {counts}>"


class Repository:
    """Reads and writes the objects of one entity; may be subclassed.

    Example:
        >>> class Cities(Repository[City]):
        ...     def big(self) -> list[City]:
        ...         return self.find(City.population > 1_000_000)
        >>> db.repository(Cities).big()
    """

    __class_getitem__: Any = classmethod(GenericAlias)
    entity: type

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__dict__.get("__orig_bases__", ()):
            arguments = getattr(base, "__args__", ())
            if arguments and isinstance(arguments[0], type):
                cls.entity = arguments[0]

    def __init__(self, on: Any, entity: type) -> None:
        self._on = on
        self.entity = entity
        on.known.of(entity)  # MappingError when the source does not know it
        plan = entity._takeo  # type: ignore[attr-defined]
        self._root = plan.leaf
        self._parts = sum(map(width, plan.key))
        # The condition on the key, and the statement behind get().
        self._by_key = _key_condition(plan)
        self._where, self._target, self._options = on.handle, on.known.target, on.options
        self._get = on.statements["select", self._root, ("where", self._by_key)]

    def __repr__(self) -> str:
        return f"<Repository of {self.entity.__name__}>"

    # ---- by key
    def get(self, key: Any, /, *, load: Any = (), only: Any = ()) -> Any:
        """The object with this key, None when there is none; one statement.

        Args:
            key: a tuple when the key has several parts, in order of declaration.
        """
        if load or only or self._parts != 1:
            return self._get_more(key, load, only)
        return run(self._where, self._get, FIRST, (key,), None, self._options)

    def _get_more(self, key: Any, load: Any, columns: Any) -> Any:
        clauses = [(("where", self._by_key), self._key(key)), *loads(load), *only(columns)]
        return Query(self._on, self._root, tuple(clauses))._rows(FIRST)

    def _key(self, key: Any) -> tuple[Any, ...]:
        """The values for the condition on the key; InputError when it has another number of parts."""
        plan = self.entity._takeo  # type: ignore[attr-defined]
        parts = key if self._parts > 1 and isinstance(key, tuple) else (key,)
        if len(parts) != self._parts:
            raise plan.wrong_key(key)
        return parts if self._parts == 1 else plan.in_order(parts)

    def get_or_fail(self, key: Any, /, *, load: Any = (), only: Any = ()) -> Any:
        """The object with this key; NotFound when there is none."""
        found = self.get(key, load=load, only=only)
        if found is None:
            raise self._none(f"with the key {errors.shown(key)}")
        return found

    def get_many(self, keys: Any, /) -> list[Any]:
        """The objects with these keys; those that do not exist are left out."""
        plan = self.entity._takeo  # type: ignore[attr-defined]
        given = listed(keys, "get_many")
        if self._parts == 1 and not plan.key[0].is_relation:
            return self.find(plan.key[0].field.in_(given))
        found: list[Any] = []
        for start in range(0, len(given), KEYS_MAX):
            some = [Predicate(self._by_key, self._key(key), 2) for key in given[start : start + KEYS_MAX]]
            found += self.find(or_(*some))
        return found

    # ---- by condition
    def find(
        self,
        *where: Any,
        order_by: Any = (),
        limit: int | None = None,
        offset: int = 0,
        load: Any = (),
        only: Any = (),
        comment: str | None = None,
        timeout: float | None = None,
    ) -> list[Any]:
        """All objects that fulfil all conditions.

        Args:
            where: conditions, joined by AND; SKIP leaves one out.
            order_by: one or several of `City.name`, `City.name.desc()`.
            limit, offset: count objects.
            load: relations and deferred columns that come along.
            only: the columns that are read; the key always is.
            comment: in the statement, for the server's logs.
            timeout: seconds after which the statement is cancelled.

        Example:
            >>> cities.find(City.population > 1_000_000, order_by=City.population.desc(), limit=10)
        """
        query = self._find(where, order_by, load, only, limit, offset)
        if comment is not None:
            query = query.comment(comment)
        if timeout is not None:
            query = query.timeout(timeout)
        return query.list()  # type: ignore[no-any-return]

    def _find(
        self, where: Any, order_by: Any = (), load: Any = (), columns: Any = (), limit: Any = None, offset: Any = 0
    ) -> Any:
        clauses = conditions(where)
        if not isinstance(load, (list, tuple)):
            raise errors.InputError("load= takes a list", got=errors.shown(load), hint=f"load=[{load!r}]")
        clauses += loads(load)
        clauses += only(columns)
        clauses += counted("limit", limit)
        if offset:
            clauses += counted("offset", offset)
        query = Query(self._on, self._root, tuple(clauses))
        if not isinstance(order_by, (list, tuple)):
            order_by = (order_by,)
        return query.order_by(*order_by) if order_by else query

    def find_by(self, **given: Any) -> list[Any]:
        """All objects whose columns have these values: `find_by(name="Lyon")`."""
        return self._find(equals(self.entity, given)).list()  # type: ignore[no-any-return]

    def find_one(self, *where: Any, order_by: Any = (), load: Any = ()) -> Any:
        """The first object that fulfils all conditions, or None."""
        if order_by or load:
            return self._find(where, order_by, load).first()
        return self._first(conditions(where))

    def _first(self, clauses: list[Any]) -> Any:
        return Query(self._on, self._root, (*clauses, ONE_ROW))._rows(FIRST)

    def find_one_or_fail(self, *where: Any, order_by: Any = (), load: Any = ()) -> Any:
        """The first object that fulfils all conditions; NotFound when there is none."""
        found = self.find_one(*where, order_by=order_by, load=load)
        if found is None:
            raise self._none("that fulfils these conditions")
        return found

    def find_one_by(self, **given: Any) -> Any:
        """The first object whose columns have these values, or None."""
        return self._first(conditions(equals(self.entity, given)))

    def find_one_by_or_fail(self, **given: Any) -> Any:
        """The first object whose columns have these values; NotFound when there is none."""
        found = self.find_one_by(**given)
        if found is None:
            raise self._none(
                "with " + ", ".join(f"{name}={errors.shown(value)}" for name, value in given.items())
            )
        return found

    def find_and_count(
        self, *where: Any, order_by: Any = (), limit: int | None = None, offset: int = 0, load: Any = ()
    ) -> tuple[list[Any], int]:
        """The objects, and how many there would be without limit and offset."""
        return self._find(where, order_by, load, (), limit, offset).list_and_count()  # type: ignore[no-any-return]

    def count(self, *where: Any) -> int:
        """How many objects fulfil all conditions."""
        return self._find(where).count()  # type: ignore[no-any-return]

    def exists(self, *where: Any) -> bool:
        """Does one object fulfil all conditions?"""
        return self._find(where).exists()  # type: ignore[no-any-return]

    def sum(self, of: Any, /, *where: Any) -> Any:
        """The sum over rows that fulfil the conditions; None when there are none."""
        return self._find(where).select(fn.sum(of)).scalar()

    def avg(self, of: Any, /, *where: Any) -> Any:
        """The average; None when there are no rows."""
        return self._find(where).select(fn.avg(of)).scalar()

    def min(self, of: Any, /, *where: Any) -> Any:
        """The least value; None when there are no rows."""
        return self._find(where).select(fn.min(of)).scalar()

    def max(self, of: Any, /, *where: Any) -> Any:
        """The greatest value; None when there are no rows."""
        return self._find(where).select(fn.max(of)).scalar()

    # ---- builders
    def query(self) -> Query:
        """A query over the entity, for everything that find does not say."""
        return Query(self._on, self._root)

    def where(self, *where: Any) -> Query:
        """A query with these conditions."""
        return Query(self._on, self._root, tuple(conditions(where)))

    def all(self) -> Query:
        """A query over every row: `cities.all().delete()` means it."""
        return Query(self._on, self._root, ((("all",), ()),))

    # ---- objects
    def save(self, objects: Any, /) -> Any:
        """Save an object or a list; gives back what it was given.

        Related objects are not saved along: put new ones into the same list.

        A loaded object is updated where it changed, a new one inserted; one whose generated key was set
        by hand is updated by that key.  All in one transaction; a failure leaves objects as they were.

        Raises:
            NotFound: there is no row with the key that was set by hand.
            InputError: values that do not fit, before anything is sent.
            StaleEntity: a row is gone.
        """
        many = (objects,) if isinstance(objects, self.entity) else _listed(objects)
        _write(self._where, self._target, SAVE, many, None, (), self._options, self.entity)
        return objects if many.__class__ is tuple else many

    def insert(self, objects: Any, /) -> Any:
        """Insert an object or a list as they are; gives back what it was given."""
        many = (objects,) if isinstance(objects, self.entity) else _listed(objects)
        _write(self._where, self._target, INSERT, many, None, (), self._options, self.entity)
        return objects if many.__class__ is tuple else many

    def upsert(
        self,
        objects: Any,
        /,
        *,
        on: Any,
        update: Any = "all",
        where: Any = None,
        only_if_changed: bool = False,
        index_where: str | None = None,
    ) -> UpsertResult:
        """Insert objects, or update the rows that are there.

        Args:
            on: the unique columns that tell rows apart.
            update: columns that are set in rows that are there; "all" but `on`, or "nothing".
            where: a condition on the row that is there; rows that do not fulfil it are skipped.
            only_if_changed: rows that would not change are skipped.
            index_where: the condition of a partial unique index.

        Raises:
            InputError: `on` is not declared unique, or a column is never updated.
        """
        many = _listed(objects)
        target = self._numbers(on, "on")
        every = isinstance(update, str) and update in ("all", "nothing")
        numbers = None if every else self._numbers(update, "update")
        nothing = numbers == () or (every and update == "nothing")
        condition, values = self._overwritten(where)
        written = self._write(UPSERT, many, (target, numbers, nothing, only_if_changed, index_where, condition, values))
        return UpsertResult(many, written)

    def _overwritten(self, where: Any) -> tuple[Any, tuple[Any, ...]]:
        """The rows that an upsert may overwrite, as a query and its values; None: all of them."""
        if where is None or where is SKIP:
            return None, ()
        shape, values = self.where(where)._statement("select")
        return self._on.statements[shape], values

    def remove(self, objects: Any, /) -> None:
        """Delete the rows of an object or a list; the objects become new."""
        self._write(REMOVE, objects)

    def _write(self, verb: int, objects: Any, upsert: Any = None) -> bytes:
        many = (objects,) if isinstance(objects, self.entity) else _listed(objects)
        return _write(self._where, self._target, verb, many, upsert, (), self._options, self.entity)

    def _numbers(self, columns: Any, option: str) -> tuple[int, ...]:
        model = self._on.known.of(self.entity)
        found: list[int] = []
        if isinstance(columns, (str, dict)) or getattr(columns, "__iter__", None) is None:
            raise errors.InputError(f"{option}= takes columns", got=errors.shown(columns), hint="[City.name]")
        for one in columns:
            if not isinstance(one, (Field, ToOne)) or not issubclass(self.entity, one.about.entity):
                raise errors.InputError(
                    f"{option}= takes columns of {self.entity.__name__}", got=errors.shown(one)
                )
            if isinstance(one, Field):
                found.append(model.column(one.about.name).number)
            else:
                found += [model.column(name).number for name in model.relation(one.about.name).columns]
        return tuple(found)

    def create(self, data: dict[str, Any], /) -> Any:
        """An object, with related ones, from plain nested data; unknown keys are errors."""
        return create(self._on, self.entity, data)

    def merge(self, instance: Any, values: Any, /) -> Any:
        """Lay values (a dict, or another object) over an object; sends nothing.  None overwrites; what is
        absent or UNSET does not."""
        plan = self.entity._takeo  # type: ignore[attr-defined]
        if isinstance(values, self.entity):
            values = plan.loaded(values)
        if not isinstance(values, dict):
            raise errors.InputError("merge takes a dict or an object", got=errors.shown(values))
        for name in values:
            if name not in plan.members:
                raise errors.unknown_field(self.entity.__name__, name, plan.members)
        for name, value in values.items():
            if value is not UNSET and value is not SKIP:
                setattr(instance, name, value)
        return instance

    def get_or_create(self, *, defaults: dict[str, Any] | None = None, **keys: Any) -> tuple[Any, bool]:
        """(object, was it created): an INSERT that does nothing when a row with these unique values is
        there, then a read; no race."""
        made = self.entity(**keys, **(defaults or {}))
        members = self.entity._takeo.members  # type: ignore[attr-defined]
        on = [members[name].field for name in keys]
        if self.upsert(made, on=on, update="nothing").inserted:
            return made, True
        return self.find_one_by_or_fail(**keys), False

    # ---- rows
    def update(self, *where_to: Any, **values: Any) -> int:
        """Change all rows that fulfil the conditions, in one statement; gives their number.

        Args:
            where_to: conditions, and assignments such as `City.population.to(City.population + 1)`.
            values: assignments by name.

        Raises:
            UnsafeQuery: without a condition; `all().update(...)` says that every row is meant.
        """
        where = [one for one in where_to if not isinstance(one, Assignment)]
        to = [one for one in where_to if isinstance(one, Assignment)]
        return self.where(*where).update(*to, **values)

    def update_one(self, key: Any, /, *to: Any, **values: Any) -> Any:
        """Change the row with this key and give it as an object; None when there is none."""
        by_key = (("where", self._by_key), self._key(key))
        (sets,) = _sets(self.entity, to, values)
        shape = ("update", self._root, sets[0], by_key[0], ("returning",))
        on = self._on
        return run(on.handle, on.statements[shape], FIRST, (*sets[1], *by_key[1]), None, on.options)

    def delete(self, *where: Any) -> int:
        """Delete all rows that fulfil the conditions, in one statement; gives their number.

        Raises:
            UnsafeQuery: without a condition; `all().delete()` says that every row is meant.
        """
        return self.where(*where).delete()

    def delete_one(self, key: Any, /) -> bool:
        """Delete the row with this key; was there one?"""
        on = self._on
        statement = on.statements["delete", self._root, ("where", self._by_key)]
        return bool(run(on.handle, statement, COUNT, self._key(key), None, on.options))

    def _none(self, what: str) -> errors.NotFound:
        name = self.entity.__name__
        return errors.NotFound(f"there is no {name} {what}", entity=name)


def _key_condition(plan: Any) -> Any:
    """key = ?, the parts in the core's order."""
    count = sum(map(width, plan.key))
    return EQ, ("entity", plan.leaf), PARAM if count == 1 else ("row", *[PARAM] * count)


def _listed(objects: Any) -> Any:
    """What a writing verb was given, as a list or tuple of objects."""
    if isinstance(objects, (list, tuple)):
        return objects
    if type(objects).__dict__.get("_takeo") is None and hasattr(objects, "__next__"):
        return list(objects)
    return (objects,)


def create(on: Any, entity: type, data: Any) -> Any:
    """An object from nested plain data."""
    if not isinstance(data, dict):
        raise errors.InputError(f"a {entity.__name__} is made from a dict", got=errors.shown(data))
    plan = entity._takeo  # type: ignore[attr-defined]
    given = {}
    for name, value in data.items():
        member = plan.members.get(name)
        if member is None:
            raise errors.unknown_field(entity.__name__, name, plan.members)
        if member.is_relation and isinstance(value, (dict, list)):
            target = on.known.by_name[on.known.of(entity).relation(name).target]
            many = isinstance(value, list)
            value = [_part(on, target, v) for v in value] if many else _part(on, target, value)
        given[name] = value
    return entity(**given)


def _part(on: Any, target: type, value: Any) -> Any:
    return create(on, target, value) if isinstance(value, dict) else value
