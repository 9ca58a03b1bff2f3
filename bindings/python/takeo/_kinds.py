"""From an annotation or a type string to the kind of a column: its logical type and limits.

Annotations are read when the class is made; a name that does not exist yet becomes a `Forward`,
which is looked up again when the source is made.  Nothing here knows the core (types go by the names
of `enum takeo_type_values`) or entities.
"""

from __future__ import annotations

import builtins
import sys
from datetime import date, datetime, time, timedelta
from types import GenericAlias

from . import errors
from .types import ColumnType, Interval, Json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum
    from typing import Any

# ---- annotations -----------------------------------------------------------------------------------------


class Mapped:
    """`name: Mapped[str]`: on an object a `str`, on the class an expression."""

    __slots__ = ()
    __class_getitem__: Any = classmethod(GenericAlias)


class Rel:
    """`country: Rel[Country]`: on an object a `Country`, on the class a path."""

    __slots__ = ()
    __class_getitem__: Any = classmethod(GenericAlias)


class Forward:
    """A name of an annotation that does not exist yet."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __getattr__(self, name: str) -> Forward:
        if name.startswith("__"):
            raise AttributeError(name)
        return Forward(f"{self.name}.{name}")

    def __getitem__(self, item: Any) -> Forward:
        return self

    def __or__(self, other: Any) -> Either:
        return Either((self, other))

    def __ror__(self, other: Any) -> Either:
        return Either((other, self))


class Either:
    """`A | B` of which one is a Forward."""

    __slots__ = ("__args__",)

    def __init__(self, args: tuple[Any, ...]) -> None:
        self.__args__ = args

    def __or__(self, other: Any) -> Either:
        return Either((*self.__args__, other))

    def __ror__(self, other: Any) -> Either:
        return Either((other, *self.__args__))


class Names(dict):  # type: ignore[type-arg]
    """What an annotation may name: locals of the declaring function, the class body, the module."""

    def __init__(self, module: str, *scopes: Any) -> None:
        super().__init__()
        self._module = module
        self._scopes = scopes

    def __missing__(self, name: str) -> Any:
        module = sys.modules.get(self._module)
        for scope in (*reversed(self._scopes), vars(module) if module else {}, vars(builtins)):
            if name in scope:
                return scope[name]
        return Forward(name)


def evaluate(annotation: Any, names: Names) -> Any:
    """An annotation with its texts evaluated, also those inside; unknown names become Forward."""
    if isinstance(annotation, str):
        try:
            return evaluate(eval(annotation, {"__builtins__": {}}, names), names)  # the programmer's text
        except (SyntaxError, TypeError, AttributeError) as e:
            raise errors.MappingError(f"the annotation {annotation!r} cannot be read: {e}") from None
    if type(annotation).__name__ == "ForwardRef":
        return evaluate(annotation.__forward_arg__, names)
    if isinstance(annotation, GenericAlias) and annotation.__origin__ in (Mapped, Rel):
        inside = annotation.__args__[0]
        found = evaluate(inside, names)
        return annotation if found is inside else GenericAlias(annotation.__origin__, (found,))
    return annotation


def unwrap(annotation: Any) -> tuple[Any, Any, bool]:
    """(Mapped, Rel or None; the type inside; does it take None)."""
    wrapper = getattr(annotation, "__origin__", None)
    if wrapper in (Mapped, Rel):
        annotation = annotation.__args__[0]
    else:
        wrapper = None
    inner, is_nullable = without_none(annotation)
    return wrapper, inner, is_nullable


def without_none(annotation: Any) -> tuple[Any, bool]:
    """The type without `None`, and whether that was in it."""
    if type(annotation) is type or not _is_union(annotation):
        return annotation, annotation is None
    args = [a for a in annotation.__args__ if a is not None and a is not type(None)]
    is_nullable = len(args) < len(annotation.__args__)
    return (args[0] if len(args) == 1 else Either(tuple(args))), is_nullable


def _is_union(annotation: Any) -> bool:
    kind = type(annotation)
    if kind is Either or (kind.__name__ == "UnionType" and kind.__module__ == "types"):
        return True
    return str(getattr(annotation, "__origin__", "")) == "typing.Union" or (
        kind.__module__ == "typing" and kind.__name__ == "Union"
    )


# ---- kinds -------------------------------------------------------------------------------------------------


class Kind:
    """A logical type with its limits.  `labels`: of an enum stored as text; `members`: the enum;
    `is_duration`: intervals, or an array of them, that are Python's timedelta."""

    __slots__ = (
        "dimensions", "element", "is_duration", "labels", "length", "members", "precision", "scale", "type",
    )  # fmt: skip

    def __init__(self, type: str, **said: Any) -> None:
        self.type = type
        self.element: str = said.get("element", "NONE")
        self.dimensions: int = said.get("dimensions", 0)
        self.length: int = said.get("length", 0)
        self.precision: int | None = said.get("precision")
        self.scale: int = said.get("scale", 0)
        self.labels: tuple[str, ...] = said.get("labels", ())
        self.members: Any = said.get("members")
        self.is_duration: bool = said.get("is_duration", False)

    @property
    def has_ticks(self) -> bool:
        """A time, whose precision is the number of digits of a second; there may be none."""
        return self.type in _TICKING

    @property
    def is_mutable(self) -> bool:
        """Values that change in place: their loaded form is kept to see it at save."""
        return self.type in ("JSON", "ARRAY")


