"""Logical types for the cffi door: their numbers and names, and what is known of a column's values.

It must not know how a value becomes a cell, nor objects.
"""

from __future__ import annotations

import datetime
import json
from typing import Any, Callable

from ._abi import ffi
from ._lib import lib

PREFIX = "TAKEO_TYPE_"
NAMES: dict[int, str] = {
    getattr(lib, name): name[len(PREFIX) :].lower() for name in dir(lib) if name.startswith(PREFIX)
}
NUMBERS = {name: number for number, name in NAMES.items()}
NAMES[0] = "?"

NULL, UNSET_FLAG = lib.TAKEO_CELL_NULL, lib.TAKEO_CELL_UNSET
BOOL, INT64, UINT64, FLOAT64 = (NUMBERS[name] for name in ("bool", "int64", "uint64", "float64"))
JSON, ARRAY, ENUM, TEXT = (NUMBERS[name] for name in ("json", "array", "enum", "text"))
DECIMAL, BYTES, UUID = (NUMBERS[name] for name in ("decimal", "bytes", "uuid"))
DATE, TIME, TIMETZ = (NUMBERS[name] for name in ("date", "time", "timetz"))
TIMESTAMP, TIMESTAMPTZ, INTERVAL = (NUMBERS[name] for name in ("timestamp", "timestamptz", "interval"))
INTEGERS = frozenset(NUMBERS[name] for name in ("int16", "int32", "int64", "oid", "year"))
FLOATS = frozenset((FLOAT64, NUMBERS["float32"]))

DAY = 86_400_000_000  # microseconds
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
EPOCH_NAIVE = datetime.datetime(1970, 1, 1)
EPOCH = EPOCH_NAIVE.replace(tzinfo=datetime.timezone.utc)

encode: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


class Kind:
    """What is known of a column or parameter: its type, whose it is, and how values are converted."""

    __slots__ = ("aux", "element", "entity", "field", "type")

    def __init__(
        self,
        type: int,
        element: int = 0,
        entity: str | None = None,
        field: str | None = None,
        aux: Any = None,
    ) -> None:
        self.type = type
        self.element = element
        self.entity = entity
        self.field = field
        self.aux = aux

    @property
    def enum(self) -> Any:
        """(stored value -> member, member -> stored value), or None."""
        return None if self.type in (JSON, ARRAY, INTERVAL) else self.aux

    @property
    def functions(self) -> Any:
        """(load, dump) of a column with a class of its own."""
        return self.aux if self.type == JSON and self.aux is not None else (None, None)

    @property
    def makes_timedelta(self) -> bool:
        """Of intervals: are they Python's timedelta?"""
        return self.type == INTERVAL and self.aux is datetime.timedelta

    def of_elements(self) -> Kind:
        return Kind(self.element, 0, self.entity, self.field, self.aux)


UNKNOWN = Kind(0)


def cell_text(cell: Any, most: int) -> str:
    """The text form of a cell, as far as it goes."""
    buffer = ffi.new("char[]", most)
    lib.takeo_cell_format(ffi.addressof(cell), buffer, most)
    return ffi.string(buffer).decode("utf-8", "ignore")  # type: ignore[no-any-return]
