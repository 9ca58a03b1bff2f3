"""Markers, column types and helpers that are not needed every day.

This module stands below all others: it must not import the door, the core or the entities (what
comes from there is looked up when it is asked for).
"""

from __future__ import annotations

import sys
from datetime import timedelta

from . import errors

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
    "Interval",
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


class Interval:
    """A span of time as a calendar counts it: months, days and microseconds, which are never mixed.

    A month has no number of days, and a day, where clocks change, none of hours; so two intervals are
    equal when all three parts are, and none is less than another.  Each part has its own sign.

    Args:
        months, days: -2**31 to 2**31 - 1; a year is 12 months.
        microseconds: -2**63 to 2**63 - 1; the hours, minutes and seconds.

    Raises:
        InputError: a part that is no int, or outside of its limits.

    Example:
        >>> Interval(months=1, days=-2).to_timedelta()  # InputError: it has months
        >>> Interval.from_timedelta(timedelta(hours=36))
        Interval(days=1, microseconds=43200000000)
    """

    __slots__ = ("days", "microseconds", "months")

    days: int
    microseconds: int
    months: int

    def __init__(self, months: int = 0, days: int = 0, microseconds: int = 0) -> None:
        for name, value, bits in (("months", months, 32), ("days", days, 32), ("microseconds", microseconds, 64)):
            _check_part(name, value, bits)
            object.__setattr__(self, name, value)

    @classmethod
    def from_timedelta(cls, value: timedelta, /) -> Interval:
        """Days and time with one sign: a microsecond back is not a day back and almost one ahead."""
        days, time = value.days, value.seconds * 1_000_000 + value.microseconds
        if days < 0 < time:
            days, time = days + 1, time - _DAY
        return cls(days=days, microseconds=time)

    def to_timedelta(self) -> timedelta:
        """The same as a timedelta, a day as 24 hours; InputError when it has months or too many days."""
        if self.months:
            raise errors.InputError(
                "an interval with months is no timedelta",
                code="TAKEO.INPUT.RANGE",
                expected="an Interval without months",
                got=repr(self),
                why="a month is no number of days",
                hint="say how many: Interval(days=30)",
            )
        try:
            return timedelta(self.days, 0, self.microseconds)
        except OverflowError:
            raise errors.InputError(
                "an interval is longer than a timedelta can be",
                code="TAKEO.INPUT.RANGE",
                expected=f"{timedelta.min.days} to {timedelta.max.days} days",
                got=repr(self),
                hint="keep it as an Interval",
            ) from None

    def __repr__(self) -> str:
        parts = ((name, getattr(self, name)) for name in ("months", "days", "microseconds"))
        return f"Interval({', '.join(f'{name}={value}' for name, value in parts if value)})"

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Interval) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __bool__(self) -> bool:
        return any(self._parts())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an Interval cannot be changed; make another one with another {name}")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __init_subclass__(cls) -> None:
        raise TypeError("Interval has no subclasses: what is read would not be of them")

    def __reduce__(self) -> tuple[type[Interval], tuple[int, int, int]]:
        return Interval, self._parts()

    def _parts(self) -> tuple[int, int, int]:
        return self.months, self.days, self.microseconds


_DAY = 86_400_000_000  # microseconds


def _check_part(name: str, value: object, bits: int) -> None:
    limit = 1 << (bits - 1)
    if type(value) is int and -limit <= value < limit:
        return
    is_int = type(value) is int
    raise errors.InputError(
        f"the {name} of an Interval are {'outside of their limits' if is_int else 'no int'}",
        code="TAKEO.INPUT.RANGE" if is_int else "TAKEO.INPUT.TYPE",
        expected=f"int from {-limit} to {limit - 1}",
        got=errors.shown(value),
        hint="Interval(months=1, days=2, microseconds=3)",
    )


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
