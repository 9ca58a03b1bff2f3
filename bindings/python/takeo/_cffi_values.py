"""Python's values as cells, for the cffi door.

A value becomes the cell that it is by itself; whether its column takes it is the core's to say, so
refusals read the same through both doors.  What no cell can say is a fault: the cell gets a type that
the core refuses where it reads it, and the door puts the true reason in place of that refusal.

It must not know entities' objects, statements or operations.
"""

from __future__ import annotations

import datetime
import json
import operator
from decimal import Decimal
from typing import Any
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
    ENUM,
    EPOCH,
    EPOCH_DAY,
    FLOAT64,
    FLOATS,
    INT64,
    INTEGERS,
    INTERVAL,
    JSON,
    NAMES,
    NULL,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UINT64,
    UNSET_FLAG,
    UUID,
    Kind,
    encode,
)
from ._cffi_reading import read
from ._lib import lib
from .types import JSON_NULL, UNSET, Interval

FIRST_FAULT = 0xF000  # no type of the core, now or later
LAST_FAULT = 0xFFFF
DECIMAL_DIGITS = 140_000
_PARSED = INTEGERS | FLOATS | {BOOL, DECIMAL, UUID, DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, INTERVAL}


class Refused(Exception):
    """A value that no cell can say; `record` is the failure as the core would tell it."""

    def __init__(self, kind: Kind, code: str, message: str, **said: str) -> None:
        self.record: dict[str, Any] = {"code": code, "message": message, **said}
        if kind.entity is not None:
            self.record.setdefault("entity", kind.entity)
            self.record.setdefault("field", kind.field)


# ---- values -> cells -----------------------------------------------------------------------------


class Writer:
    """Fills cells, and holds what they point to; lives as long as the operation."""

    __slots__ = ("faults", "kept")

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.faults: list[dict[str, Any] | Exception] = []

    def write(self, cell: Any, kind: Kind, value: Any) -> None:
        """The cell of a value; a fault stays behind in the cell."""
        try:
            self._write(cell, kind, value)
        except Refused as refused:
            self.fault(cell, refused.record)
        except Exception as raised:  # a value's own method: raised again if the core reads it
            self.fault(cell, raised)

    def fault(self, cell: Any, what: dict[str, Any] | Exception) -> None:
        cell.flags = 0
        cell.type = min(FIRST_FAULT + len(self.faults), LAST_FAULT)
        self.faults.append(what)

    def unset(self, cell: Any) -> None:
        cell.type, cell.flags = 0, UNSET_FLAG

    def _write(self, cell: Any, kind: Kind, value: Any) -> None:
        cell.flags = 0
        if value is None:
            cell.type, cell.flags = 0, NULL
        elif value is UNSET:
            self.unset(cell)
        elif kind.type == JSON:
            self._text(cell, JSON, json_text(kind, value), kind)
        elif kind.type == ARRAY:
            self.list(cell, kind, value)
        else:
            self._natural(cell, kind, value if kind.enum is None else _stored(kind, value))

    def list(self, cell: Any, kind: Kind, value: Any) -> None:
        """A list or tuple as an ARRAY cell; inside one of several columns are tuples again."""
        if not isinstance(value, (list, tuple)):
            raise _of_wrong_class(kind, value)
        element = kind.of_elements()
        items = tuple(value)
        cells = ffi.new("takeo_cell[]", max(len(items), 1))
        self.kept.append(cells)
        for index, item in enumerate(items):
            if type(item) is tuple and element.type not in (ARRAY, JSON):
                self.list(cells[index], Kind(ARRAY, element.type, kind.entity, kind.field), item)
            else:
                self.write(cells[index], element, item)
        cell.type = ARRAY
        cell.v.list.cells, cell.v.list.count = cells, len(items)

    def _text(self, cell: Any, type: int, text: str, kind: Kind) -> None:
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            message = "text holds a lone surrogate, which no database can store"
            raise Refused(kind, "TAKEO.INPUT.TEXT", message, expected="text that UTF-8 can write") from None
        self._bytes(cell, type, data)

    def _bytes(self, cell: Any, type: int, data: bytes) -> None:
        kept = ffi.from_buffer(data)
        self.kept.append(kept)
        cell.type = type
        cell.v.text.data, cell.v.text.len = kept, len(data)

    def _natural(self, cell: Any, kind: Kind, value: Any) -> None:
        """The cell that a value is by itself, whatever column it is for."""
        if type(value) is bool:
            cell.type, cell.v.i = BOOL, value
        elif isinstance(value, int):
            self._int(cell, kind, operator.index(value))
        elif isinstance(value, str):
            self._text(cell, TEXT, str.__str__(value), kind)
        elif isinstance(value, float):
            cell.type, cell.v.f = FLOAT64, value
        elif isinstance(value, (bytes, bytearray, memoryview)):
            self._bytes(cell, BYTES, bytes(value))
        elif isinstance(value, datetime.datetime):
            cell.type, cell.v.i = _moment(value)
        elif isinstance(value, datetime.date):
            cell.type, cell.v.i = DATE, datetime.date.toordinal(value) - EPOCH_DAY
        elif isinstance(value, datetime.time):
            _time(cell, kind, value)
        elif isinstance(value, (datetime.timedelta, Interval)):
            _interval(cell, value)
        elif isinstance(value, Decimal):
            self._bytes(cell, DECIMAL, _digits(kind, value).encode())
        elif isinstance(value, Uuid):
            cell.type, cell.v.uuid = UUID, value.int.to_bytes(16, "big")
        elif hasattr(type(value), "__index__"):  # numpy's integers
            self._int(cell, kind, operator.index(value))
        else:
            raise _of_wrong_class(kind, value)

    def _int(self, cell: Any, kind: Kind, value: int) -> None:
        if value == 0 and kind.type in INTEGERS:
            cell.type, cell.v.u = UINT64, 0  # to the core a zero in a field may say "none yet"
        elif -(2**63) <= value < 2**63:
            cell.type, cell.v.i = INT64, value
        else:
            self._bytes(cell, DECIMAL, int.__repr__(value).encode())


