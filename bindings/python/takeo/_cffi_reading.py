"""Cells as Python's values, for the cffi door.

It must not know entities' objects, statements or operations.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any, Callable
from uuid import UUID as Uuid

from . import errors
from ._abi import ffi
from ._cffi_kinds import (
    ARRAY,
    BOOL,
    BYTES,
    DATE,
    DAY,
    DECIMAL,
    EPOCH,
    EPOCH_DAY,
    EPOCH_NAIVE,
    FLOATS,
    INTEGERS,
    INTERVAL,
    JSON,
    NAMES,
    NULL,
    NUMBERS,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UINT64,
    UNKNOWN,
    UNSET_FLAG,
    UUID,
    Kind,
    cell_text,
)
from ._lib import lib
from .types import JSON_NULL, Interval

SHOWN = 80
_QUOTED = frozenset(NUMBERS[name] for name in ("text", "citext", "xml", "unknown", "enum"))
ENDLESS = lib.TAKEO_CELL_INFINITE  # a server's "infinity", which Python has not
_MICROSECOND = datetime.timedelta(microseconds=1)


class _Undecodable(Exception):
    """A stored value that is none of what was expected; `why` and `hint` as in the failure."""

    def __init__(self, expected: str, **said: str) -> None:
        super().__init__(expected)
        self.said = said


_AS_TEXT = "cast(... as text) reads it"


def read(cell: Any, kind: Kind = UNKNOWN) -> Any:
    """The value of a cell; a DecodeError when Python has no form for it."""
    if cell.flags & (NULL | UNSET_FLAG) or cell.type == 0:
        return None
    try:
        return _read(cell, kind)
    except _Undecodable as e:
        raise _failure(cell, kind, str(e), e.said) from None


def _read(cell: Any, kind: Kind) -> Any:
    if kind.type == ARRAY or cell.type == ARRAY:
        return _array(cell, kind)
    if cell.type == JSON:
        return _json(cell, kind)
    make = _MAKERS.get(cell.type)
    if make is None:
        why = f"Takeo has no class for values of type {NAMES[cell.type]}"
        raise _Undecodable("value that Python has a form for", why=why, hint=_AS_TEXT)
    value = make(cell)
    if kind.makes_timedelta:
        return _timedelta(value)
    if kind.enum is None or kind.type != cell.type:
        return value
    if value not in kind.enum[0]:
        raise _Undecodable("member of its enum")
    return kind.enum[0][value]


def _failure(cell: Any, kind: Kind, expected: str, more: dict[str, str]) -> BaseException:
    said = {
        "status": lib.TAKEO_EDECODE,
        "code": "TAKEO.RESULT.DECODE",
        "message": f"a stored value is no {expected}",
        "expected": expected,
        "got": shown(cell),
        **more,
    }
    if kind.entity is not None:
        said |= {"entity": kind.entity, "field": kind.field}
    return errors.from_record(said)


def shown(cell: Any) -> str:
    """A value as messages show it: short, texts in quotes."""
    text = cell_text(cell, 4 * SHOWN)
    if cell.type in _QUOTED:
        return f'"{text}"' if len(text) <= SHOWN - 2 else f'"{text[: SHOWN - 5]}"...'
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


# ---- one type each -------------------------------------------------------------------------------


def _bytes(cell: Any) -> bytes:
    return ffi.unpack(cell.v.text.data, cell.v.text.len) if cell.v.text.len else b""


def text_of(cell: Any, expected: str = "text in UTF-8") -> str:
    try:
        return _bytes(cell).decode("utf-8")
    except UnicodeDecodeError:
        raise _Undecodable(expected) from None


def _json(cell: Any, kind: Kind) -> Any:
    try:
        value = json.loads(text_of(cell, "JSON"))
    except ValueError as e:  # such as an int of more digits than Python reads
        raise _Undecodable("JSON", why=str(e)) from None
    if value is None:  # the JSON null, which is not SQL's NULL
        return JSON_NULL
    load = kind.functions[0]
    return load(value) if load is not None else value


def _array(cell: Any, kind: Kind) -> Any:
    if cell.type == ARRAY:
        cells, element = cell.v.list.cells, kind.of_elements()
        return [read(cells[index], element) for index in range(cell.v.list.count)]
    value = _json(cell, kind)
    if not isinstance(value, list) or not all(_is_element(one, kind.element) for one in value):
        raise _Undecodable("array of its elements")
    return value


def _is_element(value: Any, element: int) -> bool:
    """Can the JSON value stand for an element of the type?"""
    if value is None:
        return True
    if element == BOOL:
        return type(value) is bool
    if element in INTEGERS:
        return type(value) is int
    if element in FLOATS:
        return type(value) in (int, float)
    return type(value) is str if element == TEXT else True


def _bool(cell: Any) -> bool:
    return bool(cell.v.i)


def _int(cell: Any) -> int:
    return int(cell.v.i)


def _uint(cell: Any) -> int:
    return int(cell.v.u)


def _float(cell: Any) -> float:
    return float(cell.v.f)


def _decimal(cell: Any) -> Decimal:
    return Decimal(text_of(cell, "decimal"))


def _uuid(cell: Any) -> Uuid:
    return Uuid(bytes=bytes(cell.v.uuid))


def _date(cell: Any) -> datetime.date:
    if cell.flags & ENDLESS:
        raise _Undecodable("date of the years 1 to 9999", hint=_AS_TEXT)
    try:
        return datetime.date.fromordinal(cell.v.i + EPOCH_DAY)
    except (ValueError, OverflowError):
        raise _Undecodable("date of the years 1 to 9999", hint=_AS_TEXT) from None


def _time(cell: Any) -> datetime.time:
    us = cell.v.i
    if us >= DAY:
        raise _Undecodable("time below 24:00", hint=_AS_TEXT)
    return (EPOCH_NAIVE + int(us) * _MICROSECOND).time()


def _timetz(cell: Any) -> datetime.time:
    us = cell.v.span.us
    if us >= DAY:
        raise _Undecodable("time below 24:00", hint=_AS_TEXT)
    zone = datetime.timezone(datetime.timedelta(seconds=cell.v.span.days))
    return (EPOCH_NAIVE + int(us) * _MICROSECOND).time().replace(tzinfo=zone)


def _timestamp(cell: Any) -> datetime.datetime:
    return _moment(cell, EPOCH_NAIVE)


def _timestamptz(cell: Any) -> datetime.datetime:
    return _moment(cell, EPOCH)


def _moment(cell: Any, epoch: datetime.datetime) -> datetime.datetime:
    if cell.flags & ENDLESS:
        raise _Undecodable("time of the years 1 to 9999", hint=_AS_TEXT)
    try:
        return epoch + int(cell.v.i) * _MICROSECOND
    except OverflowError:
        raise _Undecodable("time of the years 1 to 9999", hint=_AS_TEXT) from None


def _interval(cell: Any) -> Interval:
    span = cell.v.span
    return Interval(months=span.months, days=span.days, microseconds=span.us)


_KEEP_MONTHS = "annotate the column with Interval, which keeps months"


def _timedelta(value: Interval) -> datetime.timedelta:
    if value.months:
        raise _Undecodable("timedelta", why="a month is no number of days", hint=_KEEP_MONTHS)
    try:
        return value.to_timedelta()
    except errors.InputError:
        raise _Undecodable("timedelta", hint=_KEEP_MONTHS) from None


def _written(cell: Any) -> str:
    """What is packed in its cell in the server's words."""
    size = lib.takeo_cell_format(ffi.addressof(cell), ffi.NULL, 0) + 1
    return cell_text(cell, size)


_TEXTS = "money text enum xml unknown inet macaddr tid tsvector tsquery ltree citext"
_PACKED = "bits point line segment box path polygon circle geometry vector"
_MAKERS: dict[int, Callable[[Any], Any]] = {
    **{NUMBERS[name]: text_of for name in _TEXTS.split()},
    **{NUMBERS[name]: _written for name in _PACKED.split()},
    **dict.fromkeys(INTEGERS, _int),
    **dict.fromkeys(FLOATS, _float),
    **dict.fromkeys((UINT64, NUMBERS["lsn"]), _uint),
    BOOL: _bool,
    DECIMAL: _decimal,
    BYTES: _bytes,
    UUID: _uuid,
    DATE: _date,
    TIME: _time,
    TIMETZ: _timetz,
    TIMESTAMP: _timestamp,
    TIMESTAMPTZ: _timestamptz,
    INTERVAL: _interval,
}
