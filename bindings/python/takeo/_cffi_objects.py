"""Objects <-> structs, for the time of one operation of the cffi door.

`Blocks` makes structs of objects for the core to read, and takes back what the core wrote into them.
`Reader` makes objects of the structs that the core brought.  It must not know statements or waiting.
"""

from __future__ import annotations

from typing import Any, Iterable

from . import errors
from ._cffi_layouts import CELL, ColumnPlace, Layout, LinkPlace, Target
from ._cffi_state import empty, new, peek, poke, set_state, state
from ._cffi_values import INTEGERS, Refused, Writer, json_text, read, text_of
from ._lib import NULL, ffi, lib
from .types import UNSET

EXISTS = 1

# What becomes of an object: which of its columns count as given.
INSERT, UPDATE, SAVE, OTHER = range(4)


def address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


class Block:
    """One object and its struct."""

    __slots__ = ("base", "before", "layout", "memory", "object", "seen")

    def __init__(self, layout: Layout, instance: Any) -> None:
        self.layout = layout
        self.object = instance
        self.memory = ffi.new("uint64_t[]", layout.size // 8)
        self.base = ffi.cast("char *", self.memory)
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
        """The columns whose cells the core wrote."""
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
            self._link_none(block, link)
            return
        layout = self.target.of(other)
        if layout is None or layout.entity != link.target:
            wanted = self.target.layouts[link.target].name
            self._fault(block, link, "TAKEO.INPUT.ENTITY", f"{block.layout.name}.{link.name} takes a {wanted}")
            return
        self.set_pointer(block, link, self.of(other, layout))

    def set_pointer(self, block: Block, link: LinkPlace, other: Block) -> None:
        block.layout.pointers(block.base)[link.index] = other.base

    def _link_none(self, block: Block, link: LinkPlace) -> None:
        name = block.layout.name
        for number in link.columns:
            column = block.layout.column(number)
            if column is not None and not column.nullable:
                message = f"{name}.{link.name} is None, but every {name} has one"
                self._fault(block, link, "TAKEO.INPUT.NULL", message)
                return
            cell = block.cell(number)
            if cell.flags & lib.TAKEO_CELL_UNSET:
                cell.flags = lib.TAKEO_CELL_NULL

    def _fault(self, block: Block, link: LinkPlace, code: str, message: str) -> None:
        said = {"code": code, "message": message, "entity": block.layout.name, "field": link.name}
        for number in link.columns:
            self.writer.fault(block.cell(number), said)

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
            loaded, value = peek(block.object, column.loaded), peek(block.object, column.place)
            if loaded is UNSET or value is UNSET:
                continue
            now = stored_text(column, value)
            if now == loaded or (now is not None and loaded is not None and now == _normal(loaded)):
                continue
            block.seen |= 1 << column.bit
            set_state(block.object, state(block.object) | 1 << column.bit)

    def remember_mutable(self, block: Block) -> None:
        for column in block.layout.mutable:
            value = peek(block.object, column.place)
            if value is not UNSET:
                poke(block.object, column.loaded, stored_text(column, value))


def stored_text(column: ColumnPlace, value: Any) -> str | None:
    """The JSON of a mutable column's value; an InputError when it has none."""
    if value is None:
        return None
    try:
        return json_text(column.kind, list(value) if isinstance(value, tuple) else value)
    except Refused as refused:
        raise errors.from_record({"status": lib.TAKEO_EINPUT, **refused.record}) from None


def _normal(text: str) -> str | None:
    """A stored text as this library writes it: other tools write other spaces."""
    import json

    from ._cffi_values import encode

    try:
        return encode(json.loads(text))
    except ValueError:
        return None


# ---- back into objects -----------------------------------------------------------------------------------------------


def take_columns(block: Block, columns: Iterable[ColumnPlace], fill: Any = None) -> None:
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
    return text_of(cell) if cell.type == lib.TAKEO_TYPE_JSON else stored_list(value)


def stored_list(value: Any) -> str:
    from ._cffi_values import encode

    return encode(value)


class Reader:
    """Makes objects of the core's structs; the same struct is the same object."""

    def __init__(self, target: Target, known: Blocks | None = None) -> None:
        self.target = target
        self.made: dict[int, Any] = {}
        self.todo: list[Block] = []
        self.joined: frozenset[int] | None = None  # entities that came by join; None: not known
        self._unlinked: list[tuple[Block, LinkPlace]] = []
        self._linked: set[tuple[int, int]] = set()  # (entity, relation) that some object has
        for block in known.all.values() if known is not None else ():
            self.made[address(block.base)] = block.object

    def object(self, layout: Layout, pointer: Any) -> Any:
        """The object of a struct; its columns and relations are filled by `finish_row`."""
        where = address(pointer)
        if where not in self.made:
            self.made[where] = made = new(layout.cls)
            set_state(made, EXISTS)
            block = Block.__new__(Block)
            block.layout, block.object, block.memory = layout, made, None
            block.base, block.seen, block.before = ffi.cast("char *", pointer), EXISTS, b""
            self.todo.append(block)
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
                    self._link(block, link)

    def _link(self, block: Block, link: LinkPlace) -> None:
        layout = self.target.layouts[link.target]
        if not link.to_one:
            members = block.layout.lists(block.base)[link.index]
            if members.flags & lib.TAKEO_LIST_LOADED:
                poke(block.object, link.place, self.members(layout, members))
            return
        pointer = block.layout.pointers(block.base)[link.index]
        if pointer == NULL:
            self._unlinked.append((block, link))
            return
        self._linked.add((block.layout.entity, link.index))
        poke(block.object, link.place, self.object(layout, pointer))

    def members(self, layout: Layout, members: Any) -> list[Any]:
        return [self.object(layout, pointer) for pointer in pointers_of(members)]

    def finish(self) -> None:
        """A to-one without an object: does it say that there is none, or was it not loaded?  A struct
        cannot say; it was loaded when another object of the result has it or its entity was joined."""
        for block, link in self._unlinked:
            is_joined = self.joined is not None and link.target in self.joined
            if not is_joined and (block.layout.entity, link.index) not in self._linked:
                continue
            if not link.owns_key or any(_is_null(block.cell(number)) for number in link.columns):
                poke(block.object, link.place, None)
        self._unlinked.clear()


def pointers_of(members: Any) -> list[Any]:
    """The objects of a takeo_list."""
    if members.stride == 0:
        items = ffi.cast("void **", members.items)
        return [items[index] for index in range(members.count)]
    base = ffi.cast("char *", members.items)
    return [base + index * members.stride for index in range(members.count)]


def _is_there(cell: Any) -> bool:
    """A cell that nobody wrote is all zero."""
    return bool(cell.type or cell.flags)


def _is_null(cell: Any) -> bool:
    return bool(cell.flags & lib.TAKEO_CELL_NULL)


def drop_link(instance: Any, link: LinkPlace) -> None:
    empty(instance, link.place)


_ = INTEGERS
