"""Statements behind the cffi door: what they take and give, and how their arguments become cells.

It must not know what a statement says, nor what becomes of its rows.
"""

from __future__ import annotations

from typing import Any, Sequence

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
    """One thing that a row gives: a value, or an entity with what is loaded with it."""

    __slots__ = ("column", "entity", "label", "tree")

    def __init__(self, label: str, entity: int, column: int, tree: Any) -> None:
        self.label = label
        self.entity = entity
        self.column = column  # of a value: its place in the cells
        self.tree = tree  # of an entity: relation -> tree; None when the core does not say


_TELLS_OUTPUTS = "outputs" in dict(ffi.typeof("takeo_statement_info").fields)


def tree_of(paths: Sequence[int]) -> dict[int, Any]:
    """Paths of relation numbers, each ended by 0, as a tree."""
    root: dict[int, Any] = {}
    at = root
    for number in paths:
        at = at.setdefault(number, {}) if number else root
    return root


def _outputs(info: Any) -> list[Output]:
    """The outputs as the core tells them."""
    found = []
    for index in range(info.output_count):
        one = info.outputs[index]
        paths = [one.load[i] for i in range(one.load_count)]
        tree = tree_of(paths) if one.entity else None
        found.append(Output(text(one.label) or "", one.entity, one.column - 1, tree))
    return found


class Statement:
    """A handle on a takeo_statement *, described."""

    __slots__ = (
        "columns", "entity", "handle", "is_select", "outputs", "parameters", "takes_structs", "target",
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
        self.columns: int = info.column_count
        # The rows of a SELECT are objects when it has a root; of RETURNING the core says so at the
        # first run; None: not known yet.
        self.takes_structs: bool | None = None
        self.outputs: list[Output] | None = _outputs(info) if _TELLS_OUTPUTS and self.columns else None
        if self.outputs is not None:
            self.takes_structs = any(output.entity for output in self.outputs)
        elif not self.columns or not self.entity:
            self.takes_structs = False
        elif self.is_select:
            self.takes_structs = True
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
        count = len(self.parameters)
        if mode == COUNT or self.takes_structs is False or self.target is None:
            call.finish(lib.takeo_statement_run(call.op, self.handle, NULL, cells, count))
            return False
        status = lib.takeo_statement_run(call.op, self.handle, self.target.handle, cells, count)
        if self.takes_structs is None and status == lib.TAKEO_EINPUT and _are_no_entities(call):
            self.takes_structs = False
            return self.start(call, cells, mode)
        call.finish(status)
        self.takes_structs = True
        return True


def _are_no_entities(call: Call) -> bool:
    """Refused because its rows are not whole entities; nothing was sent."""
    error = lib.takeo_op_error(call.op)
    return bool(error != NULL and text(error.code) == "TAKEO.INPUT.ENTITY" and error.field.data == NULL)


def _no_target() -> BaseException:
    return errors.from_record({
        "status": lib.TAKEO_EINPUT,
        "code": "TAKEO.INPUT.ENTITY",
        "message": "rows with entities need a target",
    })
