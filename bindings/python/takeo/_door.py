"""The door: the one way from the package into the core's hot verbs, in two implementations.

`_builtin` uses functions that libtakeo.so makes at run time for CPython (the default); `_cffi_door`
uses blocks of cells through cffi and is what a host without CPython's functions would use
(TAKEO_DOOR=cffi).  Both behave the same and pass the same tests.  Everything that is not hot
(registering entities, opening, compiling, describing) goes through the C ABI in `_lib` for both.

This module holds the contract.  It knows no SQL and no entity's meaning.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Protocol, Sequence
else:
    Protocol = object

# What `run` gives back.
LIST = 0  # a list: entities or values when a row has one output, else tuples
TUPLES = 1  # a list of tuples, also for one output
DICTS = 2  # a list of dicts by label; two outputs of one label are an InputError
FIRST = 3  # the first row as in LIST, or None; further rows are not looked at
COUNT = 4  # rows changed, as an int
ONE = 5  # as FIRST, but MultipleFound when there is a second row

# Verbs of `write`.
SAVE, INSERT, UPDATE, UPSERT, REMOVE = range(5)

# What `control` does.
BEGIN, COMMIT, ROLLBACK, CONNECT, SYNCHRONIZE, DRAIN = range(6)

# Kinds of descriptors for `bind`.
COLUMN, TO_ONE, TO_MANY = range(3)

# A place is where a slot lies in an instance: an offset for the builtin door, a member descriptor for
# the other.  Nobody but the door looks into it.
if TYPE_CHECKING:
    Place = Any


class Door(Protocol):
    name: str  # "builtin" or "cffi"

    # ---- types that entities are made of ----------------------------------------------------------
    Field: type
    """Base of the class-side objects (columns and relations).  A data descriptor: on the class it
    gives itself, on an instance the slot's value.  Subclasses are Python classes; the one direct
    subclass must declare the slots `owner` and `hook` (set by `bind` only)."""

    def state_base(self, words: int) -> type:
        """Base of entities: `words` state words of 64 bits, a weak-list head, no object and no
        __dict__.  Bases with more words derive from those with fewer.  Made once per count."""
        ...

    def places(self, cls: type, names: Sequence[str]) -> dict[str, Place]:
        """Where the slots that `cls` itself declared lie in its instances; verified with a real
        instance, ImportError when CPython laid them out otherwise.  Called once, right after the
        class was made and before its members are replaced by fields."""
        ...

    def bind(self, field: Any, owner: type, kind: int, place: Place, bit: int,
             other: Place | None, hook: Callable[[Any, Any], None] | None) -> None:
        """Bind a field to its class, once.  Reading an instance whose slot is empty raises what
        `errors.not_loaded(field, instance)` returns; a TO_MANY of an instance whose state bit 0 is
        clear makes and keeps an empty list instead.  Assigning stores, sets `bit` in the state,
        empties the slot `other` (the hidden key of a relation; the relation of a declared key), then
        calls hook(instance, value).  Deleting empties the slot and clears nothing.  An instance that
        is not of `owner` is a TypeError."""

    def peek(self, instance: Any, place: Place) -> Any:
        """The slot's value, or UNSET (takeo.UNSET) when it is empty; no error, no marking."""

    def poke(self, instance: Any, place: Place, value: Any) -> None:
        """Fill the slot without marking anything; UNSET empties it."""

    def state(self, instance: Any) -> int:
        """The state words as one int: bit 0 the row exists, bit n column n was given or changed (by
        number, from 1), bit columns + n the relation n."""
        ...

    def set_state(self, instance: Any, bits: int) -> None: ...

    def new(self, cls: type) -> Any:
        """An empty instance, state 0, without calling __init__."""

    constructs: bool
    """Does the base's constructor read `_takeo_construction`, (fields by name, places that must be filled,
    ((place, default, is factory), ...)), of a class whose fields have no hooks?  The base's `__init__`
    calls `instance._takeo_construct(given)` for everything else."""

    check: Any
    """For takeo_source_options.check of a source that is used through this door, as for Ctrl-C; None: the
    door looks for signals by itself."""

    # ---- handles -----------------------------------------------------------------------------------
    def target(self, model: Any) -> Any:
        """A target for a frozen takeo_model * (a cffi pointer): the layouts of its entities."""

    def layout(self, target: Any, number: int, cls: type,
               columns: Sequence[tuple[Place, int, int, Place | None, Any] | None],
               links: Sequence[tuple[Place, int] | None]) -> None:
        """Say how entity `number` of the model looks.  For column number i, columns[i - 1] is
        (place, bit, part, loaded, aux): the slot, the state bit that stands for it, 0 or 1 + its place
        in the tuple of a composite hidden key, the slot for the loaded form of a mutable column
        (JSON, arrays) or None, and aux: for an enum a pair of dicts (stored value -> member, member
        -> stored value), for a JSON column with its own class None or a pair of functions, else None.
        For relation number i, links[i - 1] is (place, bit)."""

    def source(self, source: Any, bound: Any, asked: Any) -> Any:
        """A handle on a takeo_source *, which it takes over; `bound` is a ContextVar (default None) that
        holds the Session handle of the transaction that work on this source belongs to; `asked`, what
        the core calls for this source, lives as long as the handle."""

    def session(self, source: Any) -> Any:
        """A session of its own on a Source handle (for transactions)."""

    def session_level(self, session: Any) -> int:
        """0 outside transactions, 1 inside, 2 in a savepoint ..."""
        ...

    def close(self, handle: Any) -> None:
        """Close a source or free a session; later use of the handle raises Closed or
        TransactionClosed.  Twice is harmless."""

    def statement(self, statement: Any, target: Any) -> Any:
        """A handle on a takeo_statement * with the plan of its rows; takes over the reference."""

    # ---- verbs -----------------------------------------------------------------------------------------
    # `where` is a Source handle (the session bound in this context, else the shared one) or a Session
    # handle.  Failures raise what `errors.from_record(record: dict)` returns; exceptions of Python
    # (Ctrl-C, a value's own methods) pass through as they are.

    def run(self, where: Any, statement: Any, mode: int, arguments: tuple[Any, ...],
            timeout: float | None = None, options: int = 0) -> Any:
        """Run a statement with its arguments in order.  A list argument (IN) is a list or tuple.
        `options`: takeo_op_flags (COERCE_TEXT ...)."""

    def write(self, where: Any, target: Any, verb: int, objects: Sequence[Any],
              upsert: tuple[Any, ...] | None = None, columns: tuple[int, ...] = (),
              options: int = 0, entity: type | None = None) -> bytes:
        """Save, insert, update, upsert or remove objects (of any entities of the target): one
        crossing and one batch.  Gives one byte per object (takeo_written_values).  upsert is (on
        column numbers or None, update column numbers or None, nothing: bool, only_if_changed: bool,
        index_where: str or None, where: statement or None, its arguments: tuple).  With `entity`, an object of another class is an InputError."""
        ...

    def load(self, where: Any, target: Any, objects: Sequence[Any], paths: tuple[int, ...],
             again: bool) -> None:
        """Load relations of objects of one entity; paths are relation numbers, each path ended by
        0."""

    def reload(self, where: Any, target: Any, objects: Sequence[Any],
               columns: tuple[int, ...] | None) -> None:
        """Read objects of one entity again; columns None: all that are loaded."""

    def control(self, where: Any, what: int, argument: int = 0) -> Any:
        """BEGIN (argument: takeo_txn_flags | isolation << 8), COMMIT and ROLLBACK (argument: level,
        0 the innermost), CONNECT, SYNCHRONIZE (argument: takeo_synchronize_flags; gives the list of
        statements), DRAIN (argument: nanoseconds until what is left is cut off, -1 never; gives how
        much that was)."""


def _choose() -> Door:
    name = os.environ.get("TAKEO_DOOR", "builtin")
    if name == "builtin":
        from . import _builtin

        return _builtin.door
    if name == "cffi":
        from . import _cffi_door

        return _cffi_door.door
    raise ImportError(f"TAKEO_DOOR is {name!r}; it may be 'builtin' (the default) or 'cffi'")


door: Door = _choose()
