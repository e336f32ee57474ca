"""Query strings: strict about names, repeats, numbers and encoding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.errors import InvalidParameters
from app.web.query_string import QueryString

KNOWN = ("limit", "q")


def read(raw: bytes) -> tuple[int, str | None]:
    query = QueryString(raw, KNOWN)
    found = query.integer("limit", 50, low=1, high=500), query.text("q")
    query.check()
    return found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", (50, None)),
        (b"limit=7&q=a+b%26c", (7, "a b&c")),
        (b"&&q==&", (50, "=")),
        (b"limit=007&q=", (7, None)),
        ("q=Straße".encode(), (50, "Straße")),
        (b"q=Stra%C3%9fe", (50, "Straße")),
        (b"q=%00", (50, "\0")),
        (b"q=a;b", (50, "a;b")),
    ],
)
def test_what_can_be_used(raw: bytes, expected: tuple[int, str | None]) -> None:
    assert read(raw) == expected


@pytest.mark.parametrize("raw", [b"q=\xff", b"q=%ff", b"q=\xc3%28", b"Q=1", b"q=1&q=", b"limit=", b"limit=+1"])
def test_what_cannot(raw: bytes) -> None:
    with pytest.raises(InvalidParameters):
        read(raw)


@given(st.binary() | st.lists(st.sampled_from([b"limit=", b"q=", b"&", b"%", b"f", b"0", b"-"])).map(b"".join))
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    try:
        limit, q = read(raw)
    except InvalidParameters:
        return
    assert 1 <= limit <= 500
    assert q is None or q.encode()
