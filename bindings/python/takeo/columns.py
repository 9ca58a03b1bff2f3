"""What stands in the body of an entity: columns, keys, relations and constraints, as plain data.

Nothing here knows the core, the door or SQL: a declaration only keeps what was said.  Types are
worked out in `_kinds`, classes are made in `entity`.
"""

from __future__ import annotations

from . import errors
from .types import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

NOT_GIVEN: Any = object()  # no `default=` at all: the constructor asks for the value

ACTIONS = ("CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION")
GENERATED = ("identity", "increment", "uuid7", "uuid4")


class Column:
    """A column: `name: Mapped[str] = Column(length=120)`.

    The type follows from the annotation, or is the first argument: a type string
    (`"varchar(100)"`), a marker of `takeo.types` or a Python type.

    Args:
        name: in the table; snake_case of the property when left out.
        default: a value, or a function without arguments that makes one; UNSET makes the
            parameter of the constructor optional and leaves the value to the server or a relation.
        server_default: SQL, as `sql("now()")`; the value is UNSET until it is saved.
        length, precision, scale: limits; what does not fit is refused, never cut.
        unique, index: True, or the name of the constraint.
        nullable: only for columns without an annotation; else `T | None` says it.
        deferred: not read unless named in `load=`.
        insert: False when no INSERT ever writes it; the object then has what the database put there.
        update: False when it is never changed; an UPDATE that would is refused.
        comment: of the column, which PostgreSQL keeps; SQLite has none.
        check: SQL of a condition on this column.
        secret: masked in repr and errors.

    Raises:
        MappingError: options that contradict each other, or a mutable default.

    Example:
        >>> class City:
        ...     population: Mapped[int] = Column(default=0)
    """

    __slots__ = (
        "check", "collation", "column", "comment", "default", "deferred", "enum_name",
        "generated", "index", "insert", "is_primary", "length", "nullable", "precision", "scale",
        "secret", "server_default", "type", "unique", "update",
    )  # fmt: skip

    def __init__(
        self,
        type: Any = None,
        /,
        *,
        name: str | None = None,
        default: Any = NOT_GIVEN,
        server_default: Any = None,
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
    ) -> None:
        self.type = type
        self.column = name
        self.default = default
        self.server_default = server_default
        self.length = length
        self.precision = precision
        self.scale = scale
        self.unique = unique
        self.index = index
        self.nullable = nullable
        self.deferred = deferred
        self.insert = insert
        self.update = update
        self.comment = comment
        self.collation = collation
        self.check = check
        self.enum_name = enum_name
        self.secret = secret
        self.is_primary = False
        self.generated: str | None = None
        if isinstance(default, (list, dict, set, bytearray)):
            kind = default.__class__.__name__
            raise errors.MappingError(
                f"a column has the mutable default {errors.shown(default)}",
                why="every object would share it",
                hint=f"default={kind}" if not default else f"default=lambda: {default!r}",
            )

    def __repr__(self) -> str:
        return f"Column({self.column or self.type or ''})"


def PrimaryColumn(type: Any = None, /, **options: Any) -> Column:
    """A column of the primary key whose value the program gives; several make one key together.

    Takes the options of `Column` except `nullable`, `default` and `deferred`.
    """
    for option in ("nullable", "deferred"):
        if options.get(option):
            raise errors.MappingError(
                f"a primary key is never {option}", hint=f"leave {option}= out, or use Column"
            )
    column = Column(type, **options)
    column.is_primary = True
    return column


PrimaryKey = PrimaryColumn


def PrimaryGeneratedColumn(how: str | None = None, /, *, always: bool = False, **options: Any) -> Column:
    """A key that is made when it is not given: a counting integer, or a UUID made by the client.

    Args:
        how: "identity", "increment", "uuid7" or "uuid4"; from the annotation when left out.
        always: the server refuses a value that others give by hand (identity only, PostgreSQL).
            One that an object has is written all the same, with OVERRIDING SYSTEM VALUE.
    """
    if how is not None and how not in GENERATED:
        raise errors.MappingError(
            f"{how!r} is no way to make a key",
            expected=", ".join(GENERATED),
            nearest=errors.nearest(str(how), GENERATED),
        )
    options.setdefault("default", UNSET)
    column = Column(**options)
    column.is_primary = True
    column.generated = "always" if always else how or "auto"
    return column


class Relation:
    """What `ManyToOne`, `OneToOne` and `OneToMany` make."""

    __slots__ = (
        "constraint", "default", "deferrable", "eager", "index", "inverse", "is_primary", "keys",
        "kind", "mapped_by", "on_delete", "on_update", "order_by", "references", "target",
    )  # fmt: skip

    def __init__(self, kind: str, target: Any, **said: Any) -> None:
        self.kind = kind
        self.target = target
        self.inverse: str | None = said.get("inverse")
        self.keys = _names(said.get("key"), "key")
        self.references = _names(said.get("references"), "references")
        self.on_delete = _one_of(said.get("on_delete"), ACTIONS, "on_delete")
        self.on_update = _one_of(said.get("on_update"), ACTIONS, "on_update")
        self.default: Any = said.get("default", NOT_GIVEN)
        self.is_primary: bool = said.get("primary", False)
        self.mapped_by: str | None = said.get("mapped_by")
        self.constraint: bool | str | None = said.get("constraint")
        self.index: bool = said.get("index", True)
        self.eager: bool = said.get("eager", False)
        self.deferrable = _one_of(said.get("deferrable"), ("immediate", "deferred"), "deferrable")
        self.order_by = _order(said.get("order_by"))
        if not (self.default is NOT_GIVEN or self.default is None or self.default is UNSET):
            raise errors.MappingError(
                "a relation has a default that is an object", hint="default=None or default=UNSET"
            )

    @property
    def is_to_many(self) -> bool:
        return self.kind == "ONE_TO_MANY"

    def __repr__(self) -> str:
        return f"{self.kind}({self.target!r})"