_PYTHON = {
    bool: Kind("BOOL"),
    int: Kind("INT64"),
    float: Kind("FLOAT64"),
    str: Kind("TEXT"),
    bytes: Kind("BYTES"),
    datetime: Kind("TIMESTAMPTZ"),
    date: Kind("DATE"),
    time: Kind("TIME"),
    timedelta: Kind("INTERVAL", is_duration=True),
    Interval: Kind("INTERVAL"),
}

# Classes of modules that many programs never need, so they are not imported here.
_IMPORTED = {("decimal", "Decimal"): Kind("DECIMAL"), ("uuid", "UUID"): Kind("UUID")}

_WORDS = {
    "bool": "BOOL", "boolean": "BOOL",
    "smallint": "INT16", "int2": "INT16",
    "int": "INT32", "integer": "INT32", "int4": "INT32", "mediumint": "INT32",
    "bigint": "INT64", "int8": "INT64",
    "real": "FLOAT32", "float4": "FLOAT32",
    "float": "FLOAT64", "float8": "FLOAT64", "double": "FLOAT64", "double precision": "FLOAT64",
    "numeric": "DECIMAL", "decimal": "DECIMAL", "dec": "DECIMAL",
    "text": "TEXT", "varchar": "TEXT", "character varying": "TEXT", "char": "TEXT",
    "character": "TEXT", "nvarchar": "TEXT",
    "bytea": "BYTES", "blob": "BYTES", "varbinary": "BYTES", "binary": "BYTES",
    "uuid": "UUID", "json": "JSON", "jsonb": "JSON",
    "date": "DATE", "time": "TIME", "time without time zone": "TIME",
    "timetz": "TIMETZ", "time with time zone": "TIMETZ",
    "timestamp": "TIMESTAMP", "datetime": "TIMESTAMP", "timestamp without time zone": "TIMESTAMP",
    "interval": "INTERVAL",
    "timestamptz": "TIMESTAMPTZ", "timestamp with time zone": "TIMESTAMPTZ",
}  # fmt: skip
_LIMITS = {"TEXT": ("length",), "BYTES": ("length",), "DECIMAL": ("precision", "scale")}
_TICKING = ("TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL")
_LIMITS |= dict.fromkeys(_TICKING, ("precision",))


def kind_of(said: Any, annotation: Any) -> Kind:
    """The kind of a column from what `Column(...)` was given and the type of its annotation.

    Raises:
        MappingError: there is no such type, or none was given.
    """
    words = said.sql if isinstance(said, ColumnType) else said
    if isinstance(words, str):
        kind = _from_words(words)
        kind.is_duration = kind.type == "INTERVAL" and annotation is timedelta
        return kind
    given = said if said is not None else annotation
    if given is None:
        raise errors.MappingError(
            "a column has neither an annotation nor a type",
            hint='name: Mapped[str] = Column(), or Column("varchar(100)")',
        )
    return _from_python(given)


