"""What the server says beside its answers reaches the logger `takeo.sql` (PG-02)."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from takeo import DataSource, errors

pytestmark = pytest.mark.postgresql("SQLite says nothing")


@pytest.fixture(params=["on", "off"])
def speaker(request: pytest.FixtureRequest, url: str) -> Iterator[DataSource]:
    """Each way of speaking the protocol."""
    with DataSource(url, entities=[], driver_options={"wire": request.param}) as db:
        db.sql("""create function speak(words text) returns bigint language plpgsql as $$ begin
            raise notice 'said %', words using errcode = '01F00', detail = 'more', hint = 'listen', table = 'towns';
            return 1; end $$""").run()
        yield db


def speaking_inserts(db: DataSource, entity: type) -> None:
    db.synchronize()
    db.sql("""create function greet() returns trigger language plpgsql as $$ begin
        raise notice 'came'; return null; end $$""").run()
    db.sql(f"create trigger greet after insert on {db.model(entity).table} for each row execute function greet()").run()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.name == "takeo.sql"]
    caplog.clear()
    return found


def test_pg_02_notices_come_with_level_and_fields(speaker: DataSource, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "takeo.sql"):
        for word, level in (("notice", 20), ("warning", 30), ("info", 20), ("debug", 10)):
            with speaker.transaction():
                speaker.sql("set local client_min_messages = debug1").run()
                caplog.clear()
                speaker.sql("do $$ begin raise " + word + " 'loud'; end $$").run()
            records = [record for record in caplog.records if record.getMessage().endswith(": loud")]
            assert [record.levelno for record in records] == [level]
        caplog.clear()
        assert speaker.sql("select speak('tree')").scalar() == 1
        record: Any = caplog.records[0]
        assert record.getMessage() == "NOTICE: said tree" and record.name == "takeo.sql"
        assert (record.severity, record.sqlstate, record.detail, record.hint) == ("NOTICE", "01F00", "more", "listen")
        assert record.table_name == "towns" and record.column_name is None and "speak" in record.context
    with caplog.at_level(logging.WARNING, "takeo.sql"):
        caplog.clear()
        assert speaker.sql("select speak('x')").scalar() == 1
        assert messages(caplog) == []


def test_pg_02_s16_notices_come_from_everywhere(speaker: DataSource, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "takeo.sql"):
        with speaker.transaction():
            for word in "ab":
                speaker.sql("select speak({word})", word=word).scalar()
        assert messages(caplog) == ["NOTICE: said a", "NOTICE: said b"]
        assert speaker.sql("select speak(g::text) from generate_series(1, 3) g").scalars() == [1, 1, 1]
        assert messages(caplog) == [f"NOTICE: said {n}" for n in (1, 2, 3)]
        with pytest.raises(errors.DatabaseError):
            speaker.sql("do $$ begin raise notice 'first'; perform 1 / 0; end $$").run()
        assert messages(caplog) == ["NOTICE: first"]
        with pytest.raises(errors.DecodeError):
            speaker.sql("select case when speak('late') = 1 then timestamptz 'infinity' end").scalar()
        assert messages(caplog) == ["NOTICE: said late"]


@pytest.mark.parametrize("wire", ["on", "off"])
def test_pg_02_a_statement_that_is_stopped_has_spoken(url: str, wire: str, caplog: pytest.LogCaptureFixture) -> None:
    with DataSource(url, entities=[], driver_options={"wire": wire}, statement_timeout=0.5) as db:
        begun = time.monotonic()
        with caplog.at_level(logging.INFO, "takeo.sql"), pytest.raises(errors.StatementTimeout):
            db.sql("do $$ begin raise notice 'now'; perform pg_sleep(20); end $$").run()
        assert time.monotonic() - begun < 10 and messages(caplog) == ["NOTICE: now"]


def test_pg_02_batches_say_what_their_triggers_say(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Rows of a list go by COPY, whose triggers speak in the middle of it."""
    from models import City, Country

    with DataSource(url, entities=[City, Country]) as db:
        speaking_inserts(db, Country)
        with caplog.at_level(logging.INFO, "takeo.sql"):
            db.repository(Country).insert([Country(code=f"{n:02}", name=f"land {n}") for n in range(40)])
        assert messages(caplog) == ["NOTICE: came"] * 40


def test_pg_02_an_exception_on_its_way_stays_the_failure(speaker: DataSource, caplog: pytest.LogCaptureFixture) -> None:
    """One that a signal raises; the statement speaks while it is stopped for that."""

    def ring(number: int, frame: Any) -> None:
        raise KeyError("mine")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with caplog.at_level(logging.INFO, "takeo.sql"), pytest.raises(KeyError, match="mine"):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            speaker.sql("do $$ begin perform pg_sleep(20); exception when query_canceled then "
                        "raise notice 'stopped'; raise; end $$").run()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert messages(caplog) == ["NOTICE: stopped"]


def test_pg_02_ctrl_c_reaches_a_statement_that_never_stops_speaking(speaker: DataSource) -> None:
    """It comes while notices are shown, nearly always."""

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            time.sleep(0.001)

    logger, handler = logging.getLogger("takeo.sql"), Slow()
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        for _ in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                speaker.sql("do $$ begin loop raise notice 'more'; end loop; end $$").timeout(15).run()
    finally:
        signal.signal(signal.SIGALRM, before)
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert speaker.sql("select 1").scalar() == 1


def test_pg_02_notices_come_while_a_call_waits(speaker: DataSource) -> None:
    times: list[float] = []

    class Clock(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            times.append(time.monotonic())

    logger, handler = logging.getLogger("takeo.sql"), Clock()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        speaker.sql("do $$ begin perform pg_sleep(0.1); raise notice 'now'; perform pg_sleep(1); end $$").run()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert len(times) == 1 and time.monotonic() - times[0] > 0.5


def test_pg_02_s18_many_are_bounded(speaker: DataSource, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "takeo.sql"):
        speaker.sql("do $$ begin for i in 1..20000 loop raise notice '%', i; end loop; end $$").run()
        found = messages(caplog)
    told = [int(text.rpartition(" ")[2]) for text in found if text.startswith("NOTICE: ")]
    dropped = sum(int(text.split()[0]) for text in found if text.endswith("were dropped"))
    assert told == sorted(set(told)) and len(told) + dropped == 20000 and told[0] == 1
    assert speaker.sql("select 1").scalar() == 1


def test_pg_02_a_handler_that_fails_fails_nothing_else(speaker: DataSource, capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("no ink")

    logger, handler = logging.getLogger("takeo.sql"), Broken()
    logger.addHandler(handler)
    try:
        logger.setLevel(logging.INFO)
        assert speaker.sql("select speak('x')").scalar() == 1
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert "no ink" in capfd.readouterr().err


@pytest.mark.parametrize("before", ["", "import logging"])
def test_pg_02_nothing_is_printed_unasked(url: str, before: str) -> None:
    program = f"""{before}
import sys
from takeo import DataSource
with DataSource(sys.argv[1], entities=[]) as db:
    db.sql("do $$ begin raise warning 'loud'; end $$").run()
"""
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
