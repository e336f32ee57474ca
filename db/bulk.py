"""The one place that knows how each database takes many rows in one statement.

PostgreSQL gets them by COPY where no row can be there already, else one array per column and unnests them; SQLite gets
one prepared statement run for every row (its executemany is faster than any multi-row form). All of it runs inside the
caller's transaction.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, Text, any_, cast, func, select
from sqlalchemy import Row as ReadRow
from sqlalchemy.dialects import postgresql

from db.aio import AsyncConnection
from db.clock import UtcDateTime, to_text

Row = Sequence[Any]
# For fewer rows than this another round trip to PostgreSQL costs more than it saves.
_WORTH_COPYING = 100
T = TypeVar("T")
# So many rows at a time keep the event loop for two or three milliseconds, in which nobody is answered.
SLICE = 500


def slices(items: Iterable[T], size: int = SLICE) -> Iterator[list[T]]:
    """The items in lists of that size, for what may be many: the loop turns between one statement and the next."""
    rest = iter(items)
    while taken := list(islice(rest, size)):
        yield taken


class BulkInsert:
    """INSERT many rows into `table`, with one `conflict` clause (SQL that both databases understand)."""

    def __init__(self, table: Table, columns: Sequence[str], conflict: str = "") -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        arrays = ", ".join(f"${n}::{_array_type(table, name)}" for n, name in enumerate(columns, 1))
        marks = ", ".join("?" for _ in columns)
        self._table, self._columns, self._conflict = table.name, tuple(columns), conflict
        self._times = [n for n, name in enumerate(columns) if isinstance(table.c[name].type, UtcDateTime)]
        self._postgresql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) {conflict}"
        self._sqlite = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {conflict}"

    async def run(self, connection: AsyncConnection, rows: Sequence[Row], *, likely_new: bool = False) -> int:
        """Insert the rows; returns how many were really inserted or updated.

        Rows that are `likely_new`, none of them there yet, are tried the fastest way first.
        """
        if not rows:
            return 0
        if connection.dialect.name == "sqlite":
            return await self._execute(connection, self._sqlite, self._with_text_times(rows))
        if (likely_new or not self._conflict) and len(rows) >= _WORTH_COPYING and await self._copy(connection, rows):
            return len(rows)
        return await self._execute(connection, self._postgresql, tuple(map(list, zip(*rows, strict=True))))

    async def _execute(self, connection: AsyncConnection, statement: str, parameters: Any) -> int:
        return int((await connection.exec_driver_sql(statement, parameters)).rowcount)

    async def _copy(self, connection: AsyncConnection, rows: Sequence[Row]) -> bool:
        from db import postgresql  # and with it the driver, only where there is a PostgreSQL

        return await postgresql.copy(connection, self._table, self._columns, rows)

    def _with_text_times(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows with their times as SQLite keeps them."""
        if not self._times:
            return rows
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for n in self._times:
            columns[n] = [moment and to_text(moment) for moment in columns[n]]
        return list(zip(*columns, strict=True))


async def select_where_in(
    connection: AsyncConnection, select: str, column: str, values: Iterable[str], source: str
) -> list[Any]:
    """Run `SELECT ... FROM ...` for one source and many values of a text column, as one statement."""
    wanted = list(values)
    if not wanted:
        return []
    if connection.dialect.name == "sqlite":
        sql = f"{select} WHERE source = ? AND {column} IN ({', '.join('?' * len(wanted))})"
        result = await connection.exec_driver_sql(sql, (source, *wanted))
    else:
        sql = f"{select} WHERE source = $1 AND {column} = ANY($2::text[])"
        result = await connection.exec_driver_sql(sql, (source, wanted))
    return list(result.all())


async def select_among(
    connection: AsyncConnection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> list[ReadRow[Any]]:
    """The rows in which the column has one of the values, which may be many. A row can come once for each value."""
    found: list[ReadRow[Any]] = []
    for some in slices(values):
        found.extend(await connection.execute(query.where(among(connection, column, some))))
    return found


def as_datetime(value: Any) -> datetime | None:
    """A time read by driver-level SQL: text on SQLite, a datetime on PostgreSQL."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _array_type(table: Table, column: str) -> str:
    kind = table.c[column].type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return f"{kind.partition(' COLLATE')[0]}[]"


def among(connection: AsyncConnection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column of ids or text is one of many values, as one parameter however many they are."""
    wanted = list(values)
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(wanted)).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = postgresql.TEXT() if isinstance(column.type, Text) else postgresql.BIGINT()
    return column == any_(cast(wanted, postgresql.ARRAY(kind)))
