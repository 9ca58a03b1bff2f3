"""Transactions: a context manager, a decorator, or `.run(function)`; nested ones are savepoints.

While a block is open, everything that is done on its data source in the same context goes into the
transaction.  Whether a failure is worth repeating, and after which pause, the core says; the loop is
here.  It must not know statements or entities.
"""

from __future__ import annotations

from types import GenericAlias

from . import errors
from ._door import BEGIN, COMMIT, ROLLBACK, door
from ._executor import Executor
from ._lib import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ISOLATIONS = {
    None: lib.TAKEO_ISOLATION_DEFAULT,
    "read uncommitted": lib.TAKEO_ISOLATION_READ_UNCOMMITTED,
    "read committed": lib.TAKEO_ISOLATION_READ_COMMITTED,
    "repeatable read": lib.TAKEO_ISOLATION_REPEATABLE_READ,
    "serializable": lib.TAKEO_ISOLATION_SERIALIZABLE,
}


class Transaction(Executor):
    """An open transaction or savepoint; after its block every use raises TransactionClosed."""

    def __init__(self, source: Any, session: Any, level: int, outer: Transaction | None) -> None:
        self.source = source
        self.handle = session
        self.options = source.options
        self.statements = source.statements
        self.known = source.known
        self.level = level
        self.status = "active"
        self._outer = outer
        self._after_commit: list[Any] = []
        self._after_rollback: list[Any] = []

    def _dialect(self) -> str:
        return self.source._dialect()  # type: ignore[no-any-return]

    def rollback(self) -> None:
        """Undo everything since the block began; the block then ends quietly."""
        self._check()
        self._end("rolled_back")

    def savepoint(self) -> Scope:
        """A nested transaction, as `db.transaction()` inside this block."""
        self._check()
        return self.source.transaction()  # type: ignore[no-any-return]

    def after_commit(self, function: Any, /) -> None:
        """Call a function once the outermost transaction was committed."""
        self._check()
        self._after_commit.append(function)

    def after_rollback(self, function: Any, /) -> None:
        """Call a function once this was rolled back."""
        self._check()
        self._after_rollback.append(function)

    def _check(self) -> None:
        if self.status != "active":
            raise errors.TransactionClosed(f"the transaction was {self.status.replace('_', ' ')} before")

    def _end(self, status: str) -> None:
        """Send COMMIT or ROLLBACK; the handle is closed whatever becomes of it."""
        session, outer = self.handle, self._outer
        try:
            door.control(session, COMMIT if status == "committed" else ROLLBACK, self.level)
        except BaseException:
            if status == "committed":  # it stays open: undo it, so that nothing is left behind
                try:
                    door.control(session, ROLLBACK, self.level)
                except errors.TakeoError:
                    pass
            self._closed("rolled_back")
            raise
        self._closed(status)
        if status == "committed" and outer is not None:
            outer._after_commit += self._after_commit
            outer._after_rollback += self._after_rollback
            return
        for function in self._after_commit if status == "committed" else self._after_rollback:
            function()

    def _closed(self, status: str) -> None:
        self.status = status
        self.handle = self.source._ended


class Scope:
    """What `db.transaction()` gives.  Only `.run` and the decorator can be repeated."""

    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(self, source: Any, flags: int, isolation: int, retry: int) -> None:
        self._source = source
        self._argument = flags | isolation << 8
        self._retry = retry
        self._open: list[Any] = []  # (transaction, session to close or None, what was bound before)

    def __enter__(self) -> Transaction:
        if self._retry:
            raise errors.ConfigError(
                "a with block cannot be repeated",
                why="Python runs the body of a with block once",
                hint="db.transaction(retry=5).run(function), or @db.transaction(retry=5)",
            )
        return self._begin()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._finish(error)

    def _begin(self) -> Transaction:
        bound = self._source._bound
        before = bound.get()
        outer = self._source._current.get() if before is not None else None
        session = before if before is not None else door.session(self._source.handle)
        try:
            door.control(session, BEGIN, self._argument)
        except BaseException:
            if before is None:
                door.close(session)
            raise
        transaction = Transaction(self._source, session, door.session_level(session), outer)
        self._open.append((transaction, session if before is None else None, before, outer))
        bound.set(session)
        self._source._current.set(transaction)
        return transaction

    def _finish(self, error: BaseException | None) -> None:
        transaction, session, before, outer = self._open.pop()
        self._source._bound.set(before)
        self._source._current.set(outer)
        try:
            if transaction.status == "active":
                if error is None:
                    transaction._end("committed")
                else:
                    _undo(transaction)
        finally:
            if session is not None:
                door.close(session)

    def __call__(self, function: Any, /) -> Any:
        """As a decorator: every call of the function is a transaction."""
        from functools import wraps

        source, argument, retry = self._source, self._argument, self._retry

        @wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            scope = Scope(source, argument & 0xFF, argument >> 8, retry)
            return scope.run(function, *args, **kwargs)

        return inside

    def run(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function in a transaction and give its result; with `retry=` again as a whole, when
        the failure says that this may help."""
        for attempt in range(1, self._retry + 2):
            outer = self._source._current.get()
            try:
                self._begin()
                try:
                    result = function(*args, **kwargs)
                except BaseException as e:
                    self._finish(e)
                    raise
                self._finish(None)
                return result
            except errors.TakeoError as e:
                pause = self._pause(e, attempt) if outer is None else None  # never a single savepoint
                if pause is None:
                    raise
                _sleep(pause)
        raise AssertionError  # the last attempt has no pause

    def _pause(self, error: errors.TakeoError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; None: do not try again."""
        if attempt > self._retry:
            return None
        failed = ffi.new("takeo_error *")
        failed.struct_size = ffi.sizeof("takeo_error")
        for name in ("flags", "status", "outcome", "native_code"):
            setattr(failed, name, error.record.get(name) or 0)
        out = ffi.new("int64_t *")
        return out[0] / 1e9 if lib.takeo_txn_retry(failed, attempt, out) == 1 else None


def _undo(transaction: Transaction) -> None:
    """Roll back after a failure, which is what the caller has to hear of."""
    try:
        transaction._end("rolled_back")
    except errors.TakeoError:
        transaction._closed("rolled_back")


def _sleep(seconds: float) -> None:
    from time import sleep

    sleep(seconds)
