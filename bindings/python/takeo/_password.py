"""A function as `password=`: the core asks it before each new connection.

What it gives goes into the core's memory, which is wiped, and is kept nowhere.  What it raises waits, on its
thread, for the failure that the core makes of it.  This module knows no sources and no doors.
"""

from __future__ import annotations

from _thread import _local

from . import errors
from ._abi import ffi
from ._lib import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

CODE = "TAKEO.CONNECT.PASSWORD"

_last = _local()  # `raised`: by the function that this thread asked last, until it is told


def callback(function: Callable[[], str]) -> Any:
    """For takeo_source_options.password; the source must not outlive it."""

    def give(context: Any, buffer: Any, capacity: int, length: Any) -> int:
        _last.raised = None
        data = _bytes_of(function())
        length[0] = len(data)
        if len(data) <= capacity:  # else the core refuses it
            ffi.memmove(buffer, data, len(data))
        return lib.TAKEO_DONE  # type: ignore[no-any-return]

    return ffi.callback(
        "takeo_status(void *, char *, size_t, size_t *)", give, error=lib.TAKEO_EHOST, onerror=_keep
    )


def failure(told: BaseException) -> BaseException:
    """The core's failure with what the function raised as its cause; Ctrl-C and the like in its place."""
    raised = getattr(_last, "raised", None)
    _last.raised = None
    if raised is not None and not isinstance(raised, Exception):
        return raised  # type: ignore[no-any-return]
    if raised is not None:
        told.__cause__ = raised
    return told


def _keep(kind: Any, raised: BaseException, trace: Any) -> None:
    _last.raised = raised


def _bytes_of(given: Any) -> bytes:
    """UTF-8; no failure shows, or holds, what was given."""
    found = type(given).__name__
    data = None
    if isinstance(given, str):
        found = "a text that is not valid Unicode"
        try:
            data = given.encode("utf-8")
        except UnicodeEncodeError:
            pass
    del given
    if data is None:
        raise errors.ConfigError("the function of password= gives no text", expected="a str", got=found)
    return data
