"""What is stored of each source, counted in the transaction that changes it: totals cost nothing to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal, select, update

from db.aio import AsyncConnection
from db.tables import assets, raw_assets, sources


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much is stored of a source. The times are the newest of any of its assets."""

    asset_count: int = 0
    raw_count: int = 0
    newest_last_updated: datetime | None = None
    newest_updated_at: datetime | None = None


async def by_source(connection: AsyncConnection) -> dict[str, Holdings]:
    """The holdings of every source that ever held anything."""
    rows = await connection.execute(
        select(
            sources.c.source,
            sources.c.asset_count,
            sources.c.raw_count,
            sources.c.newest_last_updated,
            sources.c.newest_updated_at,
        )
    )
    return {row[0]: Holdings(*row[1:]) for row in rows}


async def add(connection: AsyncConnection, source: str, added: Holdings) -> None:
    """Add a batch to the holdings of its source."""
    changed: dict[str, Any] = {
        "asset_count": sources.c.asset_count + added.asset_count,
        "raw_count": sources.c.raw_count + added.raw_count,
    }
    for name in ("newest_last_updated", "newest_updated_at"):
        if (moment := getattr(added, name)) is not None:
            changed[name] = _later(connection, sources.c[name], moment)
    done = await connection.execute(update(sources).where(sources.c.source == source).values(changed))
    if done.rowcount == 0:
        await connection.execute(insert(sources).values(source=source, **_as_values(added)))


async def recount(connection: AsyncConnection) -> None:
    """Count everything again from the tables themselves (slow on purpose: it reads them whole)."""
    counted = select(
        assets.c.source, func.count(), func.max(assets.c.last_updated), func.max(assets.c.updated_at)
    ).group_by(assets.c.source)
    raw = select(raw_assets.c.source, func.count()).group_by(raw_assets.c.source)
    raw_counts = {row[0]: row[1] for row in await connection.execute(raw)}
    for source, count, last_updated, updated_at in (await connection.execute(counted)).all():
        values = _as_values(Holdings(count, raw_counts.get(source, 0), last_updated, updated_at))
        done = await connection.execute(update(sources).where(sources.c.source == source).values(values))
        if done.rowcount == 0:
            await connection.execute(insert(sources).values(source=source, **values))


def _as_values(holdings: Holdings) -> dict[str, Any]:
    return {name: getattr(holdings, name) for name in Holdings.__slots__}


def _later(connection: AsyncConnection, column: Any, moment: datetime) -> Any:
    # As the column's type: a bare parameter would be stored and compared in another text form by SQLite.
    value = literal(moment, column.type)
    greatest = func.max if connection.dialect.name == "sqlite" else func.greatest
    return greatest(func.coalesce(column, value), value, type_=column.type)
