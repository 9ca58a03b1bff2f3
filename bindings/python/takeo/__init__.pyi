"""The typed surface of Takeo.  Ladders of overloads stop at ten columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType, TracebackType
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from typing_extensions import LiteralString, Self, dataclass_transform

from . import errors as errors
from . import functions as functions
from . import types as types
from .errors import ForeignKeyViolation as ForeignKeyViolation
from .errors import NotFound as NotFound
from .errors import NotLoaded as NotLoaded
from .errors import StaleEntity as StaleEntity
from .errors import TakeoError as TakeoError
from .errors import UniqueViolation as UniqueViolation
from .functions import count as count
from .types import SKIP as SKIP
from .types import UNSET as UNSET
from .types import (
    Alias,
    Assignment,
    ColumnType,
    Condition,
    EntityModel,
    Expr,
    Loadable,
    Order,
    Sql,
    Stored,
    Subquery,
    Unset,
    UpsertResult,
)
from .types import Mapped as Mapped
from .types import Predicate as Predicate
from .types import Rel as Rel

__version__: str

E = TypeVar("E")
T = TypeVar("T")
U = TypeVar("U")
X = TypeVar("X")
R_co = TypeVar("R_co", covariant=True)
RepoT = TypeVar("RepoT", bound="Repository[Any]")
P = ParamSpec("P")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")
T7 = TypeVar("T7")
T8 = TypeVar("T8")
T9 = TypeVar("T9")
T10 = TypeVar("T10")

Selectable = Expr[T] | type[T]
OrderBy = Expr[Any] | Order | Sequence[Expr[Any] | Order]
Joinable = Alias[Any] | Loadable[Any]
Isolation = Literal["read uncommitted", "read committed", "repeatable read", "serializable"]
Action = Literal["CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION"]
Type = str | type[Any] | ColumnType | None

# ---- declarations ------------------------------------------------------------------------------------

def sql(text: LiteralString, /, **values: Any) -> Sql: ...

# With `default=` the field is optional in the constructor; `default=UNSET` says that the server or the
# relation beside it fills it.
@overload
def Column(
    type: Type = None,
    /,
    *,
    default: Unset,
    server_default: Sql | None = None,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    unique: bool | str = False,
    index: bool = False,
    nullable: bool | None = None,
    deferred: bool = False,
    insert: bool = True,
    update: bool = True,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
    secret: bool = False,
) -> Any: ...
@overload
def Column(
    type: Type = None,
    /,
    *,
    server_default: Sql,
    init: Literal[False] = False,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    unique: bool | str = False,
    index: bool = False,
    nullable: bool | None = None,
    deferred: bool = False,
    insert: bool = True,
    update: bool = True,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
    secret: bool = False,
) -> Any: ...
@overload
def Column(
    type: Type = None,
    /,
    *,
    default: Callable[[], T],
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    unique: bool | str = False,
    index: bool = False,
    nullable: bool | None = None,
    deferred: bool = False,
    insert: bool = True,
    update: bool = True,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
    secret: bool = False,
) -> Mapped[T]: ...
@overload
def Column(
    type: Type = None,
    /,
    *,
    default: T,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    unique: bool | str = False,
    index: bool = False,
    nullable: bool | None = None,
    deferred: bool = False,
    insert: bool = True,
    update: bool = True,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
    secret: bool = False,
) -> Mapped[T]: ...
@overload
def Column(
    type: Type = None,
    /,
    *,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    unique: bool | str = False,
    index: bool = False,
    nullable: bool | None = None,
    deferred: bool = False,
    insert: bool = True,
    update: bool = True,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
    secret: bool = False,
) -> Any: ...
def PrimaryColumn(
    type: Type = None,
    /,
    *,
    default: Any = ...,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    server_default: Sql | None = None,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
) -> Any: ...
def PrimaryKey(
    type: Type = None,
    /,
    *,
    default: Any = ...,
    name: str | None = None,
    length: int | None = None,
    precision: int | None = None,
    scale: int | None = None,
    server_default: Sql | None = None,
    comment: str | None = None,
    collation: str | None = None,
    check: str | None = None,
    enum_name: str | None = None,
) -> Any: ...
def PrimaryGeneratedColumn(
    how: Literal["identity", "increment", "uuid7", "uuid4"] | None = None,
    /,
    *,
    always: bool = False,
    name: str | None = None,
    comment: str | None = None,
) -> Any: ...
def ManyToOne(
    target: type[Any] | str,
    /,
    *,
    inverse: str | None = None,
    key: str | Sequence[str] | None = None,
    references: str | Sequence[str] | None = None,
    on_delete: Action | None = None,
    on_update: Action | None = None,
    default: None | Unset = ...,
    primary: bool = False,
    constraint: bool | str | None = None,
    eager: bool = False,
    deferrable: Literal["immediate", "deferred"] | None = None,
    index: bool = True,
) -> Any: ...
def OneToOne(
    target: type[Any] | str,
    /,
    *,
    inverse: str | None = None,
    mapped_by: str | None = None,
    key: str | Sequence[str] | None = None,
    references: str | Sequence[str] | None = None,
    on_delete: Action | None = None,
    on_update: Action | None = None,
    default: None | Unset = ...,
    primary: bool = False,
    constraint: bool | str | None = None,
    eager: bool = False,
    deferrable: Literal["immediate", "deferred"] | None = None,
) -> Any: ...
def OneToMany(
    target: type[Any] | str,
    /,
    *,
    inverse: str,
    order_by: str | Sequence[str] | None = None,
    eager: bool = False,
) -> Any: ...

class Index:
    def __init__(
        self,
        *on: str,
        name: str | None = None,
        unique: bool = False,
        where: str | None = None,
    ) -> None: ...

class Unique:
    def __init__(self, *on: str, name: str | None = None) -> None: ...

class Check:
    def __init__(self, condition: str, /, *, name: str | None = None) -> None: ...

# Only functions whose field must be given are specifiers: what the server or the library fills (keys,
# collections) is an ordinary default for the checker, so `City(id=5)` and `City()` are both right.
@overload
@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(Column, PrimaryColumn, PrimaryKey, ManyToOne, OneToOne))
def Entity(cls: type[E], /) -> type[E]: ...
@overload
@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(Column, PrimaryColumn, PrimaryKey, ManyToOne, OneToOne))
def Entity(
    table: str | None = None,
    /,
    *,
    schema: str | None = None,
    database: str | None = None,
    comment: str | None = None,
    managed: bool = True,
    without_rowid: bool = False,
    strict: bool = False,
    abstract: bool = False,
    constraints: Sequence[Index | Unique | Check] = (),
    order_by: str | Sequence[str] | None = None,
    equal_by: Literal["identity", "key"] = "identity",
    primary_key: str | None = None,
    frozen: bool = False,
) -> Callable[[type[E]], type[E]]: ...
def ref(entity: type[E], key: Any, /) -> E: ...

# ---- statements --------------------------------------------------------------------------------------

class Select(Generic[R_co]):
    def where(self, *where: Condition) -> Self: ...
    def having(self, *where: Condition) -> Self: ...
    def order_by(self, *by: Expr[Any] | Order | None) -> Self: ...
    def limit(self, n: int | None) -> Self: ...
    def offset(self, n: int | None) -> Self: ...
    def load(self, *paths: Loadable[R_co]) -> Self: ...
    def group_by(self, *by: Expr[Any]) -> Self: ...
    def distinct(self, *on: Expr[Any]) -> Self: ...
    def join(self, target: Joinable, *, on: Condition | None = None) -> Self: ...
    def left_join(self, target: Joinable, *, on: Condition | None = None) -> Self: ...
    def cross_join(self, target: Alias[Any]) -> Self: ...
    def comment(self, text: str) -> Self: ...
    def subquery(self) -> Subquery[R_co]: ...
    def scalar_subquery(self: Select[tuple[U]]) -> Expr[U]: ...

@overload
def select(entity: type[E], /) -> Select[E]: ...
@overload
def select(c1: Expr[T1], /) -> Select[tuple[T1]]: ...
@overload
def select(c1: Selectable[T1], c2: Selectable[T2], /) -> Select[tuple[T1, T2]]: ...
@overload
def select(c1: Selectable[T1], c2: Selectable[T2], c3: Selectable[T3], /) -> Select[tuple[T1, T2, T3]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    /,
) -> Select[tuple[T1, T2, T3, T4]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    c6: Selectable[T6],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5, T6]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    c6: Selectable[T6],
    c7: Selectable[T7],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5, T6, T7]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    c6: Selectable[T6],
    c7: Selectable[T7],
    c8: Selectable[T8],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    c6: Selectable[T6],
    c7: Selectable[T7],
    c8: Selectable[T8],
    c9: Selectable[T9],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
@overload
def select(
    c1: Selectable[T1],
    c2: Selectable[T2],
    c3: Selectable[T3],
    c4: Selectable[T4],
    c5: Selectable[T5],
    c6: Selectable[T6],
    c7: Selectable[T7],
    c8: Selectable[T8],
    c9: Selectable[T9],
    c10: Selectable[T10],
    /,
) -> Select[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]]: ...
def alias(entity: type[E], name: str | None = None, /) -> Alias[E]: ...
def and_(*where: Condition) -> Predicate: ...
def or_(*where: Condition) -> Predicate: ...

class Returning(Generic[R_co]):
    def update(self, *to: Assignment[Any], **values: Any) -> list[R_co]: ...
    def delete(self) -> list[R_co]: ...

_list = list

class Query(Select[R_co]):
    """A statement bound to a source.  It runs at a terminal word or when iterated, never before."""

    @overload
    def select(self, entity: type[E], /) -> Query[E]: ...
    @overload
    def select(self, c1: Expr[T1], /) -> Query[tuple[T1]]: ...
    @overload
    def select(self, c1: Selectable[T1], c2: Selectable[T2], /) -> Query[tuple[T1, T2]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        /,
    ) -> Query[tuple[T1, T2, T3]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        /,
    ) -> Query[tuple[T1, T2, T3, T4]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
    @overload
    def select(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        c10: Selectable[T10],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]]: ...
    def timeout(self, seconds: float) -> Self: ...
    def __iter__(self) -> Iterator[R_co]: ...
    def list(self) -> _list[R_co]: ...
    def tuples(self) -> _list[R_co]: ...
    def dicts(self) -> _list[dict[str, Any]]: ...
    def scalars(self: Query[tuple[U]]) -> _list[U]: ...
    def scalar(self: Query[tuple[U]]) -> U: ...
    def one(self) -> R_co: ...
    def one_or_none(self) -> R_co | None: ...
    def first(self) -> R_co | None: ...
    def count(self) -> int: ...
    def list_and_count(self) -> tuple[_list[R_co], int]: ...
    def exists(self) -> bool: ...
    @overload
    def returning(self) -> Returning[R_co]: ...
    @overload
    def returning(self, c1: Expr[T1], /) -> Returning[tuple[T1]]: ...
    @overload
    def returning(self, c1: Selectable[T1], c2: Selectable[T2], /) -> Returning[tuple[T1, T2]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        /,
    ) -> Returning[tuple[T1, T2, T3]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5, T6]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5, T6, T7]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
    @overload
    def returning(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        c10: Selectable[T10],
        /,
    ) -> Returning[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]]: ...
    def update(self, *to: Assignment[R_co], **values: Any) -> int: ...
    def delete(self) -> int: ...
    def sql(self) -> tuple[str, tuple[Any, ...]]: ...

# ---- repositories ------------------------------------------------------------------------------------

class Repository(Generic[E]):
    entity: type[E]
    def __init__(self, on: Executor, entity: type[E]) -> None: ...
    def get(
        self,
        key: Any,
        /,
        *,
        load: Sequence[Loadable[E]] = (),
        only: Sequence[Stored[E]] = (),
    ) -> E | None: ...
    def get_or_fail(
        self,
        key: Any,
        /,
        *,
        load: Sequence[Loadable[E]] = (),
        only: Sequence[Stored[E]] = (),
    ) -> E: ...
    def get_many(self, keys: Iterable[Any], /) -> list[E]: ...
    def find(
        self,
        *where: Condition,
        order_by: OrderBy = (),
        limit: int | None = None,
        offset: int = 0,
        load: Sequence[Loadable[E]] = (),
        only: Sequence[Stored[E]] = (),
        comment: str | None = None,
        timeout: float | None = None,
    ) -> list[E]: ...
    def find_by(self, **given: Any) -> list[E]: ...
    def find_one(
        self,
        *where: Condition,
        order_by: OrderBy = (),
        load: Sequence[Loadable[E]] = (),
    ) -> E | None: ...
    def find_one_or_fail(
        self,
        *where: Condition,
        order_by: OrderBy = (),
        load: Sequence[Loadable[E]] = (),
    ) -> E: ...
    def find_one_by(self, **given: Any) -> E | None: ...
    def find_one_by_or_fail(self, **given: Any) -> E: ...
    def find_and_count(
        self,
        *where: Condition,
        order_by: OrderBy = (),
        limit: int | None = None,
        offset: int = 0,
        load: Sequence[Loadable[E]] = (),
    ) -> tuple[list[E], int]: ...
    def count(self, *where: Condition) -> int: ...
    def exists(self, *where: Condition) -> bool: ...
    def sum(self, of: Expr[T], /, *where: Condition) -> T | None: ...
    def avg(self, of: Expr[Any], /, *where: Condition) -> Any: ...
    def min(self, of: Expr[T], /, *where: Condition) -> T | None: ...
    def max(self, of: Expr[T], /, *where: Condition) -> T | None: ...
    def query(self) -> Query[E]: ...
    def where(self, *where: Condition) -> Query[E]: ...
    def all(self) -> Query[E]: ...
    @overload
    def save(self, objects: list[E] | tuple[E, ...], /) -> list[E]: ...
    @overload
    def save(self, objects: E, /) -> E: ...
    @overload
    def insert(self, objects: list[E] | tuple[E, ...], /) -> list[E]: ...
    @overload
    def insert(self, objects: E, /) -> E: ...
    def upsert(
        self,
        objects: E | Sequence[E],
        /,
        *,
        on: Sequence[Stored[E]],
        update: Sequence[Stored[E]] | Literal["all", "nothing"] = "all",
        where: Condition | None = None,
        only_if_changed: bool = False,
        index_where: str | None = None,
    ) -> UpsertResult[E]: ...
    def remove(self, objects: E | Sequence[E], /) -> None: ...
    def create(self, data: Mapping[str, Any], /) -> E: ...
    def merge(self, instance: E, values: Mapping[str, Any] | E, /) -> E: ...
    def get_or_create(self, *, defaults: Mapping[str, Any] | None = None, **keys: Any) -> tuple[E, bool]: ...
    def update(self, *where_to: Condition | Assignment[E], **values: Any) -> int: ...
    def update_one(self, key: Any, /, *to: Assignment[E], **values: Any) -> E | None: ...
    def delete(self, *where: Condition) -> int: ...
    def delete_one(self, key: Any, /) -> bool: ...

# ---- sources -----------------------------------------------------------------------------------------

class SqlQuery:
    def timeout(self, seconds: float) -> SqlQuery: ...
    def tuples(self) -> list[tuple[Any, ...]]: ...
    def dicts(self) -> list[dict[str, Any]]: ...
    def scalars(self) -> list[Any]: ...
    def scalar(self) -> Any: ...
    def first(self) -> tuple[Any, ...] | None: ...
    def one(self) -> tuple[Any, ...]: ...
    def run(self) -> int: ...

class Executor:
    """What a data source and a transaction have in common."""

    @overload
    def repository(self, of: type[RepoT], /) -> RepoT: ...
    @overload
    def repository(self, of: type[E], /) -> Repository[E]: ...
    @overload
    def query(self, what: type[E], /) -> Query[E]: ...
    @overload
    def query(self, what: Select[U], /) -> Query[U]: ...
    @overload
    def query(self, c1: Expr[T1], /) -> Query[tuple[T1]]: ...
    @overload
    def query(self, c1: Selectable[T1], c2: Selectable[T2], /) -> Query[tuple[T1, T2]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        /,
    ) -> Query[tuple[T1, T2, T3]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        /,
    ) -> Query[tuple[T1, T2, T3, T4]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
    @overload
    def query(
        self,
        c1: Selectable[T1],
        c2: Selectable[T2],
        c3: Selectable[T3],
        c4: Selectable[T4],
        c5: Selectable[T5],
        c6: Selectable[T6],
        c7: Selectable[T7],
        c8: Selectable[T8],
        c9: Selectable[T9],
        c10: Selectable[T10],
        /,
    ) -> Query[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]]: ...
    def get(self, entity: type[E], key: Any, /) -> E | None: ...
    def save(self, objects: X, /) -> X: ...
    def remove(self, objects: object, /) -> None: ...
    def load(self, objects: E | Sequence[E], /, *paths: Loadable[E], reload: bool = False) -> None: ...
    def reload(self, objects: E | Sequence[E], /, *columns: Stored[E]) -> None: ...
    def sql(self, text: LiteralString | Sql, /, **values: Any) -> SqlQuery: ...

class Scope(Generic[X]):
    """`db.transaction()`: a context manager, a decorator, or `.run(function)`; only the last two can be
    repeated."""

    def __enter__(self) -> X: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]: ...
    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...

class Transaction(Executor):
    status: Literal["active", "committed", "rolled_back"]
    source: DataSource
    def rollback(self) -> None: ...
    def savepoint(self) -> Scope[Transaction]: ...
    def after_commit(self, function: Callable[[], object], /) -> None: ...
    def after_rollback(self, function: Callable[[], object], /) -> None: ...

class PoolStats:
    max_size: int
    size: int
    idle: int
    busy: int
    connecting: int
    waiting: int
    acquired: int
    timed_out: int
    connected: int
    connect_failed: int
    closed_lifetime: int
    closed_idle: int
    closed_broken: int
    wait_seconds: float
    oldest_holder_seconds: float

class Pool:
    def stats(self) -> PoolStats: ...
    def limit(
        self,
        size: int = 10,
        *,
        min: int = 0,
        timeout: float = 30.0,
        connect_timeout: float | None = 10.0,
        idle_timeout: float | None = 300.0,
        lifetime: float | None = None,
    ) -> None: ...
    def drain(self, timeout: float | None = 30.0) -> int: ...

class DataSource(Executor):
    def __init__(
        self,
        url: str | None = None,
        *,
        entities: Sequence[type[Any] | str | ModuleType] | None = None,
        schema: str | None = None,
        table_prefix: str = "",
        pool_size: int = 10,
        pool_min: int = 0,
        pool_timeout: float = 30.0,
        connect_timeout: float | None = 10.0,
        idle_timeout: float | None = 300.0,
        pool_lifetime: float | None = None,
        statement_timeout: float | None = None,
        isolation: Isolation | None = None,
        coerce: Literal["exact", "text", "lossy"] = "exact",
        max_result_bytes: int | None = None,
        prepared: Literal["auto", "on", "off"] = "auto",
        wait: Literal["adaptive", "poll"] = "adaptive",
        password: str | Callable[[], str] | None = None,
        application_name: str | None = None,
        driver_options: Mapping[str, str] | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def connect(self) -> Self: ...
    def close(self) -> None: ...
    def validate(self) -> None: ...
    def model(self, entity: type[Any], /) -> EntityModel: ...
    @property
    def models(self) -> tuple[EntityModel, ...]: ...
    @property
    def pool(self) -> Pool: ...
    def transaction(
        self,
        *,
        isolation: Isolation | None = None,
        read_only: bool = False,
        deferrable: bool = False,
        retry: int = 0,
    ) -> Scope[Transaction]: ...
    def synchronize(self, *, plan: bool = False) -> list[str]: ...
