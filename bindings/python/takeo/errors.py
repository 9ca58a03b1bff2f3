"""Every exception of Takeo, how it reads, and how the core's record of a failure becomes one.

It must not import the door or the core, so that both may import it.  What the failures mean stands
in `_error.py`, which is generated.

An exception says, in this order: a dotted code and one line in the user's nouns; the user's file and
line; expected and got; the nearest names; why; a fix; what the database said.
"""

from __future__ import annotations

import sys

from ._error import CODES, STATUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_OUTCOMES = {1: "not_sent", 2: "rolled_back", 3: "committed", 4: "unknown"}
_PACKAGE = __name__.partition(".")[0]
_RETRYABLE = 1
_TOLD = (
    "code", "message", "entity", "field", "constraint", "expected", "got", "why", "hint", "detail",
    "sqlstate", "errno", "sql", "retryable", "outcome", "file", "line",
)  # fmt: skip


class Diag:
    """What the database named in a failure; each is a text or None."""

    __slots__ = ("column_name", "constraint_name", "detail", "position", "schema_name", "table_name")

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.schema_name: str | None = record.get("schema_name")
        self.table_name: str | None = record.get("table_name")
        self.column_name: str | None = record.get("column_name")
        self.constraint_name: str | None = record.get("constraint_name")
        self.detail: str | None = record.get("detail")
        self.position: int | None = record.get("position") or None


class TakeoError(Exception):
    """Root of all failures.

    Attributes: code (dotted, the name of its page), sqlstate, errno, diag, sql (with placeholders),
    params (always None: values are not kept), entity, field, constraint, retryable, outcome
    ("not_sent", "rolled_back", "committed", "unknown" or None), expected, got, nearest, why, hint,
    detail (what the database said), errors (all findings of the pass, this one first), file, line.
    """

    code: str = "TAKEO.CALL.INVALID"

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        entity: str | None = None,
        field: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        nearest: Iterable[str] = (),
        why: str | None = None,
        hint: str | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        record = record or {}
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.entity = entity
        self.field = field
        self.expected = expected
        self.got = got
        self.nearest = tuple(nearest)
        self.why = why
        self.hint = hint
        self.detail: str | None = record.get("detail")
        self.sqlstate: str | None = record.get("sqlstate")
        self.errno: int | None = record.get("native_code") or None
        self.sql: str | None = record.get("sql")
        self.params: None = None
        self.constraint: str | None = record.get("constraint_name")
        self.retryable = bool((record.get("flags") or 0) & _RETRYABLE)
        self.outcome: str | None = _OUTCOMES.get(record.get("outcome") or 0)
        self.object: int | None = record.get("object") or None
        self.diag = Diag(record)
        self.errors: tuple[TakeoError, ...] = (self,)
        self.record = dict(record)
        self.file, self.line = _caller()

    def __str__(self) -> str:
        parts = [self._text()]
        parts += [error._text() for error in self.errors if error is not self]
        return "\n".join(parts)

    def _text(self) -> str:
        lines = [f"{self.code}: {self._about()}{_plain(self.message)}"]
        if self.file is not None:
            lines += _place(self.file, self.line, self.got, self.nearest)
        if self.expected is not None:
            lines.append(f"  expected: {_plain(self.expected)}")
        if self.got is not None:
            lines.append(f"  got: {_plain(self.got)}")
        if self.nearest:
            lines.append(f"  nearest: {', '.join(map(_plain, self.nearest))}")
        said = self.why or self.hint or self.expected or self.nearest
        if self.why or (not said and self.code in CODES):
            lines.append(f"  why: {_plain(self.why or CODES[self.code])}")
        if self.hint:
            lines.append(f"  fix: {_plain(self.hint)}")
        if self.detail:
            lines.append(f"  database: {_plain(self.detail)}")
        if self.sql:
            lines.append(f"  sql: {_plain(self.sql)}")
            if self.diag.position:
                lines.append(" " * (6 + self.diag.position) + "^")
        return "\n".join(lines)

    def _about(self) -> str:
        """The column that it is about, and which object of several, unless the message says so."""
        if not self.field or self.field in _words(self.message):
            return ""
        place = f"{self.entity}.{self.field}" if self.entity else self.field
        return f"{_plain(place)}, object {self.object}: " if self.object else f"{_plain(place)}: "

    def to_dict(self) -> dict[str, Any]:
        """The same as `str`, for machines: plain dicts, lists, texts and numbers."""
        said = {name: getattr(self, name) for name in _TOLD}
        said["class"] = type(self).__name__
        said["nearest"] = list(self.nearest)
        said["errors"] = [e.to_dict() for e in self.errors if e is not self]
        return said

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        state["errors"] = tuple(e for e in self.errors if e is not self)
        return _again, (type(self), self.message), state

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        assert state is not None
        self.__dict__.update(state)
        self.errors = (self, *state["errors"])


