"""C over libpq with nothing above it: the floor.  The clock is read in C, around the whole loop."""

from __future__ import annotations

import ctypes
import datetime
import os
import struct
from typing import Any

from contenders import PARENTS, ROWS

from . import Base, level_of
from .postgresql import CHILDREN_SQL, DELETE, FIND, FIND_WIDE, INSERT, ONE, PARENTS_SQL, UPDATE, UPDATE_MANY, Place

EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
STATEMENTS = {"one": ONE.format("$1"), "find": FIND, "wide": FIND_WIDE,
              "insert": INSERT.format("$1", "$2", "$3"), "update": UPDATE.format("$2", "$1"), "delete": DELETE.format("$1"),
              "parents": PARENTS_SQL, "children": CHILDREN_SQL, "many": UPDATE_MANY.format("$1", "$2")}


class Contender(Base):
    """Measures itself: `measure` instead of the functions of the others."""

    received = ["received", "read into C"]  # the result is there; each cell made a value of C
    ways = {"one": [""], "single": [""], "find": received, "wide": received, "children": received,
            "update": ["unnest by hand"]}

    def __init__(self, place: Place, driver: str) -> None:
        self.spin = int(driver == "spinning")
        c = self.c = ctypes.CDLL(os.environ["TAKEO_BENCH_LIBPQ"])
        c.loops_connect.restype = ctypes.c_void_p
        c.loops_error.restype = ctypes.c_char_p
        for name in ("loops_each", "loops_find", "loops_unnest"):
            getattr(c, name).restype = ctypes.c_double
        self.db = ctypes.c_void_p(c.loops_connect(place.dsn.encode()))
        if not self.db:
            raise RuntimeError(c.loops_error().decode())
        for name, sql in STATEMENTS.items():
            self._must(c.loops_prepare(self.db, name.encode(), sql.encode()))
        self.turn = 0

    def _must(self, result: float) -> float:
        if result < 0:
            raise RuntimeError(self.c.loops_error().decode())
        return result

    def _each(self, name: str, keys: Any, takes_keys: bool, given: tuple[bytes, ...] = (), thought: float = 0) -> float:
        values = (ctypes.c_char_p * len(given))(*given)
        lengths = (ctypes.c_int * len(given))(*map(len, given))
        return self._must(self.c.loops_each(self.db, name.encode(), len(keys), keys, int(takes_keys), len(given), values,
                                            lengths, self.spin, ctypes.c_double(thought)))

    def _find(self, name: str, read: bool, rows: int = ROWS) -> float:
        count = ctypes.c_int()
        seconds = self._must(self.c.loops_find(self.db, name.encode(), self.spin, int(read), ctypes.byref(count)))
        if count.value != rows:
            raise RuntimeError(f"{name}: {count.value} rows")
        return seconds

    def measure(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        """Seconds of one, by the name of the figure."""
        if work == "one":
            self._each("one", keys_of(size["keys"][:20]), True)
            return {"one": self._each("one", keys_of(size["keys"]), True, thought=size["thought"])}
        if work == "single":
            return self._single(size["rows"])
        if work == "update":
            self.turn += 1
            keys = range(1, ROWS + 1)
            numbers = [level_of(key, self.turn) for key in keys]
            return {"update": self._must(self.c.loops_unnest(self.db, b"many", ROWS, keys_of(keys), keys_of(numbers),
                                                             self.spin))}
        read, seconds = way == "read into C", 0.0
        for _ in range(size["repeat"]):
            if work == "children":
                seconds += self._find("parents", read, PARENTS)
            seconds += self._find(work, read)
        return {work: seconds / size["repeat"]}

    def _single(self, rows: list[tuple[Any, ...]]) -> dict[str, float]:
        moment, level, text = rows[0]
        since = (moment - EPOCH) // datetime.timedelta(microseconds=1)
        row = struct.pack(">q", since), struct.pack(">i", level), text.encode()
        warm, keys = keys_of([0] * 10), keys_of([0] * len(rows))
        self._each("insert", warm, False, row)
        inserted = self._each("insert", keys, False, row)
        self._each("update", warm, True, (struct.pack(">i", 90),))
        updated = self._each("update", keys, True, (struct.pack(">i", 90),))
        self._each("delete", warm, True)
        return {"insert": inserted, "update": updated, "delete": self._each("delete", keys, True)}


def keys_of(keys: Any) -> Any:
    return (ctypes.c_int64 * len(keys))(*keys)
