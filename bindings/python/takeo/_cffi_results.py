"""The rows of one run of a statement, as the modes of the cffi door want them.

It must not know how a statement was run, nor what it says.
"""

from __future__ import annotations

from typing import Any

from . import errors
from ._cffi_objects import Reader, pointers_of
from ._cffi_statements import DICTS, FIRST, ONE, TUPLES, Statement
from ._cffi_values import Kind, read
from ._lib import ffi, lib, text


class Rows:
    """A takeo_rows * with what is needed to read it."""

    def __init__(self, statement: Statement, rows: Any, are_structs: bool) -> None:
        self.statement = statement
        self.rows = rows
        self.are_structs = are_structs

    def __len__(self) -> int:
        return self.rows.row_count if self.rows is not None else 0

    def give(self, mode: int) -> Any:
        count = len(self)
        takes_one = mode in (FIRST, ONE)
        if mode == ONE and count > 1:
            raise self._multiple()
        wanted = min(count, 1) if takes_one else count
        found = self._objects(wanted) if self.are_structs else self._values(wanted)
        if mode == DICTS:
            labels = self._labels() if count else []
            made: list[Any] = [dict(zip(labels, row)) for row in found]
        else:
            is_single = mode != TUPLES and self.outputs() == 1
            made = [row[0] for row in found] if is_single else found
        if takes_one:
            return made[0] if made else None
        return made

    def outputs(self) -> int:
        if self.are_structs:
            return 1
        return self.rows.column_count if self.rows is not None else 0

    def _labels(self) -> list[str]:
        if self.are_structs:
            return [self.statement.name or ""]
        columns = self.rows.columns
        return [text(columns[index].name) or "" for index in range(self.rows.column_count)]

    # ---- values
    def _values(self, wanted: int) -> list[tuple[Any, ...]]:
        if not wanted:
            return []
        rows, width = self.rows, self.rows.column_count
        kinds = [self._kind(rows.columns[index]) for index in range(width)]
        found = []
        for number in range(wanted):
            cells = rows.cells + number * width
            found.append(tuple(self._value(cells[i], kinds[i], number) for i in range(width)))
        return found

    def _kind(self, info: Any) -> Kind:
        target = self.statement.target
        if target is None:
            return Kind(info.type, info.element)
        return target.kind(info.entity, info.column, info.type, info.element)

    def _value(self, cell: Any, kind: Kind, number: int) -> Any:
        try:
            return read(cell, kind)
        except errors.DecodeError as e:
            raise _in_row(e, number, kind) from None

    # ---- objects
    def _objects(self, wanted: int) -> list[tuple[Any, ...]]:
        target = self.statement.target
        if not wanted or target is None:
            return []
        objects = self.rows.objects
        layout = target.layouts[objects.entity]
        reader = Reader(target)
        reader.joined = self._joined()
        found = []
        for number, pointer in enumerate(pointers_of(objects)[:wanted]):
            try:
                found.append((reader.block(layout, pointer).object,) if pointer != ffi.NULL else (None,))
                reader.finish_row()
            except errors.DecodeError as e:
                raise _in_row(e, number, Kind(0)) from None
        reader.finish()
        return found

    def _joined(self) -> frozenset[int]:
        """The entities that came by join: the columns of each part stand together, in ascending order,
        and all parts have their keys, so a part ends where the numbers do not ascend."""
        columns, last, found = self.rows.columns, (0, 0), []
        for index in range(self.rows.column_count):
            here = (columns[index].entity, columns[index].column)
            if here[0] != last[0] or here[1] <= last[1]:
                found.append(here[0])
            last = here
        return frozenset(found[1:])

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


def _in_row(error: errors.DecodeError, number: int, kind: Kind) -> BaseException:
    """The same failure, with the row that it is in."""
    said = {**error.record, "object": number + 1}
    if kind.entity is not None:
        said |= {"entity": kind.entity, "field": kind.field}
    return errors.from_record(said)

