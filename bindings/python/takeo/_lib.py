"""The core's library: found, opened, checked; and what every call of its C ABI needs.

It must not know entities, expressions or SQL.  Hot verbs do not come this way (`_door`).
"""

from __future__ import annotations

import os
import sys

from . import errors
from ._abi import ffi as ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVEL = 1  # the ABI level that this package speaks


def _path() -> str:
    """TAKEO_LIBRARY, else the library beside this file, else the package's resources (a zip)."""
    told = os.environ.get("TAKEO_LIBRARY")
    if told:
        if not os.path.isabs(told):
            raise ImportError(f"TAKEO_LIBRARY must be an absolute path, not {told!r}")
        return told
    name = {"darwin": "libtakeo.dylib", "win32": "takeo.dll"}.get(sys.platform, "libtakeo.so")
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    if os.path.exists(beside):
        return beside
    import atexit
    import contextlib
    import importlib.resources

    kept = contextlib.ExitStack()
    atexit.register(kept.close)
    found = importlib.resources.files(__package__ or "takeo") / name
    if not found.is_file():
        raise ImportError(
            f"{name} is not in the package takeo ({os.path.dirname(beside)}); "
            "install takeo-orm again, or name a built library in TAKEO_LIBRARY"
        )
    return str(kept.enter_context(importlib.resources.as_file(found)))


def _open() -> Any:
    path = _path()
    try:
        library = ffi.dlopen(path)
    except OSError as e:
        raise ImportError(f"the library {path} cannot be opened: {e}") from None
    try:
        level = library.takeo_abi_level()
    except AttributeError:
        raise ImportError(f"{path} is no library of Takeo") from None
    if level < LEVEL:
        raise ImportError(
            f"{path} speaks ABI level {level}, this package needs {LEVEL}; the two do not belong together"
        )
    return library


lib: Any = _open()
NULL = ffi.NULL


def text(value: Any) -> str | None:
    """A takeo_text as a str; None when it says nothing."""
    if value.data == NULL:
        return None
    return ffi.unpack(value.data, value.len).decode("utf-8", "replace")  # type: ignore[no-any-return]


_TEXTS = (
    "code", "message", "expected", "got", "nearest", "why", "hint", "detail", "sqlstate", "entity",
    "field", "schema_name", "table_name", "column_name", "constraint_name", "sql",
)  # fmt: skip
_NUMBERS = ("flags", "status", "outcome", "native_code", "position", "object")


def record(error: Any) -> dict[str, Any]:
    """A takeo_error as `errors.from_record` takes it."""
    said = _one_record(error)
    found, at = said, error.next
    while at != NULL:  # a chain of findings may be long
        found["next"] = _one_record(at)
        found, at = found["next"], at.next
    return said


def _one_record(error: Any) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(error, name) for name in _NUMBERS}
    for name in _TEXTS:
        said[name] = text(getattr(error, name))
    said["cause"] = _one_record(error.cause) if error.cause != NULL else None
    said["next"] = None
    return said


def call(function: Any, *arguments: Any) -> None:
    """Call a function whose last parameter is `takeo_error **error`; raise what it failed with."""
    error = ffi.new("takeo_error **")
    check(function(*arguments, error), error)


def check(status: int, error: Any) -> None:
    """Raise what a call failed with; `error` is the `takeo_error **` that it was given."""
    if status < 0:
        raise failure(status, error[0])


def failure(status: int, error: Any) -> BaseException:
    """The exception for a failed maker; frees its record."""
    if error == NULL:
        name = ffi.string(lib.takeo_status_name(status)).decode()
        return errors.from_record({"status": status, "code": "TAKEO.CALL.INTERNAL", "message": name})
    try:
        return errors.from_record(record(error))
    finally:
        lib.takeo_error_free(error)


class Memory:
    """What C structs point to: texts and arrays that live as long as this object."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def new(self, kind: str, init: Any = None) -> Any:
        made = ffi.new(kind, init)
        self._kept.append(made)
        return made

    def name(self, value: str | None, is_secret: bool = False) -> Any:
        """A zero-terminated name; None is NULL.  A name with a zero byte is an InputError, which does not
        show a secret."""
        if value is None:
            return NULL
        return self.new("char[]", utf8(value, "a name", is_secret))

    def names(self, values: Any) -> Any:
        return self.new("char *[]", [self.name(value) for value in values]) if values else NULL


def utf8(value: str, what: str, is_secret: bool = False) -> bytes:
    """UTF-8 without zero bytes, or InputError."""
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError:
        data = None
    fault = "is not valid Unicode" if data is None else ""
    if data is not None and b"\0" in data:
        fault = f"holds a zero byte at {data.index(0)}"
    if data is None or fault:  # not inside of `except`: the exception there holds the text
        got = None if is_secret else errors.shown(value)
        raise errors.InputError(f"{what} {fault}", code="TAKEO.INPUT.TEXT", got=got)
    return data
