"""Statements behind the cffi door: what they take and give, and how their arguments become cells.

It must not know what a statement says, nor what becomes of its rows.
"""

from __future__ import annotations

from typing import Any

from . import errors
from ._abi import ffi
from ._cffi_calls import Call
from ._cffi_kinds import ARRAY, Kind
from ._cffi_layouts import Target
from ._lib import NULL, lib, text

LIST, TUPLES, DICTS, FIRST, COUNT, ONE = range(6)  # modes, as in the door's contract


class Parameter:
    """One parameter: its kind, and whether it is a list of such values."""

    __slots__ = ("is_list", "kind")

    def __init__(self, info: Any, target: Target | None) -> None:
        self.is_list = info.type == ARRAY
        type = info.element if self.is_list else info.type
        found = target.kind(info.entity, info.column, type, 0) if target is not None else Kind(type)
        self.kind = Kind(ARRAY, found.type, found.entity, found.field, None) if self.is_list else found
        if self.is_list and found.aux is not None:
            self.kind = _ListKind(found)


class _ListKind(Kind):
    """An array whose elements are converted as those of a column."""

    __slots__ = ("_element",)

    def __init__(self, element: Kind) -> None:
        super().__init__(ARRAY, element.type, element.entity, element.field)
        self._element = element

    def of_elements(self) -> Kind:
        return self._element


class Output:
    """One thing that a row gives: a value or an entity."""

    __slots__ = ("column", "entity", "label")

    def __init__(self, label: str, entity: int, column: int) -> None:
        self.label = label
        self.entity = entity
        self.column = column  # of a value: its place in the cells


class Statement:
    """A handle on a takeo_statement *, described."""

    __slots__ = (
        "entity", "handle", "is_select", "outputs", "parameters", "takes_structs", "target",
    )  # fmt: skip

    def __init__(self, statement: Any, target: Target | None) -> None:
        self.handle = ffi.gc(statement, lib.takeo_statement_free)
        self.target = target
        info = ffi.new("takeo_statement_info *")
        info.struct_size = ffi.sizeof("takeo_statement_info")
        lib.takeo_statement_describe(statement, info)
        self.is_select = info.kind == lib.TAKEO_NODE_SELECT
        self.entity: int = info.entity
        self.parameters = [Parameter(info.parameters[i], target) for i in range(info.parameter_count)]
        told = [info.outputs[i] for i in range(info.output_count)]  # none of raw SQL
        self.outputs = [Output(text(one.label) or "", one.entity, one.column - 1) for one in told]
        self.takes_structs = any(output.entity for output in self.outputs)
        if self.takes_structs and target is None:
            raise _no_target()

    @property
    def name(self) -> str | None:
        """Of the entity that its rows are."""
        layout = self.target.layouts.get(self.entity) if self.target is not None else None
        return layout.name if layout is not None else None

    def arguments(self, call: Call, values: tuple[Any, ...]) -> Any:
        if len(values) != len(self.parameters):
            message = f"{len(values)} values were given for {len(self.parameters)} parameters"
            raise call.refuse("TAKEO.INPUT.COUNT", message)
        cells = ffi.new("takeo_cell[]", max(len(values), 1))
        call.writer.kept.append(cells)
        for index, (parameter, value) in enumerate(zip(self.parameters, values)):
            if parameter.is_list and value is not None:
                kind = parameter.kind
                if isinstance(value, (list, tuple)):
                    call.writer.list(cells[index], kind, value)
                else:
                    call.writer.write(cells[index], kind.of_elements(), value)
            else:
                call.writer.write(cells[index], parameter.kind, value)
        return cells

    def start(self, call: Call, cells: Any, mode: int) -> bool:
        """Run it to its end; says whether its rows are structs."""
        takes_structs = self.takes_structs and mode != COUNT
        target = self.target.handle if takes_structs and self.target is not None else NULL
        call.finish(lib.takeo_statement_run(call.op, self.handle, target, cells, len(self.parameters)))
        return takes_structs


def _no_target() -> BaseException:
    return errors.from_record({
        "status": lib.TAKEO_EINPUT,
        "code": "TAKEO.INPUT.ENTITY",
        "message": "rows with entities need a target",
    })
