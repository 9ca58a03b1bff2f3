"""Objects <-> structs, for the time of one operation of the cffi door.

`Blocks` makes structs of objects for the core to read, and takes back what the core wrote into them.
`Reader` makes objects of the structs that the core brought.  It must not know statements or waiting.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Sequence

from . import errors
from ._abi import ffi
from ._cffi_kinds import ARRAY, JSON, encode
from ._cffi_layouts import CELL, ColumnPlace, Layout, LinkPlace, Target
from ._cffi_reading import read, text_of
from ._cffi_state import new, peek, poke, set_state, state
from ._cffi_values import Refused, Writer, json_text, says_the_same, settled
from ._lib import NULL, lib
from .types import UNSET

EXISTS = 1

SAVE, INSERT, UPDATE, UPSERT, REMOVE = range(5)  # verbs, as in the door's contract


def address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


class Block:
    """One object and its struct."""

    __slots__ = ("base", "before", "layout", "memory", "object", "seen")

    def __init__(self, layout: Layout, instance: Any, struct: Any = None) -> None:
        self.layout = layout
        self.object = instance
        self.memory = ffi.new("uint64_t[]", layout.size // 8) if struct is None else None
        self.base = ffi.cast("char *", self.memory if struct is None else struct)
        self.seen = state(instance)
        self.before = b""

    @property
    def cells(self) -> Any:
        return self.layout.cells(self.base)

    def cell(self, number: int) -> Any:
        return self.cells[number - 1]

    def remember(self) -> None:
        """Keep the cells as they are, to see later which of them the core wrote."""
        self.before = bytes(ffi.buffer(self.cells, len(self.layout.columns) * CELL))

    def written(self) -> Iterable[ColumnPlace]:
        """The columns that got a value: from the core, or from a relation."""
        now = bytes(ffi.buffer(self.cells, len(self.layout.columns) * CELL))
        for column in self.layout.columns:
            if column is not None:
                at = (column.number - 1) * CELL
                if now[at : at + CELL] != self.before[at : at + CELL]:
                    yield column

    def is_set(self, number: int) -> bool:
        """Has the column a value other than NULL?"""
        cell = self.cell(number)
        return not cell.flags & (lib.TAKEO_CELL_UNSET | lib.TAKEO_CELL_NULL)


class Blocks:
    """The structs of the objects of one operation; the same object has one struct."""

    def __init__(self, target: Target, writer: Writer) -> None:
        self.target = target
        self.writer = writer
        self.all: dict[int, Block] = {}  # id of the object -> its block

    def of(self, instance: Any, layout: Layout) -> Block:
        """The block of an object, its columns filled when it is new."""
        block = self.all.get(id(instance))
        if block is None:
            block = self.all[id(instance)] = Block(layout, instance)
            for column in layout.columns:
                if column is not None:
                    self._fill(block, column)
            layout.state(block.base)[0] = block.seen & EXISTS
        return block

    def _fill(self, block: Block, column: ColumnPlace) -> None:
        cell, value = block.cell(column.number), peek(block.object, column.place)
        if value is UNSET:
            self.writer.unset(cell)
            return
        if column.part and value is not None:
            value = value[column.part - 1]
        self.writer.write(cell, column.kind, value)

    # ---- what a verb needs beyond the columns
    def for_write(self, block: Block, use: int) -> None:
        """To-one relations, and the state as the core's own bits."""
        for link in block.layout.links:
            if link is not None and link.to_one and link.owns_key:
                self._link(block, link)
        given = self._given(block, use)
        words = block.layout.state(block.base)
        for index in range(block.layout.words):
            words[index] = given >> 64 * index & (1 << 64) - 1

    def check_lists(self, block: Block) -> None:
        """An assigned list says that its members are to be saved, which save does not do."""
        for link in block.layout.links:
            if link is None or link.to_one or not block.seen >> link.bit & 1:
                continue
            members = peek(block.object, link.place)
            if block.seen & EXISTS or (members is not UNSET and members):
                name = f"{block.layout.name}.{link.name}"
                raise errors.from_record(
                    {
                        "status": lib.TAKEO_EINPUT,
                        "code": "TAKEO.INPUT.UNSAVED",
                        "message": f"{name} was assigned; save does not write its members",
                        "entity": block.layout.name,
                        "field": link.name,
                        "hint": "save the members themselves: each says by its relation whose it is",
                    }
                )

    def _given(self, block: Block, use: int) -> int:
        """Bit n: column n was changed; in a new object, was given; none of them: all were."""
        changed = 0
        for column in block.layout.columns:
            if column is not None and block.seen >> column.bit & 1:
                changed |= 1 << column.number
        if block.seen & EXISTS:
            return changed | EXISTS
        is_update = use == UPDATE or (use == SAVE and self._is_updated(block))
        if not is_update or not changed:
            return 0
        for number in block.layout.key:  # by which its row is found
            changed |= 1 << number
        return changed

    def _is_updated(self, block: Block) -> bool:
        """Was a key set by hand that is made otherwise?"""
        columns = [block.layout.column(number) for number in block.layout.key]
        made = any(column is not None and column.is_made for column in columns)
        return made and all(self._has_key(block, number) for number in block.layout.key)

    def _has_key(self, block: Block, number: int) -> bool:
        pointers = block.layout.pointers(block.base)
        owners = (link for link in block.layout.links if link is not None and number in link.columns)
        return block.is_set(number) or any(link.owns_key and pointers[link.index] for link in owners)

    def _link(self, block: Block, link: LinkPlace) -> None:
        """A to-one: the other object's struct, or a key that says that there is none."""
        other = peek(block.object, link.place)
        if other is UNSET:
            return
        if other is None:
            block.layout.marks(block.base)[link.index] = 1
            return
        layout = self.target.of(other)
        if layout is None or layout.entity != link.target:
            wanted = self.target.layouts[link.target].name
            message = f"{block.layout.name}.{link.name} takes an object of {wanted}"
            self._fault(block, link, "TAKEO.INPUT.ENTITY", message)
            return
        block.layout.pointers(block.base)[link.index] = self.of(other, layout).base

    def _fault(self, block: Block, link: LinkPlace, code: str, message: str) -> None:
        said = {"code": code, "message": message, "entity": block.layout.name, "field": link.name}
        for number in link.columns:
            self.writer.fault(block.cell(number), said)

    def link(self, block: Block, link: LinkPlace) -> list[Block]:
        """For loads: tell the core what is loaded already; gives the members."""
        value = peek(block.object, link.place)
        if value is UNSET:
            return []
        if value is None:
            block.layout.marks(block.base)[link.index] = 1
            return []
        members = []
        for other in (value,) if link.to_one else tuple(value):
            layout = self.target.of(other)
            if layout is not None and layout.entity == link.target:
                members.append(self.of(other, layout))
        if link.to_one and members:
            block.layout.pointers(block.base)[link.index] = members[0].base
        elif not link.to_one:
            items = ffi.new("void *[]", [member.base for member in members])
            self.writer.kept.append(items)
            into = block.layout.lists(block.base)[link.index]
            into.items, into.count, into.entity = items, len(members), link.target
            into.flags = lib.TAKEO_LIST_LOADED
        return members

    def key_from_others(self, block: Block, link: LinkPlace) -> None:
        """For loads: a key that only the related object says."""
        other = peek(block.object, link.place)
        layout = self.target.of(other) if other is not UNSET and other is not None else None
        for number, reference in zip(link.columns, link.references):
            cell = block.cell(number)
            if not cell.flags & lib.TAKEO_CELL_UNSET or other is UNSET:
                continue
            if other is None:
                cell.flags = lib.TAKEO_CELL_NULL
            elif layout is not None:
                there = layout.column(reference)
                value = peek(other, there.place) if there is not None else UNSET
                if there is not None and value is not UNSET:
                    self.writer.write(cell, there.kind, value)

    # ---- mutable columns
    def mark_changed(self, block: Block) -> None:
        """JSON and arrays that are no longer what was loaded count as changed."""
        for column in block.layout.mutable:
            loaded, value = peek_loaded(block, column), peek(block.object, column.place)
            if loaded is UNSET or value is UNSET:
                continue
            if _is_loaded(column, value, loaded):
                continue
            block.seen |= 1 << column.bit
            set_state(block.object, state(block.object) | 1 << column.bit)

    def remember_mutable(self, block: Block) -> None:
        for column in block.layout.mutable:
            loaded, value = peek_loaded(block, column), peek(block.object, column.place)
            is_known = loaded is not UNSET and value is not UNSET and _is_loaded(column, value, loaded)
            if value is not UNSET and column.loaded is not None and not is_known:
                poke(block.object, column.loaded, stored_text(column, value))


