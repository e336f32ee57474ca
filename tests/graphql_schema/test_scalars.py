"""Moments in and out, and counts beyond GraphQL's Int."""

from datetime import UTC, datetime

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema import scalars


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-20", datetime(2025, 1, 20, tzinfo=UTC)),
        ("2025-01-20T10:36Z", datetime(2025, 1, 20, 10, 36, tzinfo=UTC)),
        ("2025-01-20t10:36:06.480z", datetime(2025, 1, 20, 10, 36, 6, 480000, tzinfo=UTC)),
        ("2025-01-20 10:36:06,123456789+0530", datetime(2025, 1, 20, 5, 6, 6, 123456, tzinfo=UTC)),
        ("2025-01-20T00:00:00+05", datetime(2025, 1, 19, 19, tzinfo=UTC)),
    ],
)
def test_moments_as_people_write_them(text: str, expected: datetime) -> None:
    assert scalars.parse_datetime(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "2025-13-01", "2025-01-20T25:00Z", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "20250120"],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(GraphQLError):
        scalars.parse_datetime(text)


@given(st.text() | st.integers() | st.none() | st.booleans() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ"))
def test_parsing_fails_in_one_way(value: object) -> None:
    try:
        moment = scalars.parse_datetime(value)
    except GraphQLError:
        return
    assert moment.tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_the_same(moment: datetime) -> None:
    assert scalars.parse_datetime(scalars.serialize_datetime(moment)) == moment


def test_counts() -> None:
    assert (scalars.count(3), scalars.count(2**40)) == (3, 2**31 - 1)
