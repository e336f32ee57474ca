"""The one place that knows how each database takes many rows in one statement.

PostgreSQL gets one array per column and unnests them; SQLite gets one prepared statement run for every row
(its executemany is faster than any multi-row form). Both run inside the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from db.clock import UtcDateTime, to_text

Row = Sequence[Any]


class BulkInsert:
    """INSERT many rows into `table`, with one `conflict` clause (SQL that both databases understand)."""

    def __init__(self, table: Table, columns: Sequence[str], conflict: str = "") -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        arrays = ", ".join(f"${n}::{_array_type(table, name)}" for n, name in enumerate(columns, 1))
        marks = ", ".join("?" for _ in columns)
        self._times = [n for n, name in enumerate(columns) if isinstance(table.c[name].type, UtcDateTime)]
        self._postgresql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) {conflict}"
        self._sqlite = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {conflict}"

    async def run(self, connection: AsyncConnection, rows: Sequence[Row]) -> int:
        """Insert the rows; returns how many were really inserted or updated."""
        if not rows:
            return 0
        if connection.dialect.name == "sqlite":
            result = await connection.exec_driver_sql(self._sqlite, self._with_text_times(rows))
        else:
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            result = await connection.exec_driver_sql(self._postgresql, columns)
        return int(result.rowcount)

    def _with_text_times(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with their times as SQLite keeps them. A batch repeats few times often, so each is written once."""
        texts: dict[int, str] = {}
        converted: list[Row] = []
        for row in rows:
            cells = list(row)
            for n in self._times:
                if (moment := cells[n]) is not None:
                    text = texts.get(id(moment))
                    if text is None:
                        text = texts[id(moment)] = to_text(moment)
                    cells[n] = text
            converted.append(tuple(cells))
        return converted


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


def as_datetime(value: Any) -> datetime | None:
    """A time read by driver-level SQL: text on SQLite, a datetime on PostgreSQL."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _array_type(table: Table, column: str) -> str:
    kind = table.c[column].type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return f"{kind.partition(' COLLATE')[0]}[]"
