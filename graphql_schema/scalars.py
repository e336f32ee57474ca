"""Scalars: what leaves and enters as plain JSON values."""

import re
from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

INT32_MAX = 2**31 - 1
_ISO = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?))?", re.ASCII)


def serialize_datetime(value: datetime) -> str:
    """ISO 8601 in UTC with `Z`; microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def parse_datetime(value: Any) -> datetime:
    """A moment; a date alone is its first moment in UTC. Raises GraphQLError."""
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        raise GraphQLError("DateTime must be ISO 8601 with a zone, such as 2025-01-20T10:36:06Z")
    try:
        moment = datetime.fromisoformat(value.upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"DateTime out of range: {error}") from None


def count(value: int) -> int:
    """A count as GraphQL's Int can carry it: 32 bits, so larger ones are shown as the largest."""
    return min(value, INT32_MAX)


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment in UTC, as ISO 8601: `2025-01-20T10:36:06.480000Z`. Other zones are accepted and converted.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    serialize=serialize_datetime,
    parse_value=parse_datetime,
)
ANY_JSON = strawberry.scalar(name="JSON", description="Any JSON value.", serialize=lambda value: value)
SCALARS: dict[object, ScalarDefinition] = {datetime: DATE_TIME, JSON: ANY_JSON}
