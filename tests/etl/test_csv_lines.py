"""Bytes -> raw records: what ends a record, what damages one, and that nothing gets lost."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.csv_format import lines as csv_lines
from etl.csv_format.lines import (
    KEPT_OF_TOO_LONG,
    LONGEST_RECORD,
    NUL_BYTE,
    OPEN_QUOTE,
    TOO_LONG,
    Piece,
    as_utf8,
    damage_of,
    physical_lines,
    raw_records,
    read_blocks,
)


def blocks_of(data: bytes, size: int = 7) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def split(data: bytes, delimiter: str = ",", size: int = 7) -> list[Piece]:
    return list(raw_records(physical_lines(blocks_of(data, size)), delimiter))


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b"", []),
        (b"\n\n  \n\r\n", []),
        (b"a,b", [b"a,b"]),
        (b"a,b\n", [b"a,b"]),
        (b"a,b\r\nc,d\r\n", [b"a,b", b"c,d"]),
        (b"a\n\n\nb", [b"a", b"b"]),
        (b" a \n,,\n", [b" a ", b",,"]),
        (b'a,"b\nc"\nd', [b'a,"b\nc"', b"d"]),
        (b'a,"b\r\nc"\r\nd', [b'a,"b\r\nc"', b"d"]),
        (b'a,"b\n\n\nc",d\ne', [b'a,"b\n\n\nc",d', b"e"]),
        (b'"say ""hi""\n",b\nc', [b'"say ""hi""\n",b', b"c"]),
        (b'a, "b\nc"\nd', [b'a, "b\nc"', b"d"]),
        (b'5" disk,b\nc,7" disk\n', [b'5" disk,b', b'c,7" disk']),
        (b'"a"b"c,d\ne', [b'"a"b"c,d', b"e"]),
    ],
)
def test_splits_records(data: bytes, records: list[bytes]) -> None:
    assert split(data) == [(record, None) for record in records]


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        (b'a,"b\nc,d\ne,f\n', [(b'a,"b', OPEN_QUOTE), (b"c,d", None), (b"e,f", None)]),
        (b'a,"b\nc,d\ne,"f"\n', [(b'a,"b', OPEN_QUOTE), (b"c,d", None), (b'e,"f"', None)]),
        (b'a,"b\nc,"d\ne\n', [(b'a,"b', OPEN_QUOTE), (b'c,"d', OPEN_QUOTE), (b"e", None)]),
        (b'a,"b\r\nc', [(b'a,"b', OPEN_QUOTE), (b"c", None)]),
        (b'"', [(b'"', OPEN_QUOTE)]),
        (
            b'a,"b\nc\n"d"\ne,"f\ng"\nh',
            [(b'a,"b', OPEN_QUOTE), (b"c", None), (b'"d"', None), (b'e,"f\ng"', None), (b"h", None)],
        ),
        (b"a\0b\nc", [(b"a\0b", NUL_BYTE), (b"c", None)]),
    ],
)
def test_damage_costs_one_line_only(data: bytes, pieces: list[Piece]) -> None:
    assert split(data) == pieces


def test_a_gigantic_line_is_cut_and_reading_goes_on() -> None:
    data = b"a,b\n" + b"x" * (3 * LONGEST_RECORD) + b"\nc,d\n"
    assert split(data, size=100_000) == [(b"a,b", None), (b"x" * KEPT_OF_TOO_LONG, TOO_LONG), (b"c,d", None)]


def test_a_gigantic_line_is_never_in_memory() -> None:
    longest = 0
    endless = (b"x" * 100_000 for _ in range(2000))
    for line in physical_lines(endless):
        longest = max(longest, len(line))
    assert longest == LONGEST_RECORD + 1


def test_a_cut_line_ends_in_a_whole_character() -> None:
    [(raw, _)] = split(b"x" + "ä".encode() * LONGEST_RECORD, size=100_000)
    assert raw.decode() == "x" + "ä" * ((KEPT_OF_TOO_LONG - 2) // 2)


def test_a_quote_that_outgrows_the_longest_record_is_given_up() -> None:
    data = b'a,"b\n' + b"c,d\n" * (LONGEST_RECORD // 4 + 1) + b'"\n'
    pieces = split(data, size=100_000)
    assert pieces[:2] == [(b'a,"b', OPEN_QUOTE), (b"c,d", None)]
    assert len(pieces) == data.count(b"\n")


def test_stray_quotes_take_linear_time() -> None:
    looked_at = 0

    def lines() -> Iterator[bytes]:
        yield from [b'a","b'] * 200_000

    for _ in raw_records(lines(), ","):
        looked_at += 1
    assert looked_at == 200_000


@pytest.mark.parametrize(
    "data", [b'""' * LONGEST_RECORD, b'","' * 300_000, b'"' * (LONGEST_RECORD - 1), b' "' * 500_000]
)
def test_masses_of_quotes_take_linear_time(data: bytes) -> None:
    assert len(split(data, size=200_000)) == 1


@given(st.binary() | st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b" ", b"\0"])).map(b"".join))
def test_no_byte_is_lost_but_line_ends_and_blank_lines(data: bytes) -> None:
    records = b"\n".join(raw for raw, _ in split(data))
    assert _essence(records) == _essence(data)


def _essence(data: bytes) -> bytes:
    return re.sub(rb"\s+", b" ", data).strip()


@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"a", b";"])).map(b"".join), st.integers(1, 9))
def test_block_size_changes_nothing(data: bytes, size: int) -> None:
    assert split(data, size=size) == split(data, size=1000)


@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"a", b" "])).map(b"".join))
def test_an_intact_record_shows_no_damage_of_its_own(data: bytes) -> None:
    for raw, damage in split(data):
        assert damage_of(raw, ",") == damage


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"id,name\n", "id,name\n"),
        (b"\xef\xbb\xbfid,name\n", "id,name\n"),
        ("id,ä\n".encode("utf-16"), "id,ä\n"),
        (b"\xfe\xff" + "id,ä\n".encode("utf-16-be"), "id,ä\n"),
        (b"\xff\xfei\x00\x00\xd8", "i\ufffd"),
    ],
)
def test_byte_order_marks_are_no_content(data: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / "coins.csv").write_bytes(data)
    assert b"".join(read_blocks(tmp_path / "coins.csv")).decode() == text


def test_a_character_may_straddle_two_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_lines, "BLOCK_BYTES", 3)
    (tmp_path / "coins.csv").write_bytes("äöü😀".encode("utf-16"))
    assert b"".join(read_blocks(tmp_path / "coins.csv")).decode() == "äöü😀"


def test_reads_gzip(tmp_path: Path) -> None:
    (tmp_path / "coins.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfid\nx\n"))
    assert b"".join(read_blocks(tmp_path / "coins.csv.gz")) == b"id\nx\n"


@pytest.mark.parametrize(
    ("raw", "text"), [(b"caf\xc3\xa9", "café"), (b"caf\xe9", "café"), (b"\x80\x81", "€\x81"), (b"", "")]
)
def test_what_is_not_utf8_is_windows_1252(raw: bytes, text: str) -> None:
    assert as_utf8(raw) == (text, text.encode())


@given(st.binary())
def test_any_bytes_are_text(raw: bytes) -> None:
    text, payload = as_utf8(raw)
    assert payload.decode() == text
