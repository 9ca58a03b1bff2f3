"""Traced bytes of one loaded object of four columns: run as a process of its own by the bench.

    python memory.py takeo|slots|sqlalchemy
"""

import gc
import sys
import tracemalloc
from datetime import datetime

from contenders import ROWS


def by_hand() -> object:
    """What a careful programmer would write: slots, filled from sqlite3."""
    from contenders.sqlite3_module import Contender

    class Journal:
        __slots__ = ("id", "level", "moment", "text", "__weakref__")

    contender = Contender()

    def load() -> object:
        made = []
        for key, moment, level, text in contender.db.execute("select id, moment, level, text from journal"):
            entry = Journal()
            entry.id, entry.moment, entry.level, entry.text = key, datetime.fromisoformat(moment), level, text
            made.append(entry)
        return made

    return load


def load_of(kind: str) -> object:
    if kind == "slots":
        return by_hand()
    if kind == "takeo":
        from contenders.takeo_orm import Contender
    else:
        from contenders.sqlalchemy_orm import Contender
    return Contender().find


load = load_of(sys.argv[1])
load()
gc.collect()
tracemalloc.start()
held = load()
gc.collect()
print(tracemalloc.get_traced_memory()[0] / ROWS)
