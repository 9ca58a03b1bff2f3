"""Statements as builders: `Select` is bound to nothing, `Query` to a data source or transaction.

Every call gives a new one; nothing runs before a terminal word.  A statement is a tuple of clauses,
each with its values: its shape is the key under which the compiled statement is kept.  No SQL here.
"""

from __future__ import annotations

from types import GenericAlias

from . import errors
from ._door import COUNT, DICTS, FIRST, LIST, ONE, TUPLES, door
from .expr import PARAM, Assignment, Expr, Leaf, Value, condition
from .fields import (
    Alias,
    Field,
    FieldPath,
    Load,
    ToMany,
    ToManyPath,
    ToOne,
    ToOnePath,
    entity_leaf,
    order_of,
)
from .functions import count as count_
from .types import SKIP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Clause = tuple[Any, tuple[Any, ...]]  # shape, values

run = door.run

ROW_CLAUSES = ("order_by", "limit", "offset", "load", "only", "columns")


class Select:
    """A statement that reads: `select(City).where(City.population > 3)`.

    Immutable: every method gives a new one.  Alone it is a subquery of others; `db.query(select(...))`
    binds it.
    """

    __slots__ = ("_clauses", "_has_columns", "_root")
    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(self, root: Any, clauses: tuple[Clause, ...] = (), has_columns: bool = False) -> None:
        self._root = root  # leaf of the entity, or an alias's source
        self._clauses = clauses
        self._has_columns = has_columns

    def _again(self, clauses: tuple[Clause, ...], has_columns: bool) -> Any:
        return Select(self._root, clauses, has_columns)

    def _with(self, *added: Clause) -> Any:
        return self._again((*self._clauses, *added), self._has_columns)

    def _instead(self, word: str, *added: Clause) -> Any:
        kept = tuple(one for one in self._clauses if one[0][0] != word)
        return self._again((*kept, *added), self._has_columns)

    # ---- clauses
    def where(self, *where: Any) -> Any:
        """Only rows that fulfil all of these; further calls add."""
        return self._with(*conditions(where))

    def having(self, *where: Any) -> Any:
        """Only groups that fulfil all of these."""
        return self._with(*conditions(where, "having"))

    def order_by(self, *by: Any) -> Any:
        """The order of rows; further calls add, `order_by(None)` clears."""
        if len(by) == 1 and by[0] is None:
            return self._instead("order_by")
        orders = [order_of(one) for one in by]
        before = [one for one in self._clauses if one[0][0] == "order_by"]
        shape, values = before[0] if before else (("order_by",), ())
        shape = (*shape, *(one.shape for one in orders))
        return self._instead("order_by", (shape, values + _values(orders))) if by else self

    def limit(self, n: int | None) -> Any:
        """At most so many objects; None: all."""
        return self._instead("limit", *counted("limit", n))

    def offset(self, n: int | None) -> Any:
        """Without the first so many."""
        return self._instead("offset", *counted("offset", n))

    def load(self, *paths: Any) -> Any:
        """Relations and deferred columns that are loaded with the objects."""
        return self._with(*loads(paths))

    def group_by(self, *by: Any) -> Any:
        """One row for each group; a relation groups by its key."""
        made = [_expression(one, "group_by") for one in by]
        return self._instead("group_by", (("group_by", *(e.shape for e in made)), _values(made)))

    def distinct(self, *on: Any) -> Any:
        """Equal rows once; with expressions the first row of each (PostgreSQL)."""
        made = [_expression(one, "distinct") for one in on]
        return self._instead("distinct", (("distinct", *(e.shape for e in made)), _values(made)))

    def join(self, target: Any, *, on: Any = None) -> Any:
        """Join a relation, or an alias with a condition."""
        return self._with(_join("inner", target, on))

    def left_join(self, target: Any, *, on: Any = None) -> Any:
        """As `join`, but rows without a partner stay."""
        return self._with(_join("left", target, on))

    def cross_join(self, target: Any) -> Any:
        """Every row with every row of an alias."""
        return self._with(_join("cross", target, None))

    def comment(self, text: str) -> Any:
        """A comment in the statement: letters, digits and .:=_- only."""
        if not isinstance(text, str):
            raise errors.InputError("a comment is a text", got=errors.shown(text))
        return self._instead("comment", (("comment", text), ()))

    def select(self, *what: Any) -> Any:
        """These columns instead of whole objects; an entity or relation is a whole object."""
        shape, values, has_columns = outputs(what)
        kept = tuple(one for one in self._clauses if one[0][0] != "columns")
        return self._again((*kept, (shape, values)), has_columns)

    # ---- as a value
    def subquery(self) -> Value:
        """For `in_` and `fn.exists`."""
        shape, values = self._statement("select")
        return Value(("subquery", shape), values, 10)

    def scalar_subquery(self) -> Value:
        """One value of one row, as an expression."""
        return self.subquery()

    def _statement(self, kind: str, *skipped: str) -> tuple[Any, tuple[Any, ...]]:
        """Shape and values, without the clauses that are named."""
        clauses = [one for one in self._clauses if one[0][0] not in skipped] if skipped else self._clauses
        values: list[Any] = []
        for _, its in clauses:
            values += its
        return (kind, self._root, *[shape for shape, _ in clauses]), tuple(values)

    def _has(self, *words: str) -> bool:
        return any(shape[0] in words for shape, _ in self._clauses)


