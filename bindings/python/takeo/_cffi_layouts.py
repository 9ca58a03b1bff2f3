"""How the entities of a model look to the core behind the cffi door: one C struct for each.

    struct:  state words | a cell per column | a pointer, a list and a mark per relation

The mark of a to-one says that there is no object, where the pointer alone would leave it open.

The structs live only while an operation runs.  What stands where in an instance is said by the
package (`layout`); numbers, keys and relations come from the core's own description of the model.  It
must not know statements or what a verb does.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Sequence

from . import errors
from ._abi import ffi
from ._cffi_kinds import NUMBERS, Kind
from ._cffi_state import Place
from ._lib import Memory, call, lib, text

WORD = 8
CELL = ffi.sizeof("takeo_cell")
POINTER = ffi.sizeof("void *")
LIST = ffi.sizeof("takeo_list")


class ColumnPlace:
    """Where a column stands in instances, and what it is."""

    __slots__ = (
        "bit", "is_made", "kind", "loaded", "nullable", "number", "part", "parts", "place",
    )  # fmt: skip

    def __init__(self, said: dict[str, Any], entity: str, place: Sequence[Any]) -> None:
        self.number: int = said["number"]
        self.is_made = "generated" in said or "default_sql" in said
        self.nullable: bool = said["nullable"]
        self.place: Place = place[0]
        self.bit: int = place[1]
        self.part: int = place[2]  # place + 1 in the tuple of a composite key
        self.parts = 0  # columns of that key
        self.loaded: Place | None = place[3]
        element = NUMBERS.get(said.get("element", ""), 0)
        aux = timedelta if "duration" in said["flags"] else place[4]
        self.kind = Kind(NUMBERS[said["type"]], element, entity, said["name"], aux)


class LinkPlace:
    """Where a relation stands in instances, and how it joins."""

    __slots__ = ("bit", "columns", "index", "name", "owns_key", "place", "references", "target", "to_one")

    def __init__(
        self, said: dict[str, Any], layout: Layout, target: dict[str, Any], place: Sequence[Any]
    ) -> None:
        self.index: int = said["number"] - 1
        self.name: str = said["name"]
        self.to_one = said["kind"] in ("many_to_one", "one_to_one")
        self.owns_key: bool = said["owns_key"]
        self.columns = [layout.numbers[name] for name in said["columns"]]
        numbers = {one["name"]: one["number"] for one in target["columns"]}
        self.references = [numbers[name] for name in said["references"]]
        self.target: int = target["number"]
        self.place: Place = place[0]
        self.bit: int = place[1]


class Layout:
    """One entity: its class, where its columns and relations are, and its struct."""

    def __init__(self, described: dict[str, Any], said: dict[str, Any], cls: type) -> None:
        self.cls = cls
        self.name: str = said["name"]
        self.entity: int = said["number"]
        self.numbers = {one["name"]: one["number"] for one in said["columns"]}
        self.key = [self.numbers[name] for name in said["key"]]
        self.columns: list[ColumnPlace | None] = [None] * len(said["columns"])
        self.links: list[LinkPlace | None] = [None] * len(said["relations"])
        self.mutable: list[ColumnPlace] = []
        self.words = len(self.columns) // 64 + 1
        self.cells_at = self.words * WORD
        self.links_at = self.cells_at + len(self.columns) * CELL
        self.lists_at = self.links_at + len(self.links) * POINTER
        self.marks_at = self.lists_at + len(self.links) * LIST
        self.size = self.marks_at + (len(self.links) + WORD - 1) // WORD * WORD
        self._described = described
        self._said = said

    def fill(self, columns: Sequence[Any], links: Sequence[Any]) -> None:
        if len(columns) != len(self.columns) or len(links) != len(self.links):
            raise TypeError("layout(target, entity, class, one place per column, one per relation)")
        for index, (said, place) in enumerate(zip(self._said["columns"], columns)):
            if place is not None:
                self.columns[index] = ColumnPlace(said, self.name, place)
        self.mutable = [one for one in self.columns if one is not None and one.loaded is not None]
        for index, (said, place) in enumerate(zip(self._said["relations"], links)):
            if place is not None:
                target = next(e for e in self._described["entities"] if e["name"] == said["target"])
                self.links[index] = LinkPlace(said, self, target, place)
        for column in self.columns:
            if column is not None and column.part:
                column.parts = sum(c is not None and c.place is column.place for c in self.columns)

    def column(self, number: int) -> ColumnPlace | None:
        return self.columns[number - 1]

    # ---- parts of a struct
    def state(self, base: Any) -> Any:
        return ffi.cast("uint64_t *", base)

    def cells(self, base: Any) -> Any:
        return ffi.cast("takeo_cell *", base + self.cells_at)

    def pointers(self, base: Any) -> Any:
        return ffi.cast("void **", base + self.links_at)

    def lists(self, base: Any) -> Any:
        return ffi.cast("takeo_list *", base + self.lists_at)

    def marks(self, base: Any) -> Any:
        return ffi.cast("uint8_t *", base + self.marks_at)

    # ---- for the core
    def definition(self, memory: Memory, into: Any, known: dict[int, Layout]) -> None:
        """Fill a takeo_layout_def."""
        fields = [(0, lib.TAKEO_FIELD_STATE, 0, self.words * WORD, 0)]
        for index, column in enumerate(self.columns):
            if column is not None:
                fields.append((index + 1, lib.TAKEO_FIELD_CELL, self.cells_at + index * CELL, 0, 0))
        for index, link in enumerate(self.links):
            if link is None or link.target not in known:
                continue
            if link.to_one:
                place, mark = self.links_at + index * POINTER, self.marks_at + index
                fields.append((index + 1, lib.TAKEO_FIELD_TO_ONE, place, 0, mark))
            else:
                fields.append((index + 1, lib.TAKEO_FIELD_TO_MANY, self.lists_at + index * LIST, 0, 0))
        into.entity, into.object_size = self.entity, self.size
        into.field_count, into.field_size = len(fields), ffi.sizeof("takeo_field_def")
        into.fields = array = memory.new("takeo_field_def[]", len(fields))
        for field, (ref, kind, offset, size, mark) in zip(array, fields):
            field.ref, field.kind, field.offset, field.size = ref, kind, offset, size
            field.null_at = mark


class Target:
    """The layouts of a frozen model; the core's target is made when it is first needed."""

    __slots__ = ("_described", "_handle", "_model", "by_class", "layouts")

    def __init__(self, model: Any) -> None:
        out = ffi.new("takeo_text *")
        call(lib.takeo_model_describe, model, out)
        self._described: dict[str, Any] = json.loads(text(out) or "{}")
        self._model = model
        self._handle: Any = None
        self.layouts: dict[int, Layout] = {}
        self.by_class: dict[type, Layout] = {}

    def add(self, number: int, cls: type, columns: Sequence[Any], links: Sequence[Any]) -> None:
        said = next((e for e in self._described["entities"] if e["number"] == number), None)
        if said is None or not isinstance(cls, type) or number in self.layouts:
            raise TypeError("layout(target, entity, class, one place per column, one per relation)")
        layout = Layout(self._described, said, cls)
        layout.fill(columns, links)
        self.layouts[number] = self.by_class[cls] = layout
        self._handle = None

    def of(self, instance: Any) -> Layout | None:
        """The layout of an object; a plain subclass of an entity counts as the entity."""
        for cls in type(instance).__mro__:
            if cls in self.by_class:
                return self.by_class[cls]
        return None

    @property
    def handle(self) -> Any:
        """The takeo_target *."""
        if self._handle is None:
            self._handle = self._make()
        return self._handle

    def _make(self) -> Any:
        memory = Memory()
        layouts = memory.new("takeo_layout_def[]", len(self.layouts))
        for into, layout in zip(layouts, self.layouts.values()):
            layout.definition(memory, into, self.layouts)
        definition = memory.new("takeo_target_def *")
        definition.struct_size = ffi.sizeof("takeo_target_def")
        definition.layouts, definition.layout_count = layouts, len(self.layouts)
        definition.layout_size = ffi.sizeof("takeo_layout_def")
        out = ffi.new("takeo_target **")
        call(lib.takeo_target_new, self._model, definition, out)
        return ffi.gc(out[0], lib.takeo_target_free)

    def kind(self, entity: int, column: int, type: int, element: int) -> Kind:
        """The kind of a result column or parameter; conversions are those of the entity's column."""
        layout = self.layouts.get(entity)
        place = layout.columns[column - 1] if layout is not None and column else None
        if layout is None or place is None:
            return Kind(type, element)
        aux = place.kind.aux if type == place.kind.type else None
        return Kind(type, element, layout.name, place.kind.field, aux)


def refuse_object(instance: Any, index: int, wanted: type | None) -> BaseException:
    """The failure for an object of no entity, or not of the one that is wanted."""
    name = type(instance).__name__
    said = {
        "status": lib.TAKEO_EINPUT,
        "code": "TAKEO.INPUT.ENTITY",
        "message": f"an object of class {name} is no entity of this data source",
        "expected": "an instance of an entity in entities=[...]",
        "got": name,
        "object": index + 1,
    }
    if wanted is not None:
        said["message"] = f"an object of class {name} is no {wanted.__name__}"
        said["entity"] = said["expected"] = wanted.__name__
        said["hint"] = "db.save and db.remove take objects of any entity"
    return errors.from_record(said)