def _again(kind: type[TakeoError], message: str) -> TakeoError:
    return kind(message)


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() or char == "_" else " " for char in text).split()


# ---- PEP 249 -----------------------------------------------------------------------------------------


class InterfaceError(TakeoError):
    """Takeo itself was used in a way that it cannot follow."""


class Closed(InterfaceError):
    """Use of a data source after its close."""

    code = "TAKEO.CALL.CLOSED"


class TransactionClosed(InterfaceError):
    """Use of a transaction after its end."""

    code = "TAKEO.TXN.CLOSED"


class DatabaseError(TakeoError):
    """The database refused or failed; the leaves say why."""


class DataError(DatabaseError):
    """A value that the database cannot take or give."""


class DecodeError(DataError):
    """A stored value has no exact Python form."""


class OperationalError(DatabaseError):
    """The database could not do its work."""


class IntegrityError(DatabaseError):
    """A constraint refused the row."""


class UniqueViolation(IntegrityError):
    """A row with the same unique value is there."""


class ForeignKeyViolation(IntegrityError):
    """A row refers to one that is not there, or is still referred to."""


class NotNullViolation(IntegrityError):
    """NULL in a column that takes none."""


class CheckViolation(IntegrityError):
    """A check constraint refused the row."""


class ExclusionViolation(IntegrityError):
    """An exclusion constraint refused the row."""


class SerializationFailure(OperationalError):
    """The transaction read what somebody else changed; run it again as a whole."""


class DeadlockDetected(OperationalError):
    """Two transactions waited for each other; run this one again as a whole."""


class LockTimeout(OperationalError):
    """A lock was not free in time."""


class Busy(OperationalError):
    """The database is locked by somebody else."""


class QueryCanceled(OperationalError):
    """The statement was cancelled."""


class StatementTimeout(QueryCanceled):
    """The statement passed its deadline and was cancelled."""


class ConnectFailed(OperationalError):
    """No connection could be made."""


class ConnectionLost(OperationalError):
    """The connection broke; `outcome` says what became of the work."""


class TooManyConnections(OperationalError):
    """The server takes no more connections."""


class AuthFailed(OperationalError):
    """The server did not accept the credentials."""


class ReadOnly(OperationalError):
    """The database or the transaction is read-only."""


class DiskFull(OperationalError):
    """The server's disk is full."""


class ServerOutOfMemory(OperationalError):
    """The server ran out of memory."""


class ProtocolError(OperationalError):
    """The server said something that its protocol does not allow."""


class PipelineAborted(OperationalError):
    """A statement before this one failed."""


class ResultTooLarge(OperationalError):
    """The result passed the byte budget."""


class ProgrammingError(DatabaseError):
    """The statement is wrong."""


class UndefinedTable(ProgrammingError):
    """The database has no such table."""


class UndefinedColumn(ProgrammingError):
    """The table has no such column."""


