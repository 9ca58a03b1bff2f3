"""`db.pool`: what the connections of a data source do, and how many there may be.

The pool itself is the core's.  It must not know statements or transactions.
"""

from __future__ import annotations

from . import errors
from ._door import DRAIN, door
from ._lib import call, ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .source import DataSource

COUNTS = (
    "max_size", "size", "idle", "busy", "connecting", "waiting", "acquired", "timed_out", "connected",
    "connect_failed", "closed_lifetime", "closed_idle", "closed_broken",
)  # fmt: skip


class PoolStats:
    """The pool at one moment, and since the data source was opened.

    Attributes:
        max_size: how many connections there may be.
        size, idle, busy, connecting: how many there are, and of them the free, the borrowed and those
            that are being opened.
        waiting: operations in the queue.
        acquired, timed_out: how often a connection was borrowed (once for a transaction), or not
            within the time.
        connected, connect_failed: how often one was opened, or could not be.
        closed_lifetime, closed_idle, closed_broken: how often one was closed, and why.
        wait_seconds: all waiting in the queue together.
        oldest_holder_seconds: how long the longest transaction has had its connection.
    """

    __slots__ = (*COUNTS, "wait_seconds", "oldest_holder_seconds")

    def __init__(self, stats: Any) -> None:
        for name in COUNTS:
            setattr(self, name, getattr(stats, name))
        self.wait_seconds = stats.wait_ns / 1e9
        self.oldest_holder_seconds = stats.oldest_holder_ns / 1e9

    def __repr__(self) -> str:
        return f"PoolStats({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class Pool:
    """The connections of a data source."""

    __slots__ = ("_source",)

    def __init__(self, source: DataSource) -> None:
        self._source = source

    def stats(self) -> PoolStats:
        """Count them.

        Raises:
            Closed: the data source is closed.
        """
        out = ffi.new("takeo_pool_stats *")
        out.struct_size = ffi.sizeof("takeo_pool_stats")
        self._source._with_pointer(lambda pointer: lib.takeo_source_stats(pointer, out))
        return PoolStats(out)

    def limit(
        self,
        size: int = 10,
        *,
        min: int = 0,
        timeout: float = 30.0,
        connect_timeout: float | None = 10.0,
        idle_timeout: float | None = 300.0,
        lifetime: float | None = None,
    ) -> None:
        """Set all limits anew while the pool works; they are those of `DataSource`.

        What is left out gets its default again.  Free connections that are too many are closed at
        once, borrowed ones when they come back.

        Raises:
            ConfigError: a limit is wrong.
            Closed: the data source is closed.
        """
        limits = limits_of(size, min, timeout, connect_timeout, idle_timeout, lifetime)
        self._source._with_pointer(lambda pointer: call(lib.takeo_source_limit, pointer, limits))

    def drain(self, timeout: float | None = 30.0) -> int:
        """Take no new work, wait until what has begun has ended, and close all connections.

        What has begun are calls, those that wait for a connection included, and open transactions with
        all that still comes in them; everything else raises Closed from now on.

        Args:
            timeout: seconds after which what is left is cut off: calls are cancelled, transactions
                rolled back; 0: at once; None: never.

        Returns:
            How many calls and transactions were cut off.

        Raises:
            InterfaceError: inside a transaction, which it would wait for.
            Closed: the data source is closed.

        Example:
            >>> db.pool.drain(timeout=5)
            0
        """
        at_once = timeout == 0 and timeout is not False
        patience = 0 if at_once else nanoseconds("timeout", timeout)
        return door.control(self._source.handle, DRAIN, patience)  # type: ignore[no-any-return]


def limits_of(size: Any, least: Any, timeout: Any, connect: Any, idle: Any, lifetime: Any) -> Any:
    """takeo_pool_limits *"""
    limits = ffi.new("takeo_pool_limits *")
    limits.struct_size = ffi.sizeof("takeo_pool_limits")
    limits.max_size = count("pool_size", size, 1)
    limits.min_size = count("pool_min", least, 0)
    limits.acquire_ns = nanoseconds("pool_timeout", timeout)
    limits.connect_ns = nanoseconds("connect_timeout", connect)
    limits.idle_ns = nanoseconds("idle_timeout", idle)
    limits.lifetime_ns = nanoseconds("pool_lifetime", lifetime)
    return limits


def count(option: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**31:
        raise errors.ConfigError(f"{option}= is a count of at least {least}", got=errors.shown(value))
    return value


def nanoseconds(option: str, value: Any) -> int:
    """None is without a limit."""
    from .query import seconds_of

    if value is None:
        return -1
    try:
        return int(seconds_of(value) * 1e9)
    except errors.InputError as e:
        raise errors.ConfigError(f"{option}= {e.message}", got=e.got) from None
