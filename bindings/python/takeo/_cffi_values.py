"""Cells and Python's values, each way, for the cffi door.

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
from typing import Any, Callable
from uuid import UUID

from . import errors
from ._lib import ffi, lib
from .types import JSON_NULL, UNSET

NULL, UNSET_FLAG = lib.TAKEO_CELL_NULL, lib.TAKEO_CELL_UNSET
BOOL, INT64, UINT64, FLOAT64 = (
    lib.TAKEO_TYPE_BOOL, lib.TAKEO_TYPE_INT64, lib.TAKEO_TYPE_UINT64, lib.TAKEO_TYPE_FLOAT64,
)  # fmt: skip
JSON, ARRAY, ENUM = lib.TAKEO_TYPE_JSON, lib.TAKEO_TYPE_ARRAY, lib.TAKEO_TYPE_ENUM
_PREFIX = "TAKEO_TYPE_"
NAMES: dict[int, str] = {
    getattr(lib, name): name[len(_PREFIX) :].lower() for name in dir(lib) if name.startswith(_PREFIX)
}
NAMES[0] = "?"
NUMBERS = {name: number for number, name in NAMES.items()}
_NUMBERS_OF = {name: getattr(lib, _PREFIX + name) for name in (
    "INT16", "INT32", "OID", "YEAR", "DECIMAL", "TEXT", "BYTES", "UUID", "DATE", "TIME", "TIMETZ",
    "TIMESTAMP", "TIMESTAMPTZ", "FLOAT32", "CITEXT", "XML", "UNKNOWN", "LSN",
)}  # fmt: skip
_PARSED = frozenset((BOOL, INT64, FLOAT64, *(
    _NUMBERS_OF[name] for name in (
        "INT16", "INT32", "FLOAT32", "DECIMAL", "UUID", "DATE", "TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMPTZ",
    )
)))  # fmt: skip
INTEGERS = frozenset((INT64, *(_NUMBERS_OF[name] for name in ("INT16", "INT32", "OID", "YEAR"))))

FIRST_FAULT = 0xF000  # no type of the core, now or later
LAST_FAULT = 0xFFFF
DECIMAL_DIGITS = 140_000
SHOWN = 80

_DAY = 86_400_000_000
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_EPOCH_NAIVE = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
encode: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


class Kind:
    """What is known of a column or parameter: its type, whose it is, and how its values are converted."""

    __slots__ = ("aux", "element", "entity", "field", "type")

    def __init__(
        self, type: int, element: int = 0, entity: str | None = None, field: str | None = None, aux: Any = None
    ) -> None:
        self.type = type
        self.element = element
        self.entity = entity
        self.field = field
        self.aux = aux

    @property
    def enum(self) -> Any:
        """(stored value -> member, member -> stored value), or None."""
        return None if self.type in (JSON, ARRAY) else self.aux

    @property
    def functions(self) -> Any:
        """(load, dump) of a column with a class of its own."""
        return self.aux if self.type in (JSON, ARRAY) and self.aux is not None else (None, None)

    def of_elements(self) -> Kind:
        return Kind(self.element, 0, self.entity, self.field, self.aux if self.type != ARRAY else None)


class Refused(Exception):
    """A value that no cell can say; `record` is the failure as the core would tell it."""

    def __init__(self, kind: Kind, code: str, message: str, **said: str) -> None:
        self.record: dict[str, Any] = {"code": code, "message": message, **said}
        if kind.entity is not None:
            self.record.setdefault("entity", kind.entity)
            self.record.setdefault("field", kind.field)


# ---- values -> cells -------------------------------------------------------------------------------------------


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
            self._text(cell, _NUMBERS_OF["TEXT"], str.__str__(value), kind)
        elif isinstance(value, float):
            cell.type, cell.v.f = FLOAT64, value
        elif isinstance(value, (bytes, bytearray, memoryview)):
            self._bytes(cell, _NUMBERS_OF["BYTES"], bytes(value))
        elif isinstance(value, datetime.datetime):
            cell.type, cell.v.i = _moment(value)
        elif isinstance(value, datetime.date):
            cell.type, cell.v.i = _NUMBERS_OF["DATE"], datetime.date.toordinal(value) - _EPOCH_DAY
        elif isinstance(value, datetime.time):
            _time(cell, value)
        elif isinstance(value, Decimal):
            self._bytes(cell, _NUMBERS_OF["DECIMAL"], _digits(kind, value).encode())
        elif isinstance(value, UUID):
            cell.type, cell.v.uuid = _NUMBERS_OF["UUID"], value.int.to_bytes(16, "big")
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
            self._bytes(cell, _NUMBERS_OF["DECIMAL"], int.__repr__(value).encode())


def json_text(kind: Kind, value: Any) -> str:
    """The JSON of a value as it is stored."""
    dump = kind.functions[1]
    plain = dump(value) if dump is not None else None if value is JSON_NULL else value
    try:
        return encode(plain)
    except (TypeError, ValueError) as e:
        raise Refused(
            kind,
            "TAKEO.INPUT.FORM",
            f"the value cannot be written as JSON: {e}",
            expected="dict, list, str, int, finite float, bool or None",
        ) from None


def _of_wrong_class(kind: Kind, value: Any) -> Refused:
    name, wanted = type(value).__name__, NAMES.get(kind.type, "?")
    return Refused(kind, "TAKEO.INPUT.TYPE", f"a {name} is no {wanted}", expected=wanted, got=name)


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
        passed = value - _EPOCH
        us = (passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds
        return _NUMBERS_OF["TIMESTAMPTZ"], us
    days = datetime.date(value.year, value.month, value.day).toordinal() - _EPOCH_DAY
    return _NUMBERS_OF["TIMESTAMP"], days * _DAY + _of_day(value)


def _of_day(value: datetime.datetime | datetime.time) -> int:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * 1_000_000 + value.microsecond


def _time(cell: Any, value: datetime.time) -> None:
    if value.tzinfo is None:
        cell.type, cell.v.i = _NUMBERS_OF["TIME"], _of_day(value)
        return
    offset = value.utcoffset() or datetime.timedelta()
    cell.type = _NUMBERS_OF["TIMETZ"]
    cell.v.span.us, cell.v.span.months = _of_day(value), 0
    cell.v.span.days = offset.days * 86400 + offset.seconds


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
    if isinstance(value, str) and kind.type in _PARSED:
        return _parsed(kind, value)
    if kind.type in INTEGERS and not isinstance(value, int) and hasattr(type(value), "__index__"):
        return operator.index(value)
    return value


def _is_in(value: Any, values: dict[Any, Any]) -> bool:
    try:
        return value in values
    except TypeError:  # not hashable
        return False


def _parsed(kind: Kind, value: str) -> Any:
    """A text that a column took as what it says."""
    if kind.type == _NUMBERS_OF["UUID"]:
        return UUID(value)
    data, cell = value.encode(), ffi.new("takeo_cell *")
    status = lib.takeo_cell_parse(kind.type, data, len(data), cell, ffi.NULL)
    return read(cell[0], kind) if status == 0 else value


# ---- cells -> values ----------------------------------------------------------------------------------------------


def read(cell: Any, kind: Kind | None = None) -> Any:
    """The value of a cell; a DecodeError when Python has no form for it."""
    if cell.flags & (NULL | UNSET_FLAG) or cell.type == 0:
        return None
    if kind is not None and kind.type in (JSON, ARRAY) and cell.type in (JSON, ARRAY):
        return _from_json(cell, kind)
    make = _MAKERS.get(cell.type)
    if make is None:
        raise undecodable(cell, "value that Python has a form for")
    value = make(cell)
    if kind is None or kind.enum is None or kind.type != cell.type:
        return value
    to_member = kind.enum[0]
    if value not in to_member:
        raise undecodable(cell, "member of its enum")
    return to_member[value]


def bytes_of(cell: Any) -> bytes:
    return ffi.unpack(cell.v.text.data, cell.v.text.len) if cell.v.text.len else b""  # type: ignore[no-any-return]


def text_of(cell: Any, expected: str = "text in UTF-8") -> str:
    try:
        return bytes_of(cell).decode("utf-8")
    except UnicodeDecodeError:
        raise undecodable(cell, expected) from None


def undecodable(cell: Any, expected: str) -> BaseException:
    return errors.from_record({
        "status": lib.TAKEO_EDECODE,
        "code": "TAKEO.RESULT.DECODE",
        "message": f"a stored value is no {expected}",
        "expected": expected,
        "got": shown(cell),
    })


def shown(cell: Any) -> str:
    """A value as messages show it: short, texts in quotes."""
    most = 4 * SHOWN
    buffer = ffi.new("char[]", most)
    lib.takeo_cell_format(ffi.addressof(cell), buffer, most)
    text = ffi.string(buffer).decode("utf-8", "ignore")
    if cell.type in (_NUMBERS_OF[name] for name in ("TEXT", "CITEXT", "XML", "UNKNOWN")) or cell.type == ENUM:
        return f'"{text}"' if len(text) <= SHOWN - 2 else f'"{text[: SHOWN - 5]}"...'
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _from_json(cell: Any, kind: Kind) -> Any:
    if cell.type == ARRAY:
        cells, element = cell.v.list.cells, kind.of_elements()
        return [read(cells[index], element) for index in range(cell.v.list.count)]
    text = text_of(cell, "JSON")
    try:
        value = json.loads(text)
    except ValueError:
        raise undecodable(cell, "JSON") from None
    if value is None:  # the JSON null, which is not SQL's NULL
        return JSON_NULL
    load = kind.functions[0]
    return load(value) if load is not None else value


def _list(cell: Any) -> Any:
    return _from_json(cell, Kind(ARRAY))


def _json(cell: Any) -> Any:
    return _from_json(cell, Kind(JSON))


def _bool(cell: Any) -> bool:
    return bool(cell.v.i)


def _int(cell: Any) -> int:
    return cell.v.i  # type: ignore[no-any-return]


def _uint(cell: Any) -> int:
    return cell.v.u  # type: ignore[no-any-return]


def _float(cell: Any) -> float:
    return cell.v.f  # type: ignore[no-any-return]


def _decimal(cell: Any) -> Decimal:
    return Decimal(text_of(cell, "decimal"))


def _uuid(cell: Any) -> UUID:
    return UUID(bytes=bytes(cell.v.uuid))


def _date(cell: Any) -> datetime.date:
    return datetime.date.fromordinal(cell.v.i + _EPOCH_DAY)


def _make_time(cell: Any) -> datetime.time:
    us = cell.v.i
    if us >= _DAY:
        raise undecodable(cell, "time below 24:00")
    return datetime.time(us // 3_600_000_000, us // 60_000_000 % 60, us // 1_000_000 % 60, us % 1_000_000)


def _timestamp(cell: Any) -> datetime.datetime:
    return _EPOCH_NAIVE + cell.v.i * _MICROSECOND


def _timestamptz(cell: Any) -> datetime.datetime:
    return _EPOCH + cell.v.i * _MICROSECOND


_TEXTS = (
    "MONEY", "TEXT", "ENUM", "XML", "UNKNOWN", "INET", "MACADDR", "TID", "TSVECTOR", "TSQUERY", "LTREE",
    "CITEXT",
)  # fmt: skip
_MAKERS: dict[int, Callable[[Any], Any]] = {
    **{getattr(lib, _PREFIX + name): text_of for name in _TEXTS},
    **{number: _int for number in INTEGERS},
    BOOL: _bool,
    UINT64: _uint,
    _NUMBERS_OF["LSN"]: _uint,
    FLOAT64: _float,
    _NUMBERS_OF["FLOAT32"]: _float,
    _NUMBERS_OF["DECIMAL"]: _decimal,
    _NUMBERS_OF["BYTES"]: bytes_of,
    _NUMBERS_OF["UUID"]: _uuid,
    _NUMBERS_OF["DATE"]: _date,
    _NUMBERS_OF["TIME"]: _make_time,
    _NUMBERS_OF["TIMESTAMP"]: _timestamp,
    _NUMBERS_OF["TIMESTAMPTZ"]: _timestamptz,
    JSON: _json,
    ARRAY: _list,
}