class Query(Select):
    """A statement bound to a data source or a transaction; runs at a terminal word or when iterated."""

    __slots__ = ("_on", "_timeout")

    def __init__(
        self,
        on: Any,
        root: Any,
        clauses: tuple[Clause, ...] = (),
        has_columns: bool = False,
        timeout: float | None = None,
    ) -> None:
        Select.__init__(self, root, clauses, has_columns)
        self._on = on
        self._timeout = timeout

    def _again(self, clauses: tuple[Clause, ...], has_columns: bool) -> Any:
        return Query(self._on, self._root, clauses, has_columns, self._timeout)

    def timeout(self, seconds: float) -> Any:
        """The statement is cancelled after so many seconds."""
        checked = seconds_of(seconds)
        return Query(self._on, self._root, self._clauses, self._has_columns, checked)

    def _run(self, mode: int, shape: Any, values: tuple[Any, ...]) -> Any:
        on = self._on
        return run(on.handle, on.statements[shape], mode, values, self._timeout, on.options)

    def _rows(self, mode: int, *skipped: str) -> Any:
        shape, values = self._statement("select", *skipped)
        return self._run(mode, shape, values)

    # ---- terminals
    def __iter__(self) -> Any:
        return iter(self.list())

    def list(self) -> Any:
        """All rows: objects, or tuples when columns were selected."""
        return self._rows(TUPLES if self._has_columns else LIST)

    def tuples(self) -> Any:
        """All rows as tuples."""
        return self._rows(TUPLES)

    def dicts(self) -> Any:
        """All rows as dicts by label; of an entity by its columns.

        Raises:
            InputError: two columns have one name; `City.name.label("other")` gives another.
        """
        if self._has_columns or self._has("columns"):
            return self._rows(DICTS)
        plan = _class_of(self._root)._takeo
        return self.select(*[column.field for column in plan.columns if not column.declared.deferred]).dicts()

    def scalars(self) -> Any:
        """All values of the one column."""
        self._one_column()
        return self._rows(LIST)

    def scalar(self) -> Any:
        """The one column of the first row; None when there is none."""
        self._one_column()
        return self._rows(FIRST)

    def _one_column(self) -> None:
        found = [len(shape) - 1 for shape, _ in self._clauses if shape[0] == "columns"]
        if self._has_columns and found[0] != 1:
            raise errors.InputError(
                f"{found[0]} columns are selected where one is asked for",
                code="TAKEO.INPUT.COUNT",
                hint="tuples() or dicts()",
            )

    def first(self) -> Any:
        """The first row, None when there is none."""
        limited = self if self._has("limit") else self.limit(1)
        if self._has_columns:
            rows = limited._rows(TUPLES)
            return rows[0] if rows else None
        return limited._rows(FIRST)

    def one_or_none(self) -> Any:
        """The only row, None when there is none; MultipleFound when there are more."""
        if not self._has_columns:
            return self._rows(ONE)
        rows = self._rows(TUPLES)
        if len(rows) > 1:
            raise errors.MultipleFound("more than one row fits where one was asked for")
        return rows[0] if rows else None

    def one(self) -> Any:
        """The only row; NotFound when there is none, MultipleFound when there are more."""
        found = self.one_or_none()
        if found is None:
            raise errors.NotFound(f"no {_class_of(self._root).__name__} fits")
        return found

    def count(self) -> int:
        """How many rows fit; order and limit are not looked at."""
        if self._has("group_by", "having", "distinct"):
            raise errors.InputError(
                "groups and distinct rows cannot be counted yet",
                code="TAKEO.CALL.UNSUPPORTED",
                hint="len(query.tuples()), or count(x, distinct=True) as a column",
            )
        shape, values = self._statement("select", *ROW_CLAUSES)
        counted: Any = count_()
        return self._run(FIRST, (*shape, ("columns", counted.shape)), values)  # type: ignore[no-any-return]

    def list_and_count(self) -> Any:
        """The rows, and how many there would be without limit and offset."""
        return self.list(), self.count()

    def exists(self) -> bool:
        """Is there a row that fits?"""
        shape, values = self._statement("select", *ROW_CLAUSES)
        shape = (*shape, ("columns", True), ("limit", PARAM))
        return self._run(FIRST, shape, (*values, 1)) is not None

    # ---- writing
    def update(self, *to: Any, **values: Any) -> int:
        """Change all rows that fit, in one statement; gives their number.

        Raises:
            UnsafeQuery: there is no condition; `all()` says that every row is meant.
        """
        return self._write("update", _sets(_class_of(self._root), to, values))  # type: ignore[no-any-return]

    def delete(self) -> int:
        """Delete all rows that fit, in one statement; gives their number."""
        return self._write("delete", ())  # type: ignore[no-any-return]

    def returning(self, *what: Any) -> Returning:
        """`update` and `delete` then give the rows: objects, or tuples of these columns."""
        if not what:
            return Returning(self, (("returning",), ()), False)
        shape, values, has_columns = outputs(what)
        return Returning(self, (("returning", *shape[1:]), values), has_columns)

    def _write(self, kind: str, first: tuple[Clause, ...], last: tuple[Clause, ...] = (), mode: int = COUNT) -> Any:
        for word in ("order_by", "limit", "offset", "group_by", "having", "join", "distinct", "load"):
            if self._has(word):
                raise errors.InputError(
                    f"{kind} has no {word}",
                    code="TAKEO.QUERY.SHAPE",
                    hint="x.in_(select(...).subquery()) as its condition",
                )
        kept = tuple(one for one in self._clauses if one[0][0] in ("where", "all", "comment"))
        whole = Select(self._root, (*first, *kept, *last))
        return self._run(mode, *whole._statement(kind))

    # ---- shown
    def sql(self) -> tuple[str, tuple[Any, ...]]:
        """The SQL with placeholders, and the values."""
        shape, values = self._statement("select")
        return self._on._render(shape), values

    def __str__(self) -> str:
        return self.sql()[0]

    def __repr__(self) -> str:
        return f"<Query of {_class_of(self._root).__name__}>"


