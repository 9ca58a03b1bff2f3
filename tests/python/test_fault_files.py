"""A database file that is locked, read-only, missing, damaged or none at all: each is an exception of its
own that says what it is.  The C ABI has the same tests in tests/faults/test_files.c."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from takeo import Column, DataSource, Entity, Mapped, PrimaryGeneratedColumn
from takeo.errors import Busy, ConnectFailed, OperationalError, ReadOnly, TakeoError

pytestmark = pytest.mark.sqlite("about its files")


@Entity("fault_items")
class Item:
    id: Mapped[int] = PrimaryGeneratedColumn()
    text: Mapped[str] = Column()


def source(path: Path, query: str = "") -> DataSource:
    return DataSource(f"sqlite:///{path}{query}", entities=[Item])


def make_file(path: Path) -> None:
    with source(path, "?wal=false") as db:
        db.synchronize()
        db.save([Item(text="some text to fill the pages of the file with") for _ in range(400)])


def directory(path: Path) -> None:
    path.mkdir()


def some_text(path: Path) -> None:
    path.write_text("Nothing here looks like a database.\n" * 1000)


def bad_header(path: Path) -> None:
    make_file(path)
    path.write_bytes(b"Z" * 4096 + path.read_bytes()[4096:])


def nothing(path: Path) -> None:
    pass


CANNOT_OPEN: list[tuple[Callable[[Path], None], str, str, str]] = [
    (directory, "a.db", "TAKEO.CONNECT.FAILED", "is a directory, not a database file"),
    (some_text, "a.db", "TAKEO.SQLITE.NOT_A_DATABASE", "is no SQLite database, or is encrypted"),
    (bad_header, "a.db", "TAKEO.SQLITE.NOT_A_DATABASE", "is no SQLite database"),
    (nothing, "absent/a.db", "TAKEO.CONNECT.FAILED", "The directory"),
    (nothing, "a.db?mode=rw", "TAKEO.CONNECT.FAILED", "There is no database file"),
    (nothing, "a.db?mode=ro", "TAKEO.CONNECT.FAILED", "There is no database file"),
]


@pytest.mark.parametrize(("prepare", "name", "code", "part"), CANNOT_OPEN)
def test_f82_file_that_cannot_be_opened_says_why(
    prepare: Callable[[Path], None], name: str, code: str, part: str, tmp_path: Path
) -> None:  # DS-06 ERR-03
    file, _, query = name.partition("?")
    prepare(tmp_path / file)
    db = source(tmp_path / file, f"?{query}" if query else "")
    for _ in range(2):  # the same again, not something else the second time
        with pytest.raises(ConnectFailed) as caught:
            db.repository(Item).count()
        assert caught.value.code == code
        assert part in caught.value.message
    db.close()


def test_f82_read_only_file_is_read_and_not_written(tmp_path: Path) -> None:
    make_file(tmp_path / "a.db")
    with source(tmp_path / "a.db", "?mode=ro") as db:
        assert db.repository(Item).count() == 400
        with pytest.raises(ReadOnly) as caught:
            db.save(Item(text="x"))
        assert caught.value.code == "TAKEO.SERVER.READ_ONLY"
        assert db.repository(Item).count() == 400


@pytest.mark.parametrize("damage", ["overwritten", "truncated"])
def test_f82_damaged_file_is_told_apart_and_the_handle_lives(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make_file(path)
    data = path.read_bytes()
    path.write_bytes(
        data[:4096] + b"\xff" * (len(data) - 4096) if damage == "overwritten" else data[: 3 * 4096 + 100]
    )
    db = source(path)
    for _ in range(2):
        with pytest.raises(OperationalError) as caught:
            db.repository(Item).find()
        assert caught.value.code == "TAKEO.SQLITE.CORRUPT"
        assert "damaged" in caught.value.message
    if damage == "overwritten":  # what needs no page works; a file too short does not even open
        assert db.sql("select 7").scalar() == 7
    db.close()


HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(sys.argv[2])
db.execute("insert into fault_items (text) values ('held')")
print("held", flush=True)
sys.stdin.read()
db.execute("rollback")
"""


class Held:
    """Another process holds a lock until the block ends."""

    def __init__(self, path: Path, begin: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", HOLDER, path, begin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},  # no sanitizer, no package: it is somebody else
        )

    def __enter__(self) -> None:
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == b"held\n"

    def __exit__(self, *error: object) -> None:
        self.child.communicate(b"")
        assert self.child.returncode == 0


def test_f82_locked_file_is_busy_and_can_be_tried_again(tmp_path: Path) -> None:  # ERR-03
    path = tmp_path / "a.db"
    make_file(path)
    item = Item(text="x")
    with source(path, "?timeout=0.1") as db:
        with Held(path, "begin immediate"):
            assert db.repository(Item).count() == 400  # readers are let in
            with pytest.raises(Busy) as caught:
                db.save(item)
            assert caught.value.code == "TAKEO.SERVER.BUSY"
            assert caught.value.retryable
        db.save(item)
        assert db.repository(Item).count() == 401


def test_f82_file_that_nobody_may_read_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make_file(path)
    db = source(path, "?timeout=0.1")
    with Held(path, "begin exclusive"):
        with pytest.raises(TakeoError) as caught:
            db.connect()
        assert isinstance(caught.value, Busy)
        assert caught.value.code == "TAKEO.SERVER.BUSY"
    assert db.repository(Item).count() == 400
    db.close()
