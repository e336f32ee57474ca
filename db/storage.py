"""How much room each table takes, with its indexes."""

from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from db.aio import AsyncConnection
from db.tables import metadata

# Tables and indexes are counted apart; `aggregate` has SQLite add up the pages of each.
_SQLITE = """
    SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name
    WHERE s.aggregate = TRUE GROUP BY m.tbl_name"""
_POSTGRESQL = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)"
)


class Room(NamedTuple):
    """A table's rows, and the bytes that they and their indexes take; None where the database can't tell."""

    table: str
    rows: int
    bytes: int | None

    @property
    def bytes_a_row(self) -> float | None:
        return self.bytes / self.rows if self.bytes is not None and self.rows else None


async def of_tables(connection: AsyncConnection) -> list[Room]:
    """Every table, the largest first. Reads all of them."""
    sizes = await _sizes(connection)
    found = []
    for name, table in metadata.tables.items():
        rows = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        found.append(Room(name, rows, None if sizes is None else sizes.get(name, 0)))
    return sorted(found, key=lambda room: (-(room.bytes or 0), -room.rows, room.table))


async def _sizes(connection: AsyncConnection) -> dict[str, int] | None:
    if connection.dialect.name == "postgresql":
        return {row[0]: row[1] for row in await connection.execute(text(_POSTGRESQL))}
    try:
        return {row[0]: row[1] for row in await connection.execute(text(_SQLITE))}
    except OperationalError:
        # Not every SQLite is built with dbstat.
        return None
