"""What a declaration is on the class side, for type checkers.

`Mapped` and `Rel` are descriptors: on an object they are the value, on the class a typed path.  The
first parameter of a path is its owner, so that a path of the wrong entity is an error where it is
written; it is contravariant, so that a column of a base may be used where the derived entity is.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

T = TypeVar("T")
U = TypeVar("U")
A = TypeVar("A")
E = TypeVar("E")
T_co = TypeVar("T_co", covariant=True)
O_contra = TypeVar("O_contra", contravariant=True)
E_co = TypeVar("E_co", covariant=True)
N = TypeVar("N", int, float, Decimal)

Json = Any

@final
class Unset:
    """The type of UNSET."""

@final
class JsonNull:
    """The type of JSON_NULL."""

UNSET: Final[Unset]
JSON_NULL: Final[JsonNull]
SKIP: Final[Any]

@final
class ColumnType:
    name: str
    sql: str
    def __init__(self, name: str, sql: str) -> None: ...

Int16: Final[ColumnType]
Int32: Final[ColumnType]
Float32: Final[ColumnType]
Text: Final[ColumnType]
Timestamp: Final[ColumnType]
TimestampTz: Final[ColumnType]

class Order:
    """What `City.name.desc()` gives; only for `order_by`."""

class Expr(Generic[T_co]):
    """A typed SQL expression.  Covariant: an `int` expression goes where `int | None` is asked for."""

    @overload  # type: ignore[override]
    def __eq__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __eq__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...  # pyright: ignore[reportIncompatibleMethodOverride]
    @overload  # type: ignore[override]
    def __ne__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __ne__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...  # pyright: ignore[reportIncompatibleMethodOverride]
    @overload
    def __lt__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __lt__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...
    @overload
    def __le__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __le__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...
    @overload
    def __gt__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __gt__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...
    @overload
    def __ge__(self: Expr[Decimal | None], other: int) -> Predicate: ...
    @overload
    def __ge__(self, other: T_co | Expr[T_co | None]) -> Predicate: ...
    def __hash__(self) -> int: ...
    def between(self, low: T_co | Expr[T_co], high: T_co | Expr[T_co]) -> Predicate: ...
    def in_(self, values: Iterable[T_co] | Subquery[tuple[T_co]] | Subquery[T_co]) -> Predicate: ...
    def not_in(self, values: Iterable[T_co] | Subquery[tuple[T_co]] | Subquery[T_co]) -> Predicate: ...
    def is_null(self) -> Predicate: ...
    def is_not_null(self) -> Predicate: ...
    def is_distinct_from(self, other: T_co | Expr[T_co] | None) -> Predicate: ...
    def asc(self, *, nulls: Literal["first", "last"] | None = None) -> Order: ...
    def desc(self, *, nulls: Literal["first", "last"] | None = None) -> Order: ...
    def label(self, name: str) -> Expr[T_co]: ...
    # text
    def like(self: Expr[str | None], pattern: str) -> Predicate: ...
    def ilike(self: Expr[str | None], pattern: str) -> Predicate: ...
    def contains(self: Expr[str | None], text: str, *, ignore_case: bool = False) -> Predicate: ...
    def startswith(self: Expr[str | None], text: str, *, ignore_case: bool = False) -> Predicate: ...
    def endswith(self: Expr[str | None], text: str, *, ignore_case: bool = False) -> Predicate: ...
    def matches(self: Expr[str | None], regex: str, *, ignore_case: bool = False) -> Predicate: ...
    # arithmetic
    def __add__(self, other: T_co | Expr[T_co]) -> Expr[T_co]: ...
    def __radd__(self, other: T_co) -> Expr[T_co]: ...  # type: ignore[misc]
    def __sub__(self: Expr[N], other: N | Expr[N]) -> Expr[N]: ...
    def __rsub__(self: Expr[N], other: N) -> Expr[N]: ...
    def __mul__(self: Expr[N], other: N | Expr[N]) -> Expr[N]: ...
    def __rmul__(self: Expr[N], other: N) -> Expr[N]: ...
    @overload
    def __truediv__(self: Expr[int], other: int | Expr[int]) -> Expr[Decimal]: ...
    @overload
    def __truediv__(self: Expr[N], other: N | Expr[N]) -> Expr[N]: ...
    def __mod__(self: Expr[N], other: N | Expr[N]) -> Expr[N]: ...
    def __neg__(self: Expr[N]) -> Expr[N]: ...

class Predicate(Expr[bool]):
    """A condition.  `&`, `|`, `~` join conditions; brackets are needed around comparisons."""

    def __and__(self, other: Predicate) -> Predicate: ...
    def __or__(self, other: Predicate) -> Predicate: ...
    def __invert__(self) -> Predicate: ...
    def __bool__(self) -> Literal["join conditions with & | ~"]: ...

class Assignment(Generic[O_contra]):
    """What `City.name.to("Lyon")` gives; only for updates."""

class Loadable(Generic[O_contra]):
    """What `load=` takes."""

class Stored(Loadable[O_contra], Generic[O_contra]):
    """A path that has columns in the owner's table: a column, a to-one relation."""

class Field(Expr[T_co], Stored[O_contra], Generic[O_contra, T_co]):
    """The class side of `Mapped[T]`: `City.name` is `Field[City, str]`."""

    def to(self, value: T_co | Expr[T_co]) -> Assignment[O_contra]: ...