class SQLSyntaxError(ProgrammingError):
    """The database does not understand the SQL."""


class InternalError(DatabaseError):
    """A rule inside Takeo or the database was broken."""


class NotSupportedError(DatabaseError):
    """Not by this server, this build or this version."""


# ---- the ORM's own -----------------------------------------------------------------------------------


class NotFound(TakeoError):
    """No row fits."""

    code = "TAKEO.RESULT.NOT_FOUND"


class MultipleFound(TakeoError):
    """More than one row fits where one was asked for."""

    code = "TAKEO.RESULT.MULTIPLE"


class NotLoaded(TakeoError):
    """A column or relation was read that was not loaded; deliberately no AttributeError."""

    code = "TAKEO.RESULT.NOT_LOADED"


class StaleEntity(TakeoError):
    """The row is gone or was changed by somebody else."""

    code = "TAKEO.WRITE.STALE"


class UnsafeQuery(TakeoError):
    """An UPDATE or DELETE of every row that did not say so."""

    code = "TAKEO.QUERY.NO_CONDITION"


class InputError(TakeoError):
    """A value or a call that cannot mean exactly one thing; nothing was sent."""

    code = "TAKEO.INPUT.TYPE"


class UnknownField(TakeoError, AttributeError):
    """The entity has no field of that name."""

    code = "TAKEO.QUERY.UNKNOWN_FIELD"


class PoolTimeout(TakeoError):
    """No connection was free in time."""

    code = "TAKEO.CONNECT.BUSY"


class Forked(TakeoError):
    """A handle of the parent process was used in a child."""

    code = "TAKEO.CALL.FORKED"


class ConfigError(TakeoError):
    """An option or a part of the URL is wrong."""

    code = "TAKEO.CONFIG.INVALID"


class MappingError(TakeoError):
    """A declaration is wrong."""

    code = "TAKEO.MODEL.INVALID"


class MappingErrors(MappingError):
    """All findings of one pass over the declarations, in `errors`."""

    def __init__(self, message: str = "", errors: Iterable[TakeoError] = (), **said: Any) -> None:
        super().__init__(message, **said)
        self.errors = (self, *errors)


class MigrationError(TakeoError):
    """A migration could not be run."""


class ChecksumMismatch(MigrationError):
    """An applied migration was changed."""


class MigrationLocked(MigrationError):
    """Somebody else is migrating."""


class BudgetExceeded(TakeoError):
    """A test sent more statements than its budget allows."""


class TakeoWarning(UserWarning):
    """Root of all warnings."""


class NPlusOneWarning(TakeoWarning):
    """The same statement from the same line, again and again."""


class SlowQueryWarning(TakeoWarning):
    """A statement took longer than `slow_ms`."""


class UnsafeMigrationWarning(TakeoWarning):
    """A migration that may lose data or lock for long."""


class TakeoDeprecationWarning(TakeoWarning, DeprecationWarning):
    """A word that will go."""


# ---- from the core ------------------------------------------------------------------------------------


def from_record(record: Mapping[str, Any]) -> BaseException:
    """The exception for a failure of the core: keys are the names of struct takeo_error, `cause` and
    `next` are records again (a door may give the further ones as a list, `findings`).  Gives it, does
    not raise it."""
    found = [_from_one(record), *map(_from_one, record.get("findings") or ())]
    further = record.get("next")
    while further:
        found.append(_from_one(further))
        further = further.get("next")
    first = found[0]
    if record.get("code") == "TAKEO.CONNECT.PASSWORD":
        from . import _password

        return _password.failure(first)
    if len(found) > 1 and isinstance(first, MappingError):
        return mapping_errors([e for e in found if isinstance(e, MappingError)])
    if isinstance(first, TakeoError):
        first.errors = tuple(e for e in found if isinstance(e, TakeoError))
    return first