class Returning:
    """What `query.returning(...)` gives."""

    __slots__ = ("_clause", "_has_columns", "_query")

    def __init__(self, query: Query, clause: Clause, has_columns: bool) -> None:
        self._query = query
        self._clause = clause
        self._has_columns = has_columns

    def update(self, *to: Any, **values: Any) -> Any:
        """The rows as they are after the change."""
        return self._write("update", _sets(_class_of(self._query._root), to, values))

    def delete(self) -> Any:
        """The rows as they were."""
        return self._write("delete", ())

    def _write(self, kind: str, first: tuple[Clause, ...]) -> Any:
        mode = TUPLES if self._has_columns else LIST
        return self._query._write(kind, first, (self._clause,), mode)


def select(*what: Any) -> Any:
    """A statement bound to no source: a subquery, or for `db.query(...)`.

    Example:
        >>> cities.find(City.country.in_(select(Country.code).subquery()))
    """
    return Select(root_of(what)).select(*what)


# ---- clauses from what was given ------------------------------------------------------------------------------


def conditions(where: Iterable[Any], word: str = "where") -> list[Clause]:
    """WHERE clauses; SKIP is left out, what is no condition is an InputError."""
    made = []
    for one in where:
        if one is not SKIP:
            one = condition(one)
            made.append(((word, one.shape), one.values))
    return made


