"""A contender in a process of its own: run by the bench, told what to do on its standard input.

    python worker.py MODULE [DRIVER [URL]]      without a URL: SQLite in memory

Orders and answers are pickled; an order is (what, arguments), an answer (result, text of an error).
The process answers first with the works of its contender and the ways of doing each.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import pickle
import sys
import time
import traceback
import tracemalloc
from typing import Any, Callable

from contenders import ROWS, expected, journal_row, new_rows, sqlite
from contenders.postgresql import Place

WARM = 10
clock = time.perf_counter


class Sync:
    """How functions are called and measured."""

    def run(self, function: Callable[..., Any], *given: Any) -> Any:
        return function(*given)

    def call(self, function: Callable[..., Any], *given: Any) -> tuple[float, Any]:
        """Seconds and the result."""
        gc.collect()
        start = clock()
        result = function(*given)
        return clock() - start, result

    def each(self, function: Callable[..., Any], given: list[tuple[Any, ...]], made: list[Any] | None = None,
             thought: float = 0) -> float:
        """Seconds of one call; `made` takes what they give, `thought` is time between that does not count."""
        gc.collect()
        total, start = 0.0, clock()
        if made is not None:
            for one in given:
                made.append(function(*one))
        elif not thought:
            for one in given:
                function(*one)
        else:
            for one in given:
                end = clock() + thought
                while clock() < end:
                    pass
                begin = clock()
                function(*one)
                total += clock() - begin
            return total / len(given)
        return (clock() - start) / len(given)


class Async(Sync):
    """The same of coroutines, in a loop that lasts; the clock is read inside of it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)

    def run(self, function: Callable[..., Any], *given: Any) -> Any:
        async def work() -> Any:  # what a function gives may be something to await that is no coroutine
            return await function(*given)

        return self.loop.run_until_complete(work())

    def call(self, function: Callable[..., Any], *given: Any) -> tuple[float, Any]:
        async def work() -> tuple[float, Any]:
            start = clock()
            result = await function(*given)
            return clock() - start, result

        gc.collect()
        return self.loop.run_until_complete(work())

    def each(self, function: Callable[..., Any], given: list[tuple[Any, ...]], made: list[Any] | None = None,
             thought: float = 0) -> float:
        async def work() -> float:
            total, start = 0.0, clock()
            if made is not None:
                for one in given:
                    made.append(await function(*one))
            elif not thought:
                for one in given:
                    await function(*one)
            else:
                for one in given:
                    end = clock() + thought
                    while clock() < end:
                        pass
                    begin = clock()
                    await function(*one)
                    total += clock() - begin
                return total / len(given)
            return (clock() - start) / len(given)

        gc.collect()
        return self.loop.run_until_complete(work())