def json_text(kind: Kind, value: Any) -> str:
    """The JSON of a value as it is stored."""
    plain = _plain(kind, value)
    expected = "dict, list, str, int, finite float, bool or None"
    try:
        text = encode(plain)
    except (TypeError, ValueError) as e:
        message = f"the value cannot be written as JSON: {e}"
        raise Refused(kind, "TAKEO.INPUT.FORM", message, expected=expected) from None
    if not _has_text_keys(plain):  # json would write them as texts, and read them as such
        message = "the value cannot be written as JSON: keys must be str"
        raise Refused(kind, "TAKEO.INPUT.FORM", message, expected=expected)
    return text


def _plain(kind: Kind, value: Any) -> Any:
    """What json is to write."""
    dump = kind.functions[1]
    return dump(value) if dump is not None else None if value is JSON_NULL else value


def says_the_same(kind: Kind, value: Any, loaded: str) -> bool:
    """Does a value that cannot be written still say what was loaded?"""
    plain = _plain(kind, value)
    try:
        return json.dumps(plain) == json.dumps(json.loads(loaded)) and _has_text_keys(plain)
    except (TypeError, ValueError):
        return False


def _has_text_keys(plain: Any) -> bool:
    todo = [plain]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if not all(isinstance(key, str) for key in one):
                return False
            todo += one.values()
        elif isinstance(one, (list, tuple)):
            todo += one
    return True


_PLAIN = "bool, int, float, Decimal, str, bytes, date, time, datetime, timedelta, Interval, UUID, a list of them or None"


def _of_wrong_class(kind: Kind, value: Any) -> Refused:
    name, wanted = type(value).__name__, NAMES.get(kind.type, "?")
    if kind.type == 0:  # of raw SQL, where the value says what it is
        return Refused(kind, "TAKEO.INPUT.TYPE", f"a value of class {name} has no form in SQL", expected=_PLAIN, got=name,
                       hint="give what is stored: an enum's .value, a text, a number")
    return Refused(kind, "TAKEO.INPUT.TYPE", f"a value of class {name} is no {wanted}", expected=wanted, got=name)