def counted(word: str, n: Any) -> list[Clause]:
    """LIMIT or OFFSET; only counts from 0 are taken."""
    if n is None or n is SKIP:
        return []
    if isinstance(n, bool) or not hasattr(n, "__index__") or not 0 <= n < 2**63:
        raise errors.InputError(
            f"{word} is a count", code="TAKEO.INPUT.RANGE", expected="0 or more", got=errors.shown(n)
        )
    return [((word,), (n,))]


def loads(paths: Any) -> list[Clause]:
    made = []
    for one in paths:
        if one is SKIP:
            continue
        shape: tuple[Any, ...]
        if isinstance(one, Load):
            shape = ("load", one.source, one.strategy)
        elif isinstance(one, (ToOne, ToMany, ToOnePath, ToManyPath)):
            shape = ("load", one.source, None)
        elif isinstance(one, (Field, FieldPath)):
            shape = ("load", one.shape, None)
        else:
            raise errors.InputError(
                "load takes relations and deferred columns",
                expected="City.country, City.country[Country.cities]",
                got=errors.shown(one),
            )
        made.append((shape, ()))
    return made


def only(fields: Any) -> list[Clause]:
    shapes = []
    for one in fields:
        if not isinstance(one, (Field, FieldPath)):
            raise errors.InputError("only takes columns", got=errors.shown(one), hint="only=[City.name]")
        shapes.append(one.shape)
    return [(("only", *shapes), ())] if shapes else []


def outputs(what: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], bool]:
    """The COLUMNS clause, its values, and whether rows are tuples (not one whole entity)."""
    shapes: list[Any] = []
    values: list[Any] = []
    for one in what:
        if isinstance(one, Expr):
            shapes.append(one.shape)
            values += one.values
        elif isinstance(one, type):
            shapes.append(("entity", entity_leaf(one)))
        else:
            raise errors.InputError(
                "select takes entities and expressions", got=errors.shown(one), hint="select(City.name)"
            )
    if not shapes:
        raise errors.InputError("select names nothing", code="TAKEO.INPUT.COUNT")
    is_entity = len(what) == 1 and (isinstance(what[0], (type, Alias)))
    return ("columns", *shapes), tuple(values), not is_entity


def root_of(what: tuple[Any, ...]) -> Any:
    """The table that a statement is about: that of the first entity or column that is named."""
    for one in what:
        if isinstance(one, type):
            return entity_leaf(one)
        if isinstance(one, Expr):
            found = _root_in(one.shape)
            if found is not None:
                return found
    raise errors.InputError(
        "the query names no entity", code="TAKEO.QUERY.SHAPE", hint="db.query(City).select(count())"
    )


