"""Markers, column types and helpers that are not needed every day.

This module stands below all others: it must not import the door, the core or the entities (what
comes from there is looked up when it is asked for).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "JSON_NULL",
    "SKIP",
    "UNSET",
    "ColumnModel",
    "EntityModel",
    "Expr",
    "Field",
    "Float32",
    "Int16",
    "Int32",
    "Json",
    "Order",
    "RelationModel",
    "Text",
    "Timestamp",
    "TimestampTz",
    "ToMany",
    "ToOne",
    "UpsertResult",
    "as_dict",
    "is_loaded",
]


class _Marker:
    """One value of its own: compared by identity, the same after copy and pickle."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self._name} cannot be changed")

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        raise TypeError(f"{self._name} is neither true nor false; compare with `is {self._name}`")

    def __reduce__(self) -> str:
        return self._name

    def __copy__(self) -> _Marker:
        return self

    def __deepcopy__(self, memo: object) -> _Marker:
        return self


UNSET = _Marker("UNSET")
"""Not given, not loaded.  As `default=UNSET` of a column: optional in the constructor, filled elsewhere."""

class _Skip(_Marker):
    """What is left out of `&`, `|` and `~` too, as a comparison with it is."""

    __slots__ = ()

    def __and__(self, other: Any) -> Any:
        return other

    __or__ = __and__

    def __invert__(self) -> _Skip:
        return self


SKIP = _Skip("SKIP")
"""Leaves a condition, an assignment or a keyword out: `find(City.name == name if name else SKIP)`."""

JSON_NULL = _Marker("JSON_NULL")
"""The `null` of JSON in a JSON column; SQL's NULL is `None`."""


class ColumnType:
    """A type of a column that Python's own classes cannot say; used as `Column(Int32)`."""

    __slots__ = ("name", "sql")

    def __init__(self, name: str, sql: str) -> None:
        self.name = name
        self.sql = sql  # the same as a type string of Column

    def __repr__(self) -> str:
        return f"takeo.types.{self.name}"


Int16 = ColumnType("Int16", "smallint")
Int32 = ColumnType("Int32", "integer")
Float32 = ColumnType("Float32", "real")
Text = ColumnType("Text", "text")
Timestamp = ColumnType("Timestamp", "timestamp")  # wall-clock time: naive datetimes
TimestampTz = ColumnType("TimestampTz", "timestamptz")  # instants: aware datetimes, read in UTC


class Json:
    """Any JSON value, in annotations: `Mapped[Json]`, `Mapped[dict[str, Json]]`."""


_ELSEWHERE = {
    "ColumnModel": "_register",
    "EntityModel": "_register",
    "Expr": "expr",
    "Field": "fields",
    "Order": "expr",
    "RelationModel": "_register",
    "ToMany": "fields",
    "ToOne": "fields",
    "UpsertResult": "repository",
    "as_dict": "entity",
    "is_loaded": "entity",
}


def __getattr__(name: str) -> Any:
    module = _ELSEWHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    full = f"{__package__}.{module}"
    __import__(full)
    value = globals()[name] = getattr(sys.modules[full], name)
    return value
