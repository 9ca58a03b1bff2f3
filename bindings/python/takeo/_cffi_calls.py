"""Sources, sessions and operations behind the cffi door: taken, waited for, given back; failures.

An operation belongs to one session and is used again.  cffi gives the interpreter's lock up while the
core works, and the core asks `check` now and then whether to go on, which is where Ctrl-C is seen.  It
must not know what an operation does.
"""

from __future__ import annotations

import math
import threading
from typing import Any, Iterator

from . import errors
from ._abi import ffi
from ._cffi_values import FIRST_FAULT, Writer
from ._lib import NULL, call, lib, record
from ._lib import failure as failure_of_maker

# ---- Ctrl-C --------------------------------------------------------------------------------------

_raised: dict[int, BaseException] = {}  # by thread: what `check` was interrupted by


def _keep(kind: Any, raised: BaseException, trace: Any) -> None:
    _raised[threading.get_ident()] = raised


def _go_on(context: Any) -> int:
    """Python looks for signals before it runs this; a handler that raises makes the core stop."""
    return 0


check = ffi.callback("takeo_status(void *)", _go_on, error=lib.TAKEO_EHOST, onerror=_keep)
"""For takeo_source_options.check of every source that is used through this door."""


# ---- handles -------------------------------------------------------------------------------------


class Executor:
    """What a Source and a Session handle have in common: where operations run, and idle ones."""

    __slots__ = ("idle", "is_open", "pointer")
    closed: tuple[int, str, str]

    def __init__(self, pointer: Any) -> None:
        self.idle: list[Any] = []
        self.is_open = True
        self.pointer = pointer  # takeo_session *

    def take(self) -> Any:
        """An idle takeo_op *."""
        if not self.is_open:
            status, code, message = self.closed
            raise errors.from_record({"status": status, "code": code, "message": message})
        try:
            return self.idle.pop()
        except IndexError:
            out = ffi.new("takeo_op **")
            call(lib.takeo_op_new, self.pointer, out)
            return out[0]

    def give(self, op: Any) -> None:
        if self.is_open:
            self.idle.append(op)
        else:
            lib.takeo_op_free(op)

    def close(self) -> None:
        self.is_open = False
        while self.idle:
            lib.takeo_op_free(self.idle.pop())

    def __del__(self) -> None:
        if self.is_open:
            self.close()


class Source(Executor):
    """A handle on a takeo_source *, which it closes in the end; `bound` holds the session of the
    transaction of this context."""

    __slots__ = ("asked", "bound", "source")
    closed = (lib.TAKEO_ECLOSED, "TAKEO.CALL.CLOSED", "the data source is closed")

    def __init__(self, source: Any, bound: Any, asked: Any) -> None:
        super().__init__(lib.takeo_source_session(source))
        self.source = source
        self.bound = bound
        self.asked = asked

    def close(self) -> None:
        if self.is_open:
            super().close()
            lib.takeo_source_close(self.source)


class Session(Executor):
    """A session of its own on a source."""

    __slots__ = ("owner",)
    closed = (lib.TAKEO_ETXN_CLOSED, "TAKEO.TXN.CLOSED", "the transaction has ended")

    def __init__(self, owner: Source) -> None:
        self.is_open = False
        owner.give(owner.take())  # raises when it is closed
        out = ffi.new("takeo_session **")
        call(lib.takeo_session_new, owner.source, NULL, out)
        super().__init__(out[0])
        self.owner = owner

    def close(self) -> None:
        if self.is_open:
            super().close()
            lib.takeo_session_free(self.pointer)

    def level(self) -> int:
        if not self.is_open:
            return 0
        info = ffi.new("takeo_session_info *", {"struct_size": ffi.sizeof("takeo_session_info")})
        lib.takeo_session_describe(self.pointer, info)
        return info.level  # type: ignore[no-any-return]


def executor(where: Any) -> Executor:
    """What a handle stands for: a source means the session bound in this context, if there is one."""
    if isinstance(where, Session):
        return where
    if not isinstance(where, Source):
        raise TypeError("a Source or a Session handle expected")
    bound = where.bound.get()
    return bound if isinstance(bound, Session) else where


# ---- one operation -------------------------------------------------------------------------------


class Call:
    """One use of an operation: `with Call(where) as call`, then start a verb and `finish` it."""

    __slots__ = ("executor", "op", "writer", "_is_set")

    def __init__(self, where: Any, timeout: float | None = None, options: int = 0) -> None:
        nanoseconds = _nanoseconds(timeout)
        self.executor = executor(where)
        self.op = self.executor.take()
        self.writer = Writer()
        self._is_set = bool(nanoseconds or options)
        if self._is_set:
            said = ffi.new("takeo_op_options *")
            said.struct_size = ffi.sizeof("takeo_op_options")
            said.flags, said.timeout_ns = options, nanoseconds
            lib.takeo_op_set(self.op, said)

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._is_set:
            lib.takeo_op_set(self.op, NULL)
        self.executor.give(self.op)

    def finish(self, status: int) -> None:
        """Run what was started to its end; raise what it failed with."""
        if status >= 0:
            status = self._wait()
        if status < 0:
            raise self.failure(status)

    def _wait(self) -> int:
        while True:
            try:
                status = lib.takeo_op_wait(self.op, -1)
                if status != lib.TAKEO_WAIT:
                    return status  # type: ignore[no-any-return]
            except BaseException:  # a signal after the core came back
                lib.takeo_op_cancel(self.op)
                lib.takeo_op_wait(self.op, -1)
                raise

    def result(self) -> Any:
        out = ffi.new("takeo_result *")
        out.struct_size = ffi.sizeof("takeo_result")
        status = lib.takeo_op_result(self.op, out)
        if status < 0:
            raise failure_of_maker(status, NULL)
        return out

    def rows(self) -> Any:
        """The takeo_rows *, or None."""
        found = lib.takeo_rows_peek(self.op)
        return found if found != NULL else None

    # ---- failures
    def failure(self, status: int) -> BaseException:
        interrupt = _raised.pop(threading.get_ident(), None)
        if interrupt is not None:
            return interrupt
        error = lib.takeo_op_error(self.op)
        if error == NULL:
            return failure_of_maker(status, NULL)
        said = record(error)
        raised = self._reasons(said)
        return raised if raised is not None else errors.from_record(said)

    def refuse(self, code: str, message: str, **said: Any) -> BaseException:
        """A failure of the door's own."""
        return errors.from_record({"status": lib.TAKEO_EINPUT, "code": code, "message": message, **said})

    def _reasons(self, said: dict[str, Any]) -> Exception | None:
        """Put the true reasons in place of the core's refusals of cells that stood for a fault."""
        for at in _all_findings(said) if self.writer.faults else ():
            for index, fault in enumerate(self.writer.faults):
                refusal = f"a cell of type {FIRST_FAULT + index} and no known kind is no value"
                if refusal not in (at.get("message") or ""):
                    continue
                if isinstance(fault, Exception):
                    return fault
                message = at["message"].replace(refusal, fault["message"])
                at.update(fault)
                at["message"] = message
        return None


def _all_findings(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at: dict[str, Any] | None = said
    while at:
        yield at
        at = at.get("next")


def _nanoseconds(timeout: float | None) -> int:
    if timeout is None:
        return 0
    seconds = math.ldexp(timeout, 0)  # TypeError for what is no number
    if not 0 < seconds < 1e9:
        raise ValueError("timeout: a number of seconds above 0 expected")
    return int(seconds * 1e9)