def _root_in(shape: Any) -> Any:
    if isinstance(shape, Leaf):
        return shape.entity._takeo.leaf  # type: ignore[attr-defined]
    if type(shape) is not tuple or (shape and shape[0] == "subquery"):
        return None
    if shape and shape[0] == "table":
        return shape
    for part in shape:
        found = _root_in(part)
        if found is not None:
            return found
    return None


def _class_of(root: Any) -> Any:
    return root.entity if isinstance(root, Leaf) else root[1].entity


def _expression(value: Any, word: str) -> Any:
    if isinstance(value, Expr):
        return value
    raise errors.InputError(f"{word} takes columns and expressions", got=errors.shown(value))


def _values(expressions: Any) -> tuple[Any, ...]:
    values: list[Any] = []
    for one in expressions:
        values += one.values
    return tuple(values)


def _join(how: str, target: Any, on: Any) -> Clause:
    if not isinstance(target, (Alias, ToOne, ToMany, ToOnePath, ToManyPath)):
        raise errors.InputError(
            "join takes a relation or an alias", got=errors.shown(target), hint="q.join(City.country)"
        )
    if on is None:
        return ("join", how, target.source, None), ()
    test = condition(on)
    return ("join", how, target.source, test.shape), test.values


def seconds_of(value: Any) -> float:
    """A time limit: seconds above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise errors.InputError(
            "a time limit is a number of seconds above zero",
            code="TAKEO.INPUT.RANGE",
            expected="a number above 0 and below 1e9, or None for no limit",
            got=errors.shown(value),
        )
    return float(value)


# ---- keywords -------------------------------------------------------------------------------------------------------


def equals(entity: type, given: dict[str, Any]) -> list[Any]:
    """Conditions of `find_by(name="x")`: equality on own columns and relations."""
    plan = entity._takeo  # type: ignore[attr-defined]
    made = []
    for name, value in given.items():
        member = plan.members.get(name)
        if member is None:
            raise errors.unknown_field(entity.__name__, name, plan.members)
        if value is SKIP:
            continue
        if value is None:
            raise errors.InputError(
                f"{name}=None is no condition",
                code="TAKEO.INPUT.NULL",
                entity=entity.__name__,
                field=name,
                hint=f"find({entity.__name__}.{name}.is_null()); SKIP leaves a condition out",
            )
        if isinstance(value, (list, dict, set, tuple)) and not (member.kind and member.kind.is_mutable):
            raise errors.InputError(
                f"{name}= takes one value",
                entity=entity.__name__,
                field=name,
                got=errors.shown(value),
                hint=f"find({entity.__name__}.{name}.in_([...]))",
            )
        made.append(member.field == value)
    return made


def _sets(entity: type, to: tuple[Any, ...], given: dict[str, Any]) -> tuple[Clause, ...]:
    """The SET clause of an update."""
    plan = entity._takeo  # type: ignore[attr-defined]
    assignments = []
    for one in to:
        if one is SKIP:
            continue
        if not isinstance(one, Assignment):
            raise errors.InputError(
                "update takes assignments", got=errors.shown(one), hint='City.name.to("Lyon")'
            )
        if not issubclass(entity, one.leaf.entity):
            raise errors.InputError(
                f"{one.leaf!r} is no column of {entity.__name__}", code="TAKEO.QUERY.SHAPE"
            )
        assignments.append(one)
    for name, value in given.items():
        member = plan.members.get(name)
        if member is None:
            raise errors.unknown_field(entity.__name__, name, plan.members)
        if member.is_relation and member.declared.is_to_many:
            raise errors.InputError(f"{entity.__name__}.{name} has no column of its own")
        if value is not SKIP:
            assignments.append(member.field.to(value))
    names = [one.leaf.name for one in assignments]
    if not names or len(set(names)) < len(names):
        raise errors.InputError(
            "an update sets nothing" if not names else "an update sets a column twice",
            code="TAKEO.INPUT.COUNT",
            entity=entity.__name__,
        )
    shape = ("set", *((one.leaf, one.shape) for one in assignments))
    return ((shape, _values(assignments)),)
