"""Stored values that are read by a short way read the same as by the long one."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from models import Everything
from takeo import DataSource
from takeo.errors import DecodeError
from takeo.types import JSON_NULL

TEXTS = [
    "{}", "[]", '{"a": [1, 2.5, null, true, {"b": "\\u00e9\\n"}]}', '"\u0142\U0001f600"', "-0.0", "1.5e2", "12345678901234567890123",
    ' {"a": 1}', '{"a": 1} ', "\n[1,\t2]\r\n", "  3  ", '{"a": 1, "a": 2}', "[" * 200 + "]" * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_json_with_and_without_blanks_is_what_json_loads_gives(memory: DataSource, text: str) -> None:
    memory.sql("insert into everything (json) values ({text})", text=text).run()
    (found,) = memory.repository(Everything).find()
    assert found.json == json.loads(text)
    memory.save(found)
    assert memory.repository(Everything).get(found.id).json == json.loads(text)


@pytest.mark.parametrize("text", ["null", " null "])
def test_json_null_with_and_without_blanks(memory: DataSource, text: str) -> None:
    memory.sql("insert into everything (json) values ({text})", text=text).run()
    assert memory.repository(Everything).find()[0].json is JSON_NULL


@pytest.mark.sqlite("a server's own type refuses them")
@pytest.mark.parametrize("text", ["", " ", "{} {}", "[1", "1 2", "nul", "{'a': 1}", "[" * 100_000])
def test_json_that_is_none_is_a_decode_error(memory: DataSource, text: str) -> None:
    memory.sql("insert into everything (json) values ({text})", text=text).run()
    with pytest.raises(DecodeError) as e:
        memory.repository(Everything).find()
    assert "json" in str(e.value)


@pytest.mark.parametrize("number", [0, 1, 1 << 63, 1 << 64, (1 << 64) - 1, (1 << 128) - 1, 0x0123456789ABCDEF << 64 | 0xFEDCBA9876543210])
def test_uuids_of_all_sizes(memory: DataSource, number: int) -> None:
    (made,) = memory.save([Everything(token=UUID(int=number))])
    found = memory.get(Everything, made.id)
    assert found.token == UUID(int=number) and str(found.token) == str(UUID(int=number))
    assert hash(found.token) == hash(UUID(int=number)) and found.token.is_safe is UUID(int=number).is_safe
