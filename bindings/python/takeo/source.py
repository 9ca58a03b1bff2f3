"""`DataSource`: one database, its entities, its repositories.

Making one opens nothing; the model is made and verified at the first use, the connection by the first
operation.  It must not know SQL or how statements are compiled.
"""

from __future__ import annotations

import os
from _thread import RLock
from contextvars import ContextVar
from weakref import WeakSet

from . import errors
from ._compile import Statements
from ._door import CONNECT, SYNCHRONIZE, door
from ._executor import Executor
from ._lib import Memory, call, ffi, lib
from ._register import EntityModel, Model
from .pool import Pool, limits_of
from .query import seconds_of
from .transaction import ISOLATIONS, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

WAITS = {"adaptive": 0, "poll": lib.TAKEO_SOURCE_POLL}
COERCE = {"exact": 0, "text": lib.TAKEO_OP_COERCE_TEXT, "lossy": lib.TAKEO_OP_COERCE_LOSSY}

_all: WeakSet[DataSource] = WeakSet()


def _renew_locks() -> None:
    """In a forked child: another thread of the parent may have held one, and will never let go."""
    for source in _all:
        source._renew_lock()


os.register_at_fork(after_in_child=_renew_locks)


class DataSource(Executor):
    """One database.

    Args:
        url: `sqlite:///file.db`, `sqlite://` (memory), `postgresql://user:password@host/database`;
            when left out TAKEO_DATABASE_URL, then DATABASE_URL.
        entities: classes, modules, or dotted names of modules and packages; every entity imported so
            far when left out.  Targets of relations come along.
        schema, table_prefix: of all tables that say nothing else.
        pool_size: how many connections there may be; SQLite has one.
        pool_min: how many `connect()` opens ahead, and how many are not closed for being idle.
        pool_timeout: seconds that work waits for a connection.
        connect_timeout: seconds that connecting may take, with all hosts together.
        idle_timeout: seconds after which an idle connection is closed, at the next time that one
            comes back; None: never.
        pool_lifetime: seconds after which a connection is closed when it comes back; None: never.
        statement_timeout: seconds after which a call is cancelled, when it says nothing itself; waiting
            for a connection counts.
        isolation: of transactions that say nothing.
        coerce: "exact", or "text" (ISO and decimal text is read) or "lossy" (and numbers are rounded).
        max_result_bytes: a larger result is ResultTooLarge.
        prepared: "auto", "on" or "off": whether statements stay prepared on the server under a name;
            "auto": unless a pooler is noticed.
        wait: "adaptive", or "poll": never spin while waiting for a server.
        password: of the server, when it is not in the URL; or a function that gives it, for tokens that
            expire: called before each new connection, by the thread that needs it, also by several at
            once.  What it raises is the cause of a ConnectFailed.  It must not use the data source.
        application_name: what the server calls the connections; "takeo" when left out.
        driver_options: further words of the URL's query, which they win over.

    Raises:
        ConfigError: an option or the URL is wrong.

    Example:
        >>> with DataSource("sqlite:///world.db", entities=[Country, City]) as db:
        ...     db.synchronize()
        ...     db.repository(City).find(City.population > 1_000_000)
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        entities: Any = None,
        schema: str | None = None,
        table_prefix: str = "",
        pool_size: int = 10,
        pool_min: int = 0,
        pool_timeout: float = 30.0,
        connect_timeout: float | None = 10.0,
        idle_timeout: float | None = 300.0,
        pool_lifetime: float | None = None,
        statement_timeout: float | None = None,
        isolation: str | None = None,
        coerce: str = "exact",
        max_result_bytes: int | None = None,
        prepared: str = "auto",
        wait: str = "adaptive",
        password: str | Callable[[], str] | None = None,
        application_name: str | None = None,
        driver_options: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url or os.environ.get("TAKEO_DATABASE_URL") or os.environ.get("DATABASE_URL")
        if not isinstance(self._url, str):
            raise errors.ConfigError(
                "there is no URL of a database",
                why="neither the argument nor TAKEO_DATABASE_URL nor DATABASE_URL says one",
                hint='DataSource("sqlite:///world.db")',
            )
        if coerce not in COERCE:
            raise errors.ConfigError(f"coerce={coerce!r} is not known", expected=", ".join(COERCE))
        if isolation not in ISOLATIONS:
            raise _isolation(isolation)
        self._entities = entities
        self._schema = schema
        self._prefix = table_prefix
        if wait not in WAITS:
            raise errors.ConfigError(f"wait={wait!r} is not known", expected=", ".join(WAITS))
        self._limits = limits_of(
            pool_size, pool_min, _time("pool_timeout", pool_timeout), connect_timeout, idle_timeout, pool_lifetime
        )
        self._wait = WAITS[wait]
        self._settings = dict(driver_options or ())
        if prepared != "auto":
            self._settings["prepared"] = prepared
        self._password = password if callable(password) else None
        words = (("password", None if callable(password) else password), ("application_name", application_name))
        for name, value in words:
            if value is not None:
                self._settings[name] = value
        self._statement = 0
        if statement_timeout is not None:
            self._statement = int(_time("statement_timeout", statement_timeout) * 1e9)
        self._budget = _size("max_result_bytes", max_result_bytes)
        self._isolation = isolation
        self.options = COERCE[coerce]
        self._renew_lock()
        _all.add(self)
        self._made = False
        self._is_closed = False
        self._bound: ContextVar[Any] = ContextVar("takeo_session", default=None)
        self._current: ContextVar[Any] = ContextVar("takeo_transaction", default=None)

    def __repr__(self) -> str:
        return f"DataSource({_masked(self._url or '')!r})"

    # ---- opening.  `known`, `statements` and `handle` are made at the first use, once; `_ended` is a
    # session whose every use raises TransactionClosed.
    def __getattr__(self, name: str) -> Any:
        if name in ("known", "statements", "handle"):
            self._open()
            return self.__dict__[name]
        raise AttributeError(f"DataSource has no attribute {name!r}")

    def _renew_lock(self) -> None:
        self._lock = RLock()

    def _open(self) -> None:
        with self._lock:
            if self._made:
                return
            if self._is_closed:
                raise errors.Closed("the data source is closed")
            model = Model(self._entities, schema=self._schema, table_prefix=self._prefix)
            memory = Memory()
            options = memory.new("takeo_source_options *")
            options.struct_size = ffi.sizeof("takeo_source_options")
            options.url = memory.name(self._url, is_secret=True)
            options.flags, options.pool = self._wait, self._limits
            options.statement_ns, options.byte_budget = self._statement, self._budget
            options.settings, options.setting_count = _settings(memory, self._settings), len(self._settings)
            if door.check is not None:
                options.check = door.check
            asked = None
            if self._password is not None:
                from . import _password

                asked = options.password = _password.callback(self._password)
            if self._dialect() != "sqlite":
                from . import _notices

                options.show_notices = _notices.callback()
            out = ffi.new("takeo_source **")
            call(lib.takeo_source_open, model.handle, options, out)
            handle = door.source(out[0], self._bound, asked)
            ended = door.session(handle)
            door.close(ended)
            # All at once: a child may be forked at any moment, and half of it would be of no use there.
            self.__dict__.update(
                known=model, statements=Statements(model), _pointer=out[0], handle=handle, _ended=ended, _made=True
            )

    def _with_pointer(self, function: Any) -> None:
        """Call a function of the C ABI with the source, which is not closed meanwhile."""
        self._open()
        with self._lock:
            if self._is_closed:
                raise errors.Closed("the data source is closed")
            function(self._pointer)

    @property
    def pool(self) -> Pool:
        """The connections: `db.pool.stats()`."""
        return Pool(self)

    def model(self, entity: type, /) -> EntityModel:
        """The entity as the core knows it, with final names and numbers."""
        return self.known.of(entity)  # type: ignore[no-any-return]

    @property
    def models(self) -> tuple[EntityModel, ...]:
        """All entities of this data source."""
        return tuple(self.known.by_class.values())

    def _dialect(self) -> str:
        scheme = (self._url or "").partition(":")[0].partition("+")[0]
        known = {"postgres": "postgresql", "mysql": "mariadb"}
        return known.get(scheme, scheme)

    def validate(self) -> None:
        """Verify all declarations now.

        Raises:
            MappingError: one of them is wrong; MappingErrors when several are.
        """
        self._open()

    def connect(self) -> DataSource:
        """Connect now, `pool_min` times and at least once; a second call is harmless."""
        door.control(self.handle, CONNECT)
        return self

    def close(self) -> None:
        """Close the connections, those in use when they come back; every later use raises Closed.

        Twice is harmless.  `db.pool.drain()` lets what has begun end before.
        """
        with self._lock:
            self._is_closed = True
            if self._made:
                door.close(self.handle)

    def __enter__(self) -> DataSource:
        return self.connect()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.close()

    # ---- work
    def transaction(
        self,
        *,
        isolation: str | None = None,
        read_only: bool = False,
        deferrable: bool = False,
        retry: int = 0,
    ) -> Scope:
        """A transaction: `with db.transaction() as tx:`, `@db.transaction()`, `.run(function)`.

        Args:
            isolation: "read committed", "repeatable read", "serializable" ...
            read_only: a write is ReadOnly.
            deferrable: of PostgreSQL, with read_only and "serializable": wait until nothing can go wrong.
            retry: how often the function is run again after a serialization failure, a deadlock, a
                lock that was not had or a busy database; not for `with`.
        """
        if isolation not in ISOLATIONS:
            raise _isolation(isolation)
        if isinstance(retry, bool) or not isinstance(retry, int) or retry < 0:
            raise errors.ConfigError("retry= is a count", got=errors.shown(retry))
        level = isolation if isolation is not None or self._bound.get() is not None else self._isolation
        flags = lib.TAKEO_TXN_READ_ONLY if read_only else 0
        flags |= lib.TAKEO_TXN_DEFERRABLE if deferrable else 0
        return Scope(self, flags, ISOLATIONS[level], retry)

    def synchronize(self, *, plan: bool = False) -> list[str]:
        """Create the tables and indexes that are missing; gives the statements.

        Args:
            plan: send nothing, only give the statements.

        Raises:
            MappingError: a table is there, but differs; nothing is altered.
        """
        flags = lib.TAKEO_SYNCHRONIZE_PLAN if plan else 0
        return door.control(self.handle, SYNCHRONIZE, flags)  # type: ignore[no-any-return]


def _masked(url: str) -> str:
    """A URL without its passwords."""
    text = url.partition("\0")[0].encode("utf-8", "replace")
    buffer = ffi.new("char[]", lib.takeo_url_mask(text, ffi.NULL, 0) + 1)
    lib.takeo_url_mask(text, buffer, len(buffer))
    return ffi.string(buffer).decode("utf-8")  # type: ignore[no-any-return]


def _settings(memory: Memory, settings: dict[str, Any]) -> Any:
    """takeo_setting *"""
    made = memory.new("takeo_setting[]", len(settings))
    for place, (name, value) in zip(made, settings.items()):
        if not isinstance(name, str) or not isinstance(value, str):
            raise errors.ConfigError(f"{name}= is no text", got=type(value).__name__)
        place.key, place.value = memory.name(name), memory.name(value, is_secret=True)
    return made


def _isolation(value: Any) -> errors.ConfigError:
    known = [name for name in ISOLATIONS if name]
    return errors.ConfigError(f"isolation={value!r} is not known", expected=", ".join(known))


def _time(option: str, value: Any) -> float:
    try:
        return seconds_of(value)
    except errors.InputError as e:
        raise errors.ConfigError(f"{option}= {e.message}", got=e.got) from None


def _size(option: str, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise errors.ConfigError(f"{option}= is a number of bytes", got=errors.shown(value))
    return value