def type_of_expression(said: Any) -> str:
    """The type that `typed`, `cast` and `call` are given for an expression, which belongs to no column.

    Raises:
        MappingError: there is no such type, or only columns have it.
    """
    kind = kind_of(said, None)
    if kind.is_duration:
        raise errors.MappingError(
            "an expression has intervals, which may have months: only a column can be of timedelta",
            hint="name takeo.types.Interval, and take to_timedelta() of what is read",
        )
    return kind.type


def is_forward(annotation: Any) -> bool:
    """Does a name in it still have to be looked up?"""
    if type(annotation) is type:
        return False
    return isinstance(annotation, Forward) or any(is_forward(a) for a in getattr(annotation, "__args__", ()))


def _from_words(text: str) -> Kind:
    word, _, limits = text.strip().lower().partition("(")
    limits, _, behind = limits.partition(")")
    word = " ".join((word + behind).split())  # "timestamp(3) with time zone"
    kind = _WORDS.get(word)
    if kind is None:
        raise errors.MappingError(
            f"{text!r} is no type of a column that is built",
            got=word,
            nearest=errors.nearest(word, _WORDS),
        )
    numbers = [n.strip() for n in limits.split(",")] if limits.strip() else []
    names = _LIMITS.get(kind, ())
    if len(numbers) > len(names) or not all(n.isascii() and n.isdigit() for n in numbers):
        raise errors.MappingError(
            f"{text!r}: {word} takes {' and '.join(names) or 'no limits'} in brackets"
        )
    return Kind(kind, **dict(zip(names, map(int, numbers))))


def _from_python(given: Any) -> Kind:
    kind = _of_class(given)
    if kind is not None:
        return kind
    origin = getattr(given, "__origin__", None)
    if origin is list and given.__args__:
        return _array(given)
    if origin is dict or given in (list, dict, Json) or repr(given) == "typing.Any":
        return Kind("JSON")
    if isinstance(given, type):
        from enum import Enum  # loaded by now if this is one

        if issubclass(given, Enum):
            return _enum(given)
        if issubclass(given, dict):  # a TypedDict
            return Kind("JSON")
    raise errors.MappingError(
        f"{getattr(given, '__name__', given)} is no type of a column that is built",
        why="columns are int, str, bool, float, Decimal, date, time, datetime, timedelta, Interval, UUID, "
        "bytes, an Enum, dict and list",
        hint="name a type as in Column(\"text\"), or put the value into a JSON column",
    )


def _of_class(given: Any) -> Kind | None:
    """The kind of one of Python's own classes; None for others."""
    if not isinstance(given, type):
        return None
    return _PYTHON.get(given) or _IMPORTED.get((given.__module__, given.__name__))


def _array(given: Any) -> Kind:
    depth, element = 1, given.__args__[0]
    while getattr(element, "__origin__", None) is list:
        depth, element = depth + 1, element.__args__[0]
    kind = _of_class(element)
    return Kind("JSON") if depth > 1 or kind is None else Kind("ARRAY", element=kind.type, is_duration=kind.is_duration)


def _enum(given: type[Enum]) -> Kind:
    values = [member.value for member in given]
    if values and all(isinstance(v, str) for v in values):
        return Kind("ENUM", labels=tuple(map(str, values)), members=given)
    if values and all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        return Kind("INT64", members=given)
    raise errors.MappingError(
        f"the values of {given.__name__} are neither all texts nor all integers",
        got=", ".join(errors.shown(v) for v in values[:3]) or "no member",
    )


def conversions(kind: Kind) -> tuple[dict[Any, Any], dict[Any, Any]] | None:
    """Of an enum: stored value -> member and member -> stored value."""
    if kind.members is None:
        return None
    to_member = {m.value: m for m in kind.members}
    return to_member, {m: m.value for m in kind.members}