def _from_one(record: Mapping[str, Any]) -> BaseException:
    kind = globals().get(STATUS.get(record.get("status") or 0, "InternalError"))
    message = record.get("message") or ""
    if kind is None:  # MemoryError
        return MemoryError(message)
    nearest = record.get("nearest")
    error: TakeoError = kind(
        message,
        code=record.get("code"),
        entity=record.get("entity"),
        field=record.get("field"),
        expected=record.get("expected"),
        got=record.get("got"),
        nearest=nearest.split(", ") if nearest else (),
        why=record.get("why"),
        hint=record.get("hint"),
        record={k: v for k, v in record.items() if k not in ("cause", "next", "findings")},
    )
    cause = record.get("cause")
    if cause:
        error.__cause__ = _from_one(cause)
    return error


def mapping_errors(found: list[MappingError]) -> MappingError:
    """One exception for all findings of a pass; the finding itself when there is one."""
    if len(found) == 1:
        return found[0]
    first = found[0]
    told = MappingErrors(
        f"{len(found)} declarations are wrong", found, code=first.code, entity=first.entity, field=first.field
    )
    if told.code == "TAKEO.MODEL.DIFFERS":
        told.message = f"the database differs from the declarations in {len(found)} places"
    return told


def not_loaded(field: Any, instance: Any) -> BaseException:
    """The exception for reading an empty slot; both doors raise it."""
    name, entity, is_relation = field.about.name, type(instance).__name__, field.about.is_relation
    path = f"{entity}.{name}"
    if not type(instance)._takeo.exists(instance) and not is_relation:
        return NotLoaded(
            f"{path} has no value yet",
            entity=entity,
            field=name,
            why="the object was not saved, and nobody gave it",
            hint="set it, or save the object when the database makes it",
        )
    return NotLoaded(
        f"{path} was not loaded",
        entity=entity,
        field=name,
        why="Takeo never sends a query behind your back",
        hint=f"load=[{path}] in the find, or db.load(objects, {path}) for objects in hand"
        if is_relation
        else f"load=[{path}] in the find, or db.reload(object, {path})",
    )


def unknown_field(entity: str, name: str, names: Iterable[str]) -> UnknownField:
    """`entity` has no field `name`; `names` are those that it has."""
    known = list(names)
    near = nearest(name, known)
    error = UnknownField(
        f'{entity} has no field "{name}"',
        entity=entity,
        field=name,
        got=name,
        nearest=near,
        why=f"{entity} has {', '.join(known)}" if known else None,
        hint=f"{entity}.{near[0]}" if near else None,
    )
    error.name, error.obj = name, None
    return error


def nearest(word: str, words: Iterable[str]) -> list[str]:
    """Up to three names that look like `word`."""
    if len(word) > 100:
        return []
    import difflib

    return difflib.get_close_matches(word, list(words), 3, 0.6)


def shown(value: object, limit: int = 80) -> str:
    """A value as messages show it: its class and a short repr that cannot fail."""
    try:
        text = repr(value)
    except Exception:
        text = "<no repr>"
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return f"{text} ({type(value).__name__})"


# ---- places and text ------------------------------------------------------------------------------------


def _caller() -> tuple[str | None, int]:
    """File and line of the first frame outside the package."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] != _PACKAGE:
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None, 0


def _place(file: str, line: int, got: str | None, near: tuple[str, ...]) -> list[str]:
    import linecache
    import os.path

    try:
        short = os.path.relpath(file)
    except (ValueError, OSError):
        short = file
    if short.startswith(".."):
        short = file
    head = f"  {short}:{line}"
    source = linecache.getline(file, line).strip()
    if not source:
        return [head]
    lines = [f"{head}   {source}"]
    at = source.find(got) if got and near else -1
    if at >= 0 and got:
        lines.append(" " * (len(head) + 3 + at) + "^" * len(got) + f' did you mean "{near[0]}"?')
    return lines


def _plain(text: str) -> str:
    """Text that cannot move the cursor or hide itself: control and direction signs are escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