def peek_loaded(block: Block, column: ColumnPlace) -> Any:
    return UNSET if column.loaded is None else peek(block.object, column.loaded)


def settle_values(block: Block, columns: Sequence[int] | None) -> None:
    """Accepted conversions are written back: `city.token` is a UUID again."""
    for column in block.layout.columns:
        if column is None or column.part or (columns and column.number not in columns):
            continue
        value = peek(block.object, column.place)
        if value is None or value is UNSET:
            continue
        now = settled(column.kind, value)
        if now is not value:
            poke(block.object, column.place, now)


def stored_text(column: ColumnPlace, value: Any) -> str | None:
    """The JSON of a mutable column's value; an InputError when it has none."""
    if value is None:
        return None
    if column.kind.type == ARRAY:
        return array_text(value)
    try:
        return json_text(column.kind, value)
    except Refused as refused:
        raise errors.from_record({"status": lib.TAKEO_EINPUT, **refused.record}) from None


def _is_loaded(column: ColumnPlace, value: Any, loaded: str | None) -> bool:
    """Is a value still the one that was loaded?  One that cannot be written may have been: a number that a float
    does not hold is read as infinity.
    """
    if value is None or loaded is None or column.kind.type == ARRAY:
        return stored_text(column, value) == loaded
    try:
        now = json_text(column.kind, value)
    except Refused:
        return says_the_same(column.kind, value, loaded)
    return now in (loaded, _normal(loaded))