def ManyToOne(
    target: Any,
    /,
    *,
    inverse: str | None = None,
    key: str | Sequence[str] | None = None,
    references: str | Sequence[str] | None = None,
    on_delete: str | None = None,
    on_update: str | None = None,
    default: Any = NOT_GIVEN,
    primary: bool = False,
    constraint: bool | str | None = None,
    index: bool = True,
    eager: bool = False,
    deferrable: str | None = None,
) -> Relation:
    """The side with the foreign key: `country: Rel[Country] = ManyToOne(Country)`.

    Args:
        target: the entity, its name, or "module.Name".
        inverse: the relation on the other side.
        key: name of the key column; a declared column of that name is that column.
        references: columns there; their key when left out.
        on_delete, on_update: "CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION".
        default: None (with `Rel[T | None]`) or UNSET makes it optional in the constructor.
        primary: the key is (part of) the primary key.
        constraint: False makes no foreign key; a text is its name.
        index: False makes no index on the key.
        eager: loaded with every find.
        deferrable: "immediate" or "deferred".
    """
    options = locals()
    return Relation("MANY_TO_ONE", options.pop("target"), **options)


def OneToOne(
    target: Any,
    /,
    *,
    inverse: str | None = None,
    mapped_by: str | None = None,
    key: str | Sequence[str] | None = None,
    references: str | Sequence[str] | None = None,
    on_delete: str | None = None,
    on_update: str | None = None,
    default: Any = NOT_GIVEN,
    primary: bool = False,
    constraint: bool | str | None = None,
    eager: bool = False,
    deferrable: str | None = None,
) -> Relation:
    """One object on each side.  With `mapped_by=` this is the side without the key column.

    The other options are those of `ManyToOne`.
    """
    options = locals()
    if mapped_by is not None and (key is not None or primary or inverse is not None):
        raise errors.MappingError(
            "mapped_by is for the side without the key; key, primary and inverse for the other",
            hint=f'OneToOne({target!r}, mapped_by="{mapped_by}")',
        )
    return Relation("ONE_TO_ONE", options.pop("target"), **options)


def OneToMany(
    target: Any,
    /,
    *,
    inverse: str,
    order_by: str | Sequence[str] | None = None,
    eager: bool = False,
) -> Relation:
    """The side of the many: `cities: Rel[list["City"]] = OneToMany("City", inverse="country")`.

    Args:
        inverse: the `ManyToOne` on the other side.
        order_by: properties there, such as "name" or "name desc".
        eager: loaded with every find.
    """
    options = locals()
    return Relation("ONE_TO_MANY", options.pop("target"), **options)


class Index:
    """`Index("country", "name", unique=True)` in `@Entity(constraints=[...])`; "name desc" turns one
    round; a relation means its key columns.  `where` is the SQL of a partial index."""

    __slots__ = ("name", "on", "unique", "where")

    def __init__(
        self, *on: str, name: str | None = None, unique: bool = False, where: str | None = None
    ) -> None:
        self.on = _properties(on, "Index")
        self.name = name
        self.unique = unique
        self.where = where


class Unique:
    """`Unique("country", "name")`: no two rows with the same values."""

    __slots__ = ("name", "on")

    def __init__(self, *on: str, name: str | None = None) -> None:
        self.on = _properties(on, "Unique")
        self.name = name


class Check:
    """`Check("population >= 0")`: SQL that every row fulfils."""

    __slots__ = ("condition", "name")

    def __init__(self, condition: str, /, *, name: str | None = None) -> None:
        if not isinstance(condition, str):
            raise errors.MappingError(
                "the condition of a Check is SQL text", got=errors.shown(condition)
            )
        self.condition = condition
        self.name = name


# ---- what was said, checked ---------------------------------------------------------------------------


def _names(value: Any, option: str) -> tuple[str, ...]:
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise errors.MappingError(f"{option}= takes names of columns", got=errors.shown(value))
    return names


def _properties(on: tuple[Any, ...], what: str) -> tuple[str, ...]:
    if not on or not all(isinstance(name, str) for name in on):
        raise errors.MappingError(
            f"{what} takes names of properties", got=errors.shown(on), hint=f'{what}("name")'
        )
    return on


def _one_of(value: Any, known: tuple[str, ...], option: str) -> Any:
    if value is not None and value not in known:
        raise errors.MappingError(
            f"{option}={value!r} is not known",
            expected=", ".join(known),
            nearest=errors.nearest(str(value), known),
        )
    return value


def _order(value: Any) -> str | None:
    if value is None or value == ():
        return None
    words = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(word, str) for word in words):
        raise errors.MappingError(
            "order_by takes names of properties here", got=errors.shown(value), hint='"name desc"'
        )
    return ", ".join(words)
