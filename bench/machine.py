"""What a run was made on: the machine, its load, and the version of everything that takes part."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import importlib.metadata
import os
import pathlib
import platform
import re
import sqlite3
import subprocess
from typing import Any

PACKAGES = ("cffi", "SQLAlchemy", "psycopg", "psycopg2-binary", "asyncpg", "peewee", "Django", "tortoise-orm", "piccolo",
            "apsw")


def load() -> float:
    """Processes that want to run, over the last minute."""
    return round(os.getloadavg()[0], 2)


def facts() -> dict[str, Any]:
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "system": platform.platform(), "processor": found[1].strip() if found else platform.machine(),
            "processors": os.cpu_count(), "load at start": load()}


def of_libpq() -> str:
    """The system's, which Takeo and the loops in C use."""
    number = ctypes.CDLL("libpq.so.5").PQlibVersion()
    return f"{number // 10000}.{number % 10000}"


def commit() -> str:
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=pathlib.Path(__file__).parent, capture_output=True,
                         text=True)
    return run.stdout.strip() or "?"


def versions(with_server: bool) -> dict[str, str]:
    import takeo

    found = {"Takeo": f"{takeo.__version__} ({commit()})", "Python": platform.python_version(),
             "SQLite": sqlite3.sqlite_version}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # then its contenders are left out, and say so
            found[package] = importlib.metadata.version(package)
    if with_server:
        found["libpq"] = of_libpq()
        with contextlib.suppress(ImportError):
            import psycopg

            found["libpq of psycopg"] = f"{psycopg.pq.version() // 10000}.{psycopg.pq.version() % 10000}"
        with contextlib.suppress(ImportError):
            import psycopg2

            number = psycopg2.__libpq_version__
            found["libpq of psycopg2"] = f"{number // 10000}.{number % 10000}"
    with contextlib.suppress(ImportError):
        import apsw

        found["SQLite of apsw"] = apsw.sqlite_lib_version()
    return found
