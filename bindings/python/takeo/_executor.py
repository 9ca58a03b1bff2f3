"""What a data source and a transaction have in common: both run statements and make repositories.

It must not know how a source is opened or how a transaction ends.
"""

from __future__ import annotations


from . import errors
from ._door import COUNT, DICTS, LIST, REMOVE, SAVE, TUPLES, door
from ._lib import call, ffi, lib, text
from ._raw import Sql, fill, statement_piece
from .fields import Field, ToMany, ToManyPath, ToOne, ToOnePath
from .query import Query, Select, root_of, run, seconds_of
from .repository import Repository, _listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SqlQuery:
    """What `db.sql(...)` gives; runs at a terminal word."""

    __slots__ = ("_on", "_shape", "_timeout", "_values")

    def __init__(self, on: Any, shape: Any, values: tuple[Any, ...], timeout: float | None = None) -> None:
        self._on = on
        self._shape = shape
        self._values = values
        self._timeout = timeout

    def timeout(self, seconds: float) -> SqlQuery:
        """The statement is cancelled after so many seconds."""
        return SqlQuery(self._on, self._shape, self._values, seconds_of(seconds))

    def _run(self, mode: int) -> Any:
        on = self._on
        return run(on.handle, on.statements[self._shape], mode, self._values, self._timeout, on.options)

    def tuples(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return self._run(TUPLES)  # type: ignore[no-any-return]

    def dicts(self) -> list[dict[str, Any]]:
        """All rows as dicts by the names of their columns; two of one name are an InputError."""
        return self._run(DICTS)  # type: ignore[no-any-return]

    def scalars(self) -> list[Any]:
        """All values of the one column."""
        rows = self._run(LIST)
        if rows and type(rows[0]) is tuple:
            raise errors.InputError(
                f"{len(rows[0])} columns came where one is asked for", code="TAKEO.INPUT.COUNT", hint="tuples()"
            )
        return rows  # type: ignore[no-any-return]

    def scalar(self) -> Any:
        """The one column of the first row; None when there is none."""
        rows = self.scalars()
        return rows[0] if rows else None

    def first(self) -> tuple[Any, ...] | None:
        """The first row as a tuple, None when there is none."""
        rows = self.tuples()
        return rows[0] if rows else None

    def one(self) -> tuple[Any, ...]:
        """The only row as a tuple; NotFound or MultipleFound else."""
        rows = self.tuples()
        if not rows:
            raise errors.NotFound("the statement gave no row")
        if len(rows) > 1:
            raise errors.MultipleFound(f"the statement gave {len(rows)} rows where one was asked for")
        return rows[0]

    def run(self) -> int:
        """Run it; gives the number of rows that were changed."""
        return self._run(COUNT)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<SqlQuery {''.join(p if isinstance(p, str) else '?' for p in self._shape[1])!r}>"


class Executor:
    """A data source or a transaction."""

    handle: Any  # of the door
    statements: Any
    known: Any  # the Model of _register
    options: int  # takeo_op_flags

    def repository(self, of: Any, /) -> Any:
        """The repository of an entity, or one of a subclass of Repository."""
        if isinstance(of, type) and issubclass(of, Repository):
            return of(self, of.entity)
        return Repository(self, of)

    def query(self, what: Any, /, *more: Any) -> Query:
        """A query over an entity, over columns, or of a `select(...)`."""
        if isinstance(what, Select) and not more:
            return Query(self, what._root, what._clauses, what._has_columns)
        if isinstance(what, type) and not more:
            self.known.of(what)
            return Query(self, what._takeo.leaf)  # type: ignore[attr-defined]
        return Query(self, root_of((what, *more))).select(what, *more)  # type: ignore[no-any-return]

    def get(self, entity: type, key: Any, /) -> Any:
        """The object with this key, None when there is none."""
        return self.repository(entity).get(key)

    def save(self, objects: Any, /) -> Any:
        """Save objects of any entities, ordered by what they refer to; gives back what it was given."""
        many = _listed(objects)
        self._write(SAVE, many)
        return objects if many.__class__ is tuple else many

    def remove(self, objects: Any, /) -> None:
        """Delete the rows of objects of any entities."""
        self._write(REMOVE, _listed(objects))

    def _write(self, verb: int, many: Any) -> None:
        door.write(self.handle, self.known.target, verb, many, None, (), self.options)

    def load(self, objects: Any, /, *paths: Any, reload: bool = False) -> None:
        """Load relations of objects in hand: one query for each step of a path, for all objects.

        Args:
            paths: `City.country`, `City.country[Country.cities]`; a path begins at the objects.
            reload: also what is loaded already.
        """
        for entity, many in self._by_class(objects).items():
            numbers: list[int] = []
            for path in paths:
                numbers += self._path(entity, path)
            door.load(self.handle, self.known.target, many, tuple(numbers), reload)

    def _path(self, entity: type, path: Any) -> list[int]:
        if not isinstance(path, (ToOne, ToMany, ToOnePath, ToManyPath)):
            raise errors.InputError(
                "load takes relations", expected="City.country", got=errors.shown(path)
            )
        leaves, source = [], path.source
        while source is not None:
            leaves.append(source[2])
            source = source[1]
        numbers = []
        for leaf in reversed(leaves):
            if not issubclass(entity, leaf.entity):
                raise errors.InputError(
                    f"{leaf!r} is no relation of {entity.__name__}",
                    code="TAKEO.QUERY.SHAPE",
                    why="a path begins at the objects that are given",
                )
            relation = self.known.of(entity).relation(leaf.name)
            numbers.append(relation.number)
            entity = self.known.by_name[relation.target]
        return [*numbers, 0]

    def reload(self, objects: Any, /, *columns: Any) -> None:
        """Read objects again by their keys, into themselves; all loaded columns, or these.

        Raises:
            NotFound: a row is gone.
        """
        for entity, many in self._by_class(objects).items():
            model = self.known.of(entity)
            numbers = []
            for column in columns:
                if not isinstance(column, Field):
                    raise errors.InputError("reload takes columns", got=errors.shown(column))
                numbers.append(model.column(column.about.name).number)
            door.reload(self.handle, self.known.target, many, tuple(numbers) or None)

    def _by_class(self, objects: Any) -> dict[type, list[Any]]:
        found: dict[type, list[Any]] = {}
        for one in _listed(objects):
            self.known.of(type(one))
            found.setdefault(type(one), []).append(one)
        return found

    def sql(self, text: Any, /, **values: Any) -> SqlQuery:
        """SQL written by hand: values, lists, columns and entities stand in braces.

        On a server, what changes the connection itself (SET, LISTEN, a temporary table) belongs into a
        transaction and is undone after it; elsewhere it is an InterfaceError.

        Example:
            >>> db.sql("select name from cities where id in {ids}", ids=[1, 2]).scalars()
        """
        if isinstance(text, Sql):
            return SqlQuery(self, ("raw", text.shape[1]), text.values)
        shapes, given = fill(text, values, statement_piece)
        return SqlQuery(self, ("raw", tuple(shapes)), given)

    def _render(self, shape: Any) -> str:
        """The SQL of a statement's shape, with placeholders."""
        from ._compile import compiled

        statement = ffi.gc(compiled(self.known, shape), lib.takeo_statement_free)
        out = ffi.new("takeo_text *")
        call(lib.takeo_statement_render, statement, self._dialect().encode(), out)
        return text(out) or ""

    def _dialect(self) -> str:
        raise NotImplementedError
