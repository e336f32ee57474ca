"""Taking a JSON array apart: the upstream's own bytes, even around a record that is no JSON."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http import MalformedBody
from etl.sources.json_records import _scan_array, depth_of, records_by_id, split_array
from etl.types import Page
from tests.fakes import MIDNIGHT, MemorySource, row


def test_elements_keep_their_bytes() -> None:
    assert split_array(b' [ {"a": 1.0e5 } ,\n{"b":"\\u0026,]["} ]\n') == [b'{"a": 1.0e5 }', b'{"b":"\\u0026,]["}']


def test_one_bad_element_does_not_spoil_the_others() -> None:
    assert split_array(b'[{"a":NaN},{"b":[1,2,{}]},"\\ud800",{"c":1}]') == [
        b'{"a":NaN}', b'{"b":[1,2,{}]}', b'"\\ud800"', b'{"c":1}',
    ]  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[1,2", b'["a', b"[1] 2", b"<html>", b'{"status":{}}', b"[NaN"])
def test_anything_else_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        split_array(body)


@pytest.mark.parametrize("quotes", [b'\\"' * 200_000, b'"' * 200_001, b"\\" * 400_001, b'"a' * 200_001])
@pytest.mark.parametrize("start", [b'["', b'[{"a":"'])
def test_a_string_without_an_end_is_malformed_at_once(start: bytes, quotes: bytes) -> None:
    with pytest.raises(MalformedBody):
        split_array(start + quotes)
    assert depth_of(start + quotes) <= 2


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.text()))))
def test_the_scanner_agrees_with_the_parser(rows: list[object]) -> None:
    body = json.dumps(rows).encode()
    assert _scan_array(body) == split_array(body)
    assert [json.loads(element) for element in split_array(body)] == rows


def test_an_empty_list_has_no_elements() -> None:
    assert split_array(b" [ ] ") == []
    assert _scan_array(b"[ ]") == []


def test_brackets_in_strings_do_not_nest() -> None:
    assert depth_of(b'{"a":"[[[[","b":[[1]]}') == 3


async def pages(*contents: list[bytes]) -> AsyncIterator[Page]:
    for content in contents:
        yield Page(b"[" + b",".join(content) + b"]", len(content), MIDNIGHT, "test")


async def test_records_come_by_id_the_newest_of_each() -> None:
    read = pages([row("b"), row("a", 1, minute=4)], [row("a", 2, minute=2), b"{}", row("c")])
    chunks = records_by_id(read, MemorySource([]).parse)
    records = [record async for chunk in chunks for record in chunk]
    assert [record.external_id for record in records] == [None, "a", "b", "c"]
    assert records[1].payload == row("a", 1, minute=4)
