"""The cffi door: blocks of cells and structs through the C ABI, descriptors in Python.

It is what a host without CPython's functions would use (TAKEO_DOOR=cffi), and behaves as `_builtin`
does.  One operation is one crossing each way, whatever the number of rows or objects.  This module
knows no SQL and no entity's meaning.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Callable, Sequence

from . import _cffi_state as states
from . import errors
from ._abi import ffi
from ._cffi_calls import Call, Session, Source, check
from ._cffi_layouts import Layout, Target, refuse_object
from ._cffi_objects import (
    EXISTS,
    REMOVE,
    SAVE,
    UPDATE,
    UPSERT,
    Block,
    Blocks,
    Reader,
    settle_values,
    take_columns,
)
from ._cffi_results import Rows
from ._cffi_statements import COUNT, DICTS, Statement
from ._lib import NULL, Memory, lib
from .types import UNSET

BEGIN, COMMIT, ROLLBACK, CONNECT, SYNCHRONIZE, DRAIN = range(6)
MODES = 6


class CffiDoor:
    """See _door.Door.  One instance, `door`."""

    name = "cffi"
    Field: type = states.Field
    check = check
    state_base = staticmethod(states.state_base)
    places = staticmethod(states.places)
    bind = staticmethod(states.bind)
    peek, poke = staticmethod(states.peek), staticmethod(states.poke)
    state, set_state = staticmethod(states.state), staticmethod(states.set_state)
    new = staticmethod(states.new)
    constructs = False  # the package's own constructor

    # ---- handles
    def target(self, model: Any) -> Target:
        return Target(model)

    def layout(self, target: Target, number: int, cls: type, columns: Any, links: Any) -> None:
        target.add(number, cls, columns, links)

    def source(self, source: Any, bound: Any, asked: Any) -> Source:
        return Source(source, bound, asked)

    def session(self, source: Source) -> Session:
        return Session(source)

    def session_level(self, session: Session) -> int:
        return session.level()

    def close(self, handle: Any) -> None:
        if not isinstance(handle, (Source, Session)):
            raise TypeError("close(source or session) expected")
        handle.close()

    def statement(self, statement: Any, target: Target | None) -> Statement:
        return Statement(statement, target)

    # ---- run
    def run(
        self, where: Any, statement: Any, mode: int, arguments: tuple[Any, ...],
        timeout: float | None = None, options: int = 0,
    ) -> Any:  # fmt: skip
        if not isinstance(statement, Statement) or type(arguments) is not tuple:
            raise TypeError("run(where, statement, mode, arguments, timeout, options) expected")
        if not 0 <= mode < MODES:
            raise TypeError("a mode of _door expected")
        by_label = lib.TAKEO_OP_BY_LABEL if mode == DICTS else 0
        with Call(where, timeout, options | by_label) as call:
            cells = statement.arguments(call, arguments)
            takes_structs = statement.start(call, cells, mode)
            found = Rows(statement, call.rows(), takes_structs)
            if mode == COUNT:
                return len(found) if statement.is_select else call.result().affected or len(found)
            return found.give(mode)

    # ---- objects
    def write(
        self, where: Any, target: Target, verb: int, objects: Sequence[Any],
        upsert: tuple[Any, ...] | None = None, columns: tuple[int, ...] = (), options: int = 0,
        entity: type | None = None,
    ) -> bytes:  # fmt: skip
        if not isinstance(target, Target) or not isinstance(entity, (type, NoneType)):
            raise TypeError("write(where, target, verb, objects, upsert, columns, options, entity) expected")
        if not SAVE <= verb <= REMOVE:
            raise TypeError("a verb of _door expected")
        with Call(where, None, options) as call:
            batch = Batch(call, target, objects, entity)
            batch.prepare(verb, bool(columns))
            memory = Memory()
            made = _options(memory, verb, upsert, columns)
            if upsert is not None and upsert[5] is not None:
                made.where, made.arguments = upsert[5].handle, upsert[5].arguments(call, upsert[6])
                made.argument_count = len(upsert[6])
            call.finish(batch.start(verb, made))
            result = call.result()
            written = bytes(ffi.buffer(result.written, result.written_count)) if result.written_count else b""
            batch.settle(verb, written, columns)
            return written

    def load(
        self, where: Any, target: Target, objects: Sequence[Any], paths: tuple[int, ...], again: bool
    ) -> None:
        if not isinstance(target, Target):
            raise TypeError("load(where, target, objects, paths, again) expected")
        with Call(where) as call:
            batch = Batch(call, target, objects)
            layout = batch.one_layout()
            if layout is None:
                return
            _link_for_load(batch.blocks, batch.items, _tree_of(paths), bool(again))
            numbers = ffi.new("uint32_t[]", paths)
            start = lib.takeo_repo_load
            call.finish(start(call.op, target.handle, batch.lists(), numbers, len(paths)))
            _take_loaded(Reader(target, batch.blocks), batch.blocks, bool(again))

    def reload(
        self, where: Any, target: Target, objects: Sequence[Any], columns: tuple[int, ...] | None
    ) -> None:
        if not isinstance(target, Target):
            raise TypeError("reload(where, target, objects, columns) expected")
        with Call(where) as call:
            batch = Batch(call, target, objects)
            if batch.one_layout() is None:
                return
            wanted = _columns_again(batch.items, columns)
            numbers = ffi.new("uint32_t[]", columns) if columns else NULL
            start = lib.takeo_repo_reload
            call.finish(start(call.op, target.handle, batch.lists(), numbers, len(columns or ())))
            for block in dict.fromkeys(batch.items):
                _take_again(block, wanted)

    # ---- control
    def control(self, where: Any, what: int, argument: int = 0) -> Any:
        with Call(where) as call:
            call.finish(_start_control(call, what, argument))
            if what == DRAIN:
                return call.result().affected
            rows = call.rows()
            if rows is not None:
                return [_first_text(rows, index) for index in range(rows.row_count)]
            return [] if what == SYNCHRONIZE else None


class Batch:
    """The objects of one call, each with its struct."""

    def __init__(self, call: Call, target: Target, objects: Sequence[Any], wanted: Any = None) -> None:
        self.call = call
        self.target = target
        self.blocks = Blocks(target, call.writer)
        self.items: list[Block] = []
        self._kept: list[Any] = []
        for index, instance in enumerate(tuple(objects)):
            layout = target.of(instance)
            if layout is None or (wanted is not None and wanted not in type(instance).__mro__):
                raise refuse_object(instance, index, wanted)
            self.items.append(self.blocks.of(instance, layout))

    def one_layout(self) -> Layout | None:
        for index, block in enumerate(self.items):
            if block.layout is not self.items[0].layout:
                message = f"all objects must be of one entity; object {index + 1} is another"
                raise self.call.refuse("TAKEO.INPUT.ENTITY", message)
        return self.items[0].layout if self.items else None

    def lists(self) -> Any:
        """takeo_list of the objects: one for each run of objects of one entity, so their order stays."""
        runs: list[list[Block]] = []
        for block in self.items:
            if not runs or runs[-1][0].layout is not block.layout:
                runs.append([])
            runs[-1].append(block)
        lists = ffi.new("takeo_list[]", max(len(runs), 1))
        for into, run in zip(lists, runs):
            items = ffi.new("void *[]", [block.base for block in run])
            self._kept.append(items)
            into.items, into.count, into.entity = items, len(run), run[0].layout.entity
        self._kept.append(lists)
        self.list_count = len(runs)
        return lists

    def prepare(self, verb: int, are_columns_named: bool) -> None:
        for block in dict.fromkeys(self.items):
            if verb in (SAVE, UPDATE):
                self.blocks.mark_changed(block)
        for block in dict.fromkeys(self.items):
            if verb != REMOVE:
                self.blocks.check_lists(block)
            self.blocks.for_write(block, -1 if are_columns_named else verb)
            block.remember()

    def start(self, verb: int, options: Any) -> int:
        function = _verbs[verb]
        lists = self.lists()
        handle = self.target.handle
        return function(self.call.op, handle, lists, self.list_count, options)

    def settle(self, verb: int, written: bytes, columns: Sequence[int] | None) -> None:
        """What the core made goes into the objects, and their states say that their rows exist."""
        done = {
            id(block): block
            for block, what in zip(self.items, written)
            if what not in (lib.TAKEO_WRITTEN_NOTHING, lib.TAKEO_WRITTEN_SKIPPED)
        }
        for block in done.values():
            take_columns(block, list(block.written()))
            if verb != REMOVE:
                settle_values(block, columns)
            _settle_state(block, verb, columns)
        if verb != REMOVE:
            for block in dict.fromkeys(self.items):
                self.blocks.remember_mutable(block)


_verbs: dict[int, Callable[..., int]] = dict(enumerate((
    lib.takeo_repo_save, lib.takeo_repo_insert, lib.takeo_repo_update, lib.takeo_repo_upsert,
    lib.takeo_repo_remove,
)))  # fmt: skip


def _settle_state(block: Block, verb: int, columns: Sequence[int] | None) -> None:
    """Bits that were seen and written go; those that were set meanwhile stay."""
    cleared = block.seen & ~EXISTS
    if columns:
        places = (block.layout.column(number) for number in columns)
        cleared &= sum({1 << place.bit for place in places if place is not None})
    now = states.state(block.object) & ~cleared
    states.set_state(block.object, now & ~EXISTS if verb == REMOVE else now | EXISTS)


def _options(
    memory: Memory, verb: int, upsert: tuple[Any, ...] | None, columns: Sequence[int] | None
) -> Any:
    """takeo_save_options or takeo_upsert_options."""
    is_upsert = verb == UPSERT
    name = "takeo_upsert_options" if is_upsert else "takeo_save_options"
    made = memory.new(f"{name} *")
    made.struct_size = ffi.sizeof(name)
    if columns:
        made.columns, made.column_count = memory.new("uint32_t[]", list(columns)), len(columns)
    if not is_upsert or upsert is None:
        return made
    on, update, nothing, only_if_changed, index_where = upsert[:5]
    if on is not None:
        made.on, made.on_count = memory.new("uint32_t[]", list(on)), len(on)
    if update is not None:
        made.update, made.update_count = memory.new("uint32_t[]", list(update)), len(update)
    made.flags = lib.TAKEO_UPSERT_NOTHING if nothing else 0
    made.flags |= lib.TAKEO_UPSERT_ONLY_IF_CHANGED if only_if_changed else 0
    made.index_where = memory.name(index_where)
    return made


# ---- load, reload --------------------------------------------------------------------------------

def _tree_of(paths: Sequence[int]) -> dict[int, Any]:
    """Paths of relation numbers, each ended by 0, as a tree."""
    root: dict[int, Any] = {}
    at = root
    for number in paths:
        at = at.setdefault(number, {}) if number else root
    return root


def _link_for_load(blocks: Blocks, items: Sequence[Block], tree: Any, again: bool) -> None:
    """Tell the core the keys, and what is loaded already along the paths."""
    for number, rest in tree.items():
        members: list[Block] = []
        for block in items:
            link = block.layout.links[number - 1]
            if link is None:
                continue
            if link.to_one and link.owns_key:
                blocks.key_from_others(block, link)
            if not again:
                members += blocks.link(block, link)
        if members:
            _link_for_load(blocks, members, rest, again)


def _take_loaded(reader: Reader, blocks: Blocks, again: bool) -> None:
    """Fill the relations that the core loaded; those that were there already stay as they are."""
    for block in blocks.all.values():
        for link in block.layout.links:
            if link is not None and (again or states.peek(block.object, link.place) is UNSET):
                reader.link(block, link)
    reader.finish_row()


def _columns_again(items: Sequence[Block], numbers: Sequence[int] | None) -> list[int]:
    """The columns that are read again: the key, and those named or loaded in one of the objects."""
    layout = items[0].layout
    unset = lib.TAKEO_CELL_UNSET
    loaded = (
        column.number
        for column in layout.columns
        if column is not None and any(not block.cell(column.number).flags & unset for block in items)
    )
    return [*dict.fromkeys((*layout.key, *(numbers or loaded)))]


def _take_again(block: Block, numbers: Sequence[int]) -> None:
    columns = [column for column in map(block.layout.column, numbers) if column is not None]
    take_columns(block, columns)
    clean = sum({1 << column.bit for column in columns})
    states.set_state(block.object, states.state(block.object) & ~clean | EXISTS)


# ---- control -------------------------------------------------------------------------------------


def _start_control(call: Call, what: int, argument: int) -> int:
    op = call.op
    if what == BEGIN:
        options = ffi.new("takeo_txn_options *")
        options.struct_size = ffi.sizeof("takeo_txn_options")
        options.flags, options.isolation = argument & 0xFF, argument >> 8
        return lib.takeo_txn_begin(op, options)  # type: ignore[no-any-return]
    if what == COMMIT:
        return lib.takeo_txn_commit(op, argument)  # type: ignore[no-any-return]
    if what == ROLLBACK:
        return lib.takeo_txn_rollback(op, argument)  # type: ignore[no-any-return]
    if what == CONNECT:
        return lib.takeo_source_connect(op)  # type: ignore[no-any-return]
    if what == SYNCHRONIZE:
        return lib.takeo_source_synchronize(op, argument)  # type: ignore[no-any-return]
    if what == DRAIN:
        return lib.takeo_source_drain(op, argument)  # type: ignore[no-any-return]
    said = {"status": lib.TAKEO_EINVAL, "code": "TAKEO.CALL.INVALID"}
    raise errors.from_record({**said, "message": f"no such control: {what}"})


def _first_text(rows: Any, index: int) -> str:
    cell = rows.cells[index * rows.column_count]
    return ffi.unpack(cell.v.text.data, cell.v.text.len).decode("utf-8")  # type: ignore[no-any-return]


door = CffiDoor()
