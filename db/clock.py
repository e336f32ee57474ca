"""The database's clock and how times are stored.

Leases are judged by one clock, the database's: processes on other hosts may disagree about the time.
SQLite keeps times as fixed-width ISO 8601 text in UTC, which sorts as time does; PostgreSQL as timestamptz.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Integer, String, literal, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from db.aio import AsyncConnection


# A record's time is written several times: in its id, and in each table that holds it.
@lru_cache(maxsize=20_000)
def to_text(value: datetime) -> str:
    """Fixed-width UTC text with microseconds: `2025-01-20T10:36:06.480000Z`."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:26] + "Z"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return to_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class now(FunctionElement[datetime]):  # noqa: N801  reads as SQL: now(), now(30)
    """The database's current time (not the transaction's start), plus whole seconds."""

    type = UtcDateTime()
    # The seconds are a parameter, so that a statement is compiled once, whatever they are.
    inherit_cache = True
    name = "now"

    def __init__(self, plus_seconds: int = 0) -> None:
        super().__init__(literal(int(plus_seconds), Integer))


async def read(connection: AsyncConnection) -> datetime:
    """The database's time."""
    return (await connection.execute(select(now()))).scalar_one()


@compiles(now, "sqlite")
def _sqlite_now(element: now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {seconds} || ' seconds')"


@compiles(now, "postgresql")
def _postgresql_now(element: now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(clock_timestamp() + {seconds} * interval '1 second')"