class ToOne(Expr[E_co], Stored[O_contra], Generic[O_contra, E_co]):
    """The class side of `Rel[Country]`."""

    def to(self, value: E_co) -> Assignment[O_contra]: ...  # type: ignore[misc]
    @overload
    def __getitem__(self, path: Field[E_co, U]) -> Field[O_contra, U]: ...
    @overload
    def __getitem__(self, path: ToOneOrNone[E_co, U]) -> ToOneOrNone[O_contra, U]: ...
    @overload
    def __getitem__(self, path: ToOne[E_co, U]) -> ToOne[O_contra, U]: ...
    @overload
    def __getitem__(self, path: ToMany[E_co, U]) -> ToMany[O_contra, U]: ...
    def has(self, *where: Predicate) -> Predicate: ...
    def by(self, strategy: Literal["join", "query"]) -> Loadable[O_contra]: ...

class ToOneOrNone(Expr[E_co | None], Stored[O_contra], Generic[O_contra, E_co]):
    """The class side of `Rel[Country | None]`: columns behind it may be None."""

    def to(self, value: E_co | None) -> Assignment[O_contra]: ...
    @overload
    def __getitem__(self, path: Field[E_co, U]) -> Field[O_contra, U | None]: ...
    @overload
    def __getitem__(self, path: ToOne[E_co, U] | ToOneOrNone[E_co, U]) -> ToOneOrNone[O_contra, U]: ...
    @overload
    def __getitem__(self, path: ToMany[E_co, U]) -> ToMany[O_contra, U]: ...
    def has(self, *where: Predicate) -> Predicate: ...
    def by(self, strategy: Literal["join", "query"]) -> Loadable[O_contra]: ...

class ToMany(Loadable[O_contra], Generic[O_contra, E_co]):
    """The class side of `Rel[list[City]]`: a question about a set, never a column."""

    @overload
    def __getitem__(self, path: ToOne[E_co, U] | ToOneOrNone[E_co, U]) -> ToMany[O_contra, U]: ...
    @overload
    def __getitem__(self, path: ToMany[E_co, U]) -> ToMany[O_contra, U]: ...
    def any(self, *where: Predicate) -> Predicate: ...
    def none(self, *where: Predicate) -> Predicate: ...
    def every(self, *where: Predicate) -> Predicate: ...
    def contains(self, member: E_co) -> Predicate: ...  # type: ignore[misc]
    def count(self, *where: Predicate) -> Expr[int]: ...

class Mapped(Generic[T]):
    """`name: Mapped[str]`: on an object a `str`, on the class an expression."""

    @overload
    def __get__(self, obj: None, owner: type[A]) -> Field[A, T]: ...
    @overload
    def __get__(self, obj: object, owner: type[Any] | None = None) -> T: ...
    def __set__(self, obj: object, value: T) -> None: ...

class Rel(Generic[T]):
    """`country: Rel[Country]`: on an object a `Country`, on the class a path."""

    @overload
    def __get__(self: Rel[list[U]], obj: None, owner: type[A]) -> ToMany[A, U]: ...
    @overload
    def __get__(self: Rel[U | None], obj: None, owner: type[A]) -> ToOneOrNone[A, U]: ...
    @overload
    def __get__(self, obj: None, owner: type[A]) -> ToOne[A, T]: ...
    @overload
    def __get__(self, obj: object, owner: type[Any] | None = None) -> T: ...
    def __set__(self, obj: object, value: T) -> None: ...

class Alias(Expr[E_co], Generic[E_co]):
    """A second name of a table: itself an expression of the entity, its columns by the brackets of a
    relation."""

    @overload
    def __getitem__(self, path: Field[E_co, U]) -> Expr[U]: ...
    @overload
    def __getitem__(self, path: ToOneOrNone[E_co, U]) -> Expr[U | None]: ...
    @overload
    def __getitem__(self, path: ToOne[E_co, U]) -> Expr[U]: ...

class Subquery(Generic[T_co]):
    """What `subquery()` gives: for `in_` and `fn.exists`."""

class ColumnModel:
    """A column as the core knows it; read only."""

    number: int
    name: str
    column: str
    type: str
    nullable: bool
    is_key: bool
    hidden: bool
    relation: str | None
    said: dict[str, Any]

class RelationModel:
    """A relation as the core knows it; read only."""

    number: int
    name: str
    kind: str
    target: str
    inverse: str | None
    nullable: bool
    owns_key: bool
    columns: tuple[str, ...]
    references: tuple[str, ...]
    said: dict[str, Any]

class EntityModel:
    """What `db.model(City)` gives: the entity as the core knows it, with final names."""

    entity: type[Any]
    number: int
    name: str
    table: str
    key: tuple[str, ...]
    columns: tuple[ColumnModel, ...]
    relations: tuple[RelationModel, ...]
    said: dict[str, Any]
    def column(self, name: str) -> ColumnModel: ...
    def relation(self, name: str) -> RelationModel: ...
    def key_of(self, instance: object) -> Any: ...

class UpsertResult(Generic[E]):
    """What became of the objects of an upsert."""

    inserted: list[E]
    updated: list[E]
    skipped: list[E]

def is_loaded(instance: object, member: Loadable[Any], /) -> bool: ...
def as_dict(instance: object, /, *, relations: bool = False) -> dict[str, Any]: ...