def _normal(text: str) -> str | None:
    """A stored text as this library writes it: other tools write other spaces."""
    try:
        return encode(json.loads(text))
    except ValueError:
        return None


# ---- back into objects ---------------------------------------------------------------------------


def take_columns(block: Block, columns: Iterable[ColumnPlace]) -> None:
    """Put cells that the core wrote into the object."""
    parts: dict[Any, list[Any]] = {}
    for column in columns:
        cell = block.cell(column.number)
        value = read(cell, column.kind)
        if column.part:
            whole = parts.get(column.place)
            if whole is None:
                old = peek(block.object, column.place)
                whole = parts[column.place] = list(old) if type(old) is tuple else [None] * column.parts
            whole[column.part - 1] = value
            continue
        poke(block.object, column.place, value)
        if column.loaded is not None:
            poke(block.object, column.loaded, loaded_text(cell, value))
    for place, whole in parts.items():
        poke(block.object, place, tuple(whole))


def loaded_text(cell: Any, value: Any) -> str | None:
    if value is None:
        return None
    return text_of(cell) if cell.type == JSON else array_text(value)


def array_text(value: Any) -> str:
    """An array's form to be compared with: what is no JSON by itself says what it is."""
    try:
        return json.dumps(value, default=repr, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):  # it holds itself: the core refuses it when it is written
        return repr(value)


class Reader:
    """Makes objects of the core's structs; the same struct is the same object."""

    def __init__(self, target: Target, known: Blocks | None = None) -> None:
        self.target = target
        self.made: dict[int, Block] = {}  # address of the struct -> its object
        self.todo: list[Block] = []
        for block in known.all.values() if known is not None else ():
            self.made[address(block.base)] = block

    def block(self, layout: Layout, pointer: Any) -> Block:
        """The object of a struct; its columns and relations are filled by `finish_row`."""
        where = address(pointer)
        if where not in self.made:
            instance = new(layout.cls)
            set_state(instance, EXISTS)
            self.made[where] = Block(layout, instance, pointer)
            self.todo.append(self.made[where])
        return self.made[where]

    def finish_row(self) -> None:
        """Fill what was made since; what it leads to is made and filled as well."""
        while self.todo:
            block = self.todo.pop()
            cells = block.cells
            filled = [c for c in block.layout.columns if c is not None and _is_there(cells[c.number - 1])]
            take_columns(block, filled)
            for link in block.layout.links:
                if link is not None and link.target in self.target.layouts:
                    self.link(block, link)

    def link(self, block: Block, link: LinkPlace) -> None:
        """A relation, if the core loaded it."""
        layout, base = block.layout, block.base
        if not link.to_one:
            found = layout.lists(base)[link.index]
            if found.flags & lib.TAKEO_LIST_LOADED:
                poke(block.object, link.place, [self._member(link, one) for one in pointers_of(found)])
            return
        pointer = layout.pointers(base)[link.index]
        if pointer != NULL:
            poke(block.object, link.place, self._member(link, pointer))
        elif layout.marks(base)[link.index]:
            poke(block.object, link.place, None)

    def _member(self, link: LinkPlace, pointer: Any) -> Any:
        return self.block(self.target.layouts[link.target], pointer).object


def pointers_of(members: Any) -> list[Any]:
    """The objects of a takeo_list."""
    if members.stride == 0:
        items = ffi.cast("void **", members.items)
        return [items[index] for index in range(members.count)]
    base = ffi.cast("char *", members.items)
    return [base + index * members.stride for index in range(members.count)]


def _is_there(cell: Any) -> bool:
    """A cell that nobody wrote says so, or is all zero."""
    return bool(cell.type or cell.flags) and not cell.flags & lib.TAKEO_CELL_UNSET
