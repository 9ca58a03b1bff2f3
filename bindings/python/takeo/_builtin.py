"""The builtin door: functions that libtakeo.so makes at run time for CPython.

Addresses of CPython's own functions and a few objects go in once; builtin functions and types come
out.  What is assumed of CPython (where it lays slots out) is verified with real objects and stops the
import when it is otherwise.  This module knows no SQL and no entity's meaning.
"""

from __future__ import annotations

import datetime
import sys

from . import _lib, errors
from ._abi import ffi
from .types import JSON_NULL, SKIP, UNSET, Interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WORD = ffi.sizeof("void *")
_kept: list[Any] = []  # the objects whose addresses the library holds


def _construct(instance: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    if args:
        raise TypeError(f"{type(instance).__name__}() takes keywords only: {type(instance).__name__}(name=...)")
    instance._takeo_construct(given)


def _complete() -> None:
    """Hand in what many programs never need: asked for by the first column, or value, that does."""
    import decimal
    import json
    import uuid

    slots = uuid.UUID.__dict__
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    compare = json.JSONEncoder().encode
    decoder = json.JSONDecoder()
    scan = getattr(decoder, "scan_once", decoder.raw_decode)
    _made["provide"](decimal.Decimal, uuid.UUID, slots["int"], slots["is_safe"], uuid.SafeUUID.unknown,
                     encode, compare, json.loads, scan)


def _not_loaded(field: Any, instance: Any) -> BaseException:
    return errors.not_loaded(field, instance)


def _from_record(record: dict[str, Any]) -> BaseException:
    return errors.from_record(record)


def _objects() -> dict[str, Any]:
    return {
        "None": None, "True": True, "False": False, "TypeError": TypeError, "ValueError": ValueError,
        "RuntimeError": RuntimeError, "StopIteration": StopIteration, "UnicodeError": UnicodeError, "object": object, "type": type,
        "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "bytearray": bytearray,
        "memoryview": memoryview, "list": list, "tuple": tuple, "dict": dict, "empty_tuple": (),
        "date": datetime.date, "time": datetime.time, "timedelta": datetime.timedelta,
        "datetime": datetime.datetime, "utc": datetime.timezone.utc,
        "datetime_CAPI": datetime.datetime_CAPI, "complete": _complete, "construct": _construct, "construction": "_takeo_construction",
        "UNSET": UNSET, "SKIP": SKIP, "JSON_NULL": JSON_NULL, "not_loaded": _not_loaded,
        "from_record": _from_record, "Interval": Interval,
        **{f"interval_{name}": Interval.__dict__[name] for name in ("months", "days", "microseconds")},
    }


def _install() -> dict[str, Any]:
    """Hand the addresses over and give what the library made, by name."""
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise ImportError("takeo's builtin door needs CPython with its GIL; set TAKEO_DOOR=cffi")
    process = ffi.dlopen(None)
    objects = _objects()
    _kept.extend(objects.values())
    names = ffi.string(_lib.lib.takeo_cpython_symbols()).decode().split()
    wanted = [name for name in names if not name.startswith(">")]
    symbols = ffi.new("takeo_symbol[]", len(wanted))
    keep = []
    for symbol, name in zip(symbols, wanted):
        text = ffi.new("char[]", name.encode())
        keep.append(text)
        symbol.name = text
        if name.startswith("@"):
            symbol.address = ffi.cast("void *", id(objects[name[1:]]))
        else:
            symbol.address = process.dlsym(ffi.NULL, name.encode())
    doors: list[Any] = []
    api = ffi.new("takeo_cpython_api *")
    api.struct_size = ffi.sizeof("takeo_cpython_api")
    api.symbols, api.symbol_count = symbols, len(wanted)
    api.version, api.doors = sys.hexversion, ffi.cast("void *", id(doors))
    error = ffi.new("takeo_error **")
    _lib.check(_lib.lib.takeo_cpython_install(api, error), error)
    made = [name[1:] for name in names if name.startswith(">")]
    return dict(zip(made, doors, strict=True))


_made = _install()
_holds, _trust = _made["holds"], _made["trust"]


def _slots_of(cls: type) -> list[str]:
    slots = cls.__dict__.get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    return sorted(name for name in names if name not in ("__dict__", "__weakref__"))


def places(cls: type, names: Any) -> dict[str, int]:
    """CPython lays slots out in sorted order after the base; believed only after a look."""
    wanted, found, probe = set(names), {}, _made["new"](cls)
    base: Any = cls.__base__
    for index, name in enumerate(_slots_of(cls)):
        place, marker = base.__basicsize__ + index * _WORD, object()
        cls.__dict__[name].__set__(probe, marker)
        if not _holds(probe, place, marker):
            raise ImportError(f"{cls.__name__}.{name} does not lie where this CPython should put it")
        cls.__dict__[name].__delete__(probe)
        if name in wanted:
            found[name] = place
    return found


class Source(_made["Source"]):  # type: ignore[misc,valid-type]
    __slots__ = ("keep",)


class Session(_made["Session"]):  # type: ignore[misc,valid-type]
    __slots__ = ("keep",)


class Statement(_made["Statement"]):  # type: ignore[misc,valid-type]
    __slots__ = ("keep",)


class Target(_made["Target"]):  # type: ignore[misc,valid-type]
    __slots__ = ("keep",)


class BuiltinDoor:
    """See _door.Door.  One instance, `door`; the verbs are the library's own builtins."""

    name = "builtin"
    Field = _made["Field"]
    places = staticmethod(places)
    peek, poke, new = _made["peek"], _made["poke"], _made["new"]
    constructs = True
    check = None  # its operations look for signals by themselves
    run, write, load = _made["run"], _made["write"], _made["load"]
    reload, control = _made["reload"], _made["control"]
    session_level, close = _made["session_level"], _made["close"]

    def __init__(self) -> None:
        self._bases: dict[int, type] = {}
        self._trusted = False

    def state_base(self, words: int) -> type:
        if words not in self._bases:
            below = self.state_base(words - 1) if words > 1 else None
            base = _made["state_base_new"](words, below)
            self._bases[words] = base
        return self._bases[words]

    def bind(self, field: Any, owner: type, kind: int, place: int, bit: int, other: int | None,
             hook: Any) -> None:
        if not self._trusted:
            direct = next(cls for cls in type(field).__mro__ if cls.__base__ is self.Field)
            found = places(direct, ("owner", "hook"))
            _trust(found["owner"], found["hook"])
            self._trusted = True
        _made["bind"](field, owner, kind, place, bit, other, hook)

    def state(self, instance: Any) -> int:
        return _made["state_get"](instance, self._words(type(instance)))  # type: ignore[no-any-return]

    def set_state(self, instance: Any, bits: int) -> None:
        _made["state_set"](instance, self._words(type(instance)), bits)

    def _words(self, cls: type) -> int:
        for words in range(len(self._bases), 1, -1):
            if words in self._bases and issubclass(cls, self._bases[words]):
                return words
        return 1

    def target(self, model: Any) -> Target:
        made = _made["target_new"](Target, int(ffi.cast("uintptr_t", model)))
        made.keep = []
        return made  # type: ignore[no-any-return]

    def layout(self, target: Target, number: int, cls: type, columns: Any, links: Any) -> None:
        places, links = tuple(columns), tuple(links)
        _made["layout"](target, number, cls, places, links)
        target.keep.append((cls, places, links))

    def source(self, source: Any, bound: Any, asked: Any) -> Source:
        get = bound.get
        made = _made["source_new"](Source, int(ffi.cast("uintptr_t", source)), get)
        made.keep = (get, asked)
        return made  # type: ignore[no-any-return]

    def session(self, source: Source) -> Session:
        return _made["session_new"](Session, source)  # type: ignore[no-any-return]

    def statement(self, statement: Any, target: Target | None) -> Statement:
        made = _made["statement_new"](Statement, int(ffi.cast("uintptr_t", statement)), target)
        made.keep = target
        return made  # type: ignore[no-any-return]


door = BuiltinDoor()
