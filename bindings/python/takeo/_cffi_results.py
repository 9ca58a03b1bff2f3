"""The rows of one run of a statement, as the modes of the cffi door want them.

It must not know how a statement was run, nor what it says.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import errors
from ._cffi_kinds import Kind
from ._cffi_layouts import Target
from ._cffi_objects import Reader, pointers_of
from ._cffi_reading import read
from ._cffi_statements import DICTS, FIRST, ONE, TUPLES, Output, Statement
from ._lib import NULL, lib, text


class Rows:
    """A takeo_rows * with what is needed to read it."""

    def __init__(self, statement: Statement, rows: Any, are_structs: bool) -> None:
        self.statement = statement
        self.rows = rows
        self.are_structs = are_structs
        self.outputs = statement.outputs or self._found_outputs()

    def __len__(self) -> int:
        return self.rows.row_count if self.rows is not None else 0

    def _found_outputs(self) -> list[Output]:
        """The outputs of raw SQL, which are known by now."""
        if self.rows is None:
            return []
        columns = self.rows.columns
        labels = [text(columns[index].name) or "" for index in range(self.rows.column_count)]
        return [Output(label, 0, index) for index, label in enumerate(labels)]

    def give(self, mode: int) -> Any:
        count = len(self)
        takes_one = mode in (FIRST, ONE)
        if mode == ONE and count > 1:
            raise self._multiple()
        found = self._read(min(count, 1) if takes_one else count)
        if mode == DICTS:
            labels = [output.label for output in self.outputs]
            made: list[Any] = [dict(zip(labels, row)) for row in found]
        else:
            is_single = mode != TUPLES and len(self.outputs) == 1
            made = [row[0] for row in found] if is_single else found
        if takes_one:
            return made[0] if made else None
        return made

    def _read(self, wanted: int) -> list[tuple[Any, ...]]:
        if not wanted:
            return []
        columns = self.rows.columns
        kinds = [None if one.entity else self._kind(columns[one.column]) for one in self.outputs]
        target = self.statement.target
        objects = Objects(self, target) if self.are_structs and target is not None else None
        found = []
        for number in range(wanted):
            found.append(tuple(self._output(objects, i, kind, number) for i, kind in enumerate(kinds)))
        return found

    def _output(self, objects: Any, index: int, kind: Kind | None, number: int) -> Any:
        try:
            if kind is None:
                return objects.give(index, number)
            cells = self.rows.cells + number * self.rows.column_count
            return read(cells[self.outputs[index].column], kind)
        except errors.DecodeError as e:
            place = {"field": self.outputs[index].label} if e.field is None else {}
            raise errors.from_record({**e.record, **place, "object": number + 1}) from None

    def _kind(self, info: Any) -> Kind:
        target = self.statement.target
        if target is None:
            return Kind(info.type, info.element)
        kind = target.kind(info.entity, info.column, info.type, info.element)
        if info.flags & lib.TAKEO_COLUMN_DURATION:
            kind.aux = timedelta
        return kind

    def _multiple(self) -> BaseException:
        said = {
            "status": lib.TAKEO_EMULTIPLE_FOUND,
            "code": "TAKEO.RESULT.MULTIPLE",
            "message": "more than one row fits where one was asked for",
            "hint": "first() takes the first one of several",
        }
        if self.statement.name is not None:
            said["entity"] = self.statement.name
        return errors.from_record(said)


class Objects:
    """The objects of a result, output by output."""

    def __init__(self, rows: Rows, target: Target) -> None:
        self.outputs = rows.outputs
        self.target = target
        self.reader = Reader(target)
        if len(rows.outputs) == 1:
            self.pointers = [pointers_of(rows.rows.objects)]
        else:
            width, found = rows.rows.output_count, rows.rows.outputs
            self.pointers = [
                [found[number * width + index] for number in range(len(rows))]
                for index in range(width)
            ]

    def give(self, index: int, number: int) -> Any:
        output, pointer = self.outputs[index], self.pointers[index][number]
        if pointer == NULL:
            return None
        block = self.reader.block(self.target.layouts[output.entity], pointer)
        self.reader.finish_row()
        return block.object