def _stored(kind: Kind, value: Any) -> Any:
    """An enum: the member, or its stored value when exactly one member has it."""
    to_member, to_value = kind.enum
    try:
        if value in to_value:
            return to_value[value]
        is_stored = value in to_member
    except TypeError:  # not hashable: no member
        raise _of_wrong_class(kind, value) from None
    if not is_stored and not (kind.type == ENUM and isinstance(value, str)):
        raise _of_wrong_class(kind, value)
    return value


def _moment(value: datetime.datetime) -> tuple[int, int]:
    """Type and microseconds of a datetime; a zone may still answer None."""
    if value.tzinfo is not None and value.utcoffset() is not None:
        passed = value - EPOCH
        us = (passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds
        return TIMESTAMPTZ, us
    days = datetime.date(value.year, value.month, value.day).toordinal() - EPOCH_DAY
    return TIMESTAMP, days * DAY + _of_day(value)


def _of_day(value: datetime.datetime | datetime.time) -> int:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * 1_000_000 + value.microsecond


def _time(cell: Any, kind: Kind, value: datetime.time) -> None:
    """A zone with a name has no offset without a day, so its time is a naive one."""
    offset = value.utcoffset()
    if offset is None:
        cell.type, cell.v.i = TIME, _of_day(value)
        return
    if offset.microseconds:
        message = "the offset of a time has digits behind its seconds"
        raise Refused(kind, "TAKEO.INPUT.PRECISION", message, expected="an offset of whole seconds")
    cell.type = TIMETZ
    cell.v.span.us, cell.v.span.months = _of_day(value), 0
    cell.v.span.days = offset.days * 86400 + offset.seconds


def _interval(cell: Any, value: datetime.timedelta | Interval) -> None:
    if isinstance(value, datetime.timedelta):
        value = Interval.from_timedelta(value)
    cell.type = INTERVAL
    span = cell.v.span
    span.months, span.days, span.us = value.months, value.days, value.microseconds


def _digits(kind: Kind, value: Decimal) -> str:
    """A Decimal without an exponent."""
    text = str(value)
    if "E" not in text:
        return text
    if abs(value.adjusted()) > DECIMAL_DIGITS or len(text) > DECIMAL_DIGITS:
        message = f"a decimal with more than {DECIMAL_DIGITS} digits cannot be stored"
        raise Refused(kind, "TAKEO.INPUT.PRECISION", message)
    return format(value, "f")


def settled(kind: Kind, value: Any) -> Any:
    """What an accepted value is from now on: the conversion that its column stands for."""
    if kind.enum is not None:
        to_member, to_value = kind.enum
        return value if _is_in(value, to_value) or not _is_in(value, to_member) else to_member[value]
    if kind.type == ARRAY:
        return list(value) if isinstance(value, tuple) else value
    if kind.type == INTERVAL and isinstance(value, (datetime.timedelta, Interval)):
        return _settled_interval(kind, value)
    if isinstance(value, str) and kind.type in _PARSED:
        return _parsed(kind, value)
    if kind.type in INTEGERS and not isinstance(value, (int, str)) and hasattr(type(value), "__index__"):
        return operator.index(value)
    return value


def _settled_interval(kind: Kind, value: datetime.timedelta | Interval) -> datetime.timedelta | Interval:
    if isinstance(value, datetime.timedelta):
        return value if kind.makes_timedelta else Interval.from_timedelta(value)
    try:
        return value.to_timedelta() if kind.makes_timedelta else value
    except errors.InputError:  # of more days: it stays as it was given
        return value


def _is_in(value: Any, values: dict[Any, Any]) -> bool:
    try:
        return value in values
    except TypeError:  # not hashable
        return False


def _parsed(kind: Kind, value: str) -> Any:
    """A text that a column took as what it says."""
    if kind.type == UUID:
        return Uuid(value)
    data, cell = value.encode(), ffi.new("takeo_cell *")
    status = lib.takeo_cell_parse(kind.type, data, len(data), cell, ffi.NULL)
    return read(cell[0], kind) if status == 0 else value


