"""Hours, days and weeks in UTC that moments lie in, as SQL."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func

Bucket = Literal["hour", "day", "week"]
# SQLite keeps times as fixed-width text, so an hour is a prefix. Weeks start on Monday, as PostgreSQL's do.
_SQLITE: dict[Bucket, Any] = {
    "hour": lambda at: func.substr(at, 1, 13),
    "day": lambda at: func.substr(at, 1, 10),
    "week": lambda at: func.date(func.substr(at, 1, 10), "weekday 0", "-6 days"),
}


def bucket(kind: str, size: Bucket, at: ColumnElement[datetime]) -> ColumnElement[Any]:
    """What is the same for all moments of one hour, day or week, and differs for others; `kind` is the database's."""
    if kind == "sqlite":
        found: ColumnElement[Any] = _SQLITE[size](at)
        return found
    return func.date_trunc(size, at, "UTC")