class Worker:
    def __init__(self, module: str, driver: str = "", url: str = "") -> None:
        place = Place.of_url(url) if url else None
        self.contender = importlib.import_module(f"contenders.{module}").Contender(place, driver)
        if place is None:
            sqlite.create(self.contender)
        self.how = Async() if self.contender.is_async else Sync()
        if self.contender.is_async:
            self.how.run(self.contender.start)
        self.turn = 0

    def ways(self) -> dict[str, list[str]]:
        if hasattr(self.contender, "ways"):
            return self.contender.ways
        return {work: ["", *self.contender.also.get(work, ())] for work in self.contender.works}

    def function(self, name: str, work: str, way: str) -> Callable[..., Any]:
        """`name` in this way; what a way does not say itself it does like the others."""
        suffix = self.contender.also.get(work, {}).get(way, "")
        return getattr(self.contender, f"{name}_{suffix}", None) or getattr(self.contender, name)

    # ---- measuring: each gives seconds by the name of the figure
    def measure(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        self.contender.before(work)
        if hasattr(self.contender, "measure"):
            return self.contender.measure(work, way, size)
        return getattr(self, f"measure_{work}", self.measure_find)(work, way, size)

    def measure_one(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        one, keys = self.function("one", work, way), [(key,) for key in size["keys"]]
        self.how.each(one, keys[:WARM])
        return {work: self.how.each(one, keys, thought=size["thought"])}

    def measure_single(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        insert, update, delete = (self.function(name, work, way) for name in ("insert_one", "update_one", "delete_one"))
        rows = [(row,) for row in size["rows"]]
        warm: list[Any] = []
        made: list[Any] = []
        self.how.each(insert, rows[:WARM], warm)
        inserted = self.how.each(insert, rows, made)
        self.how.each(update, [(thing, 90) for thing in warm])
        updated = self.how.each(update, [(thing, 90) for thing in made])
        self.how.each(delete, [(thing,) for thing in warm])
        return {"insert": inserted, "update": updated, "delete": self.how.each(delete, [(thing,) for thing in made])}

    def measure_find(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        find, seconds = self.function(work, work, way), 0.0
        for _ in range(size["repeat"]):
            took, result = self.how.call(find)
            del result  # outside of what is measured
            self.contender.before(work)
            seconds += took
        return {work: seconds / size["repeat"]}

    def measure_save(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        new, save = self.function("new", work, way), self.function("save", work, way)
        self.how.run(save, new(new_rows(WARM)))  # statements are known
        return {work: self.how.call(save, new(new_rows()))[0]}

    def measure_update(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        load, change, update = (self.function(name, work, way) for name in ("load", "change", "update"))
        self.turn += 1
        return {work: self.how.call(update, change(self.how.run(load), self.turn))[0]}

    def measure_first(self, work: str, way: str, size: dict[str, Any]) -> dict[str, float]:
        c, count = self.contender, size["count"]
        rows, hundred = new_rows(count), 100
        figures = {"insert one by one": self.how.each(c.insert_one, [(row,) for row in rows]) * count}
        c.before(work)
        figures["read all"], found = self.how.call(c.find)
        some = [c.found(thing) for thing in found[:hundred]]
        figures["update 100"] = self.how.each(c.update_one, [(thing, 90) for thing in some]) * hundred
        figures["delete 100"] = self.how.each(c.delete_one, [(thing,) for thing in some]) * hundred
        figures["insert a list"] = self.how.call(c.save, c.new(rows))[0]
        return figures

    # ---- the database in memory, which nobody else sees
    def refill(self, rows: int) -> None:
        sqlite.refill(self.contender, rows)

    def sql(self, text: str) -> list[Any]:
        return [tuple(row) for row in self.contender.sql(text)]

    def memory(self, function: str) -> float:
        """Traced bytes of one of 10 000 things."""
        load = getattr(self.contender, function)
        self.how.run(load)
        self.contender.before("find")
        gc.collect()
        tracemalloc.start()
        held = self.how.run(load)
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(held) == ROWS
        return traced / ROWS

    # ---- that all do the same: a text when they do not
    def check(self, work: str, way: str) -> Any:
        c = self.contender
        c.before(work)
        if hasattr(c, "measure"):
            return None  # it looks at its results itself
        if work == "one":
            one = self.function("one", work, way)
            for key in (1, 77, ROWS):
                self.same(journal_row(key), c.plain(self.how.run(one, key)))
        elif work in ("find", "wide"):
            plain = c.plain if work == "find" else c.plain_wide
            found = sorted(map(plain, self.how.run(self.function(work, work, way))), key=lambda row: row[0])
            self.all_same(expected(work), found)
        elif work == "children":
            found = sorted(c.plain_children(self.how.run(self.function(work, work, way))))
            self.all_same(expected(work), [(key, name, sorted(children)) for key, name, children in found])
        return None

    def all_same(self, wanted: list[Any], found: list[Any]) -> None:
        if len(wanted) != len(found):
            raise AssertionError(f"{len(found)} rows instead of {len(wanted)}")
        for one, other in zip(wanted, found):
            self.same(one, other)

    def same(self, wanted: Any, found: Any) -> None:
        for one, other in zip(wanted, found):
            if one != other or not isinstance(other, type(one)):
                raise AssertionError(f"{other!r} instead of {one!r} in {found!r}")
        if len(wanted) != len(found):
            raise AssertionError(f"{found!r} instead of {wanted!r}")

    def insert(self, way: str, rows: list[Any]) -> None:
        self.made = [self.how.run(self.function("insert_one", "single", way), row) for row in rows]

    def update(self, way: str, level: int) -> None:
        for thing in self.made:
            self.how.run(self.function("update_one", "single", way), thing, level)

    def delete(self, way: str) -> None:
        for thing in self.made:
            self.how.run(self.function("delete_one", "single", way), thing)

    def save(self, way: str, rows: list[Any]) -> Any:
        new, save, keys = (self.function(name, "save", way) for name in ("new", "save", "keys"))
        saved = self.how.run(save, new(rows))
        return None if saved is None else keys(saved)

    def change(self, way: str, turn: int) -> None:
        load, change, update = (self.function(name, "update", way) for name in ("load", "change", "update"))
        self.how.run(update, change(self.how.run(load), turn))


def main() -> None:
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        worker = Worker(*sys.argv[1:])
        answer: tuple[Any, str | None] = worker.ways(), None
    except Exception:
        answer = None, traceback.format_exc()
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            what, given = pickle.load(orders)
        except EOFError:
            os._exit(0)  # connections and loops end with the process
        try:
            answer = getattr(worker, what)(*given), None
        except Exception:
            answer = None, traceback.format_exc()


if __name__ == "__main__":
    main()
