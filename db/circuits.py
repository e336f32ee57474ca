"""What is known of an upstream's health: for now, the time before which it must not be asked again."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.clock import now
from db.tables import circuits


async def not_before(connection: AsyncConnection, source: str) -> datetime | None:
    """The earliest time worth asking the source again, if that is still ahead."""
    found = select(circuits.c.retry_at).where(circuits.c.source == source, circuits.c.retry_at > now())
    moment: datetime | None = (await connection.execute(found)).scalar()
    return moment


async def remember(connection: AsyncConnection, source: str, retry_at: datetime | None) -> None:
    """Keep (or, with None, forget) a time before which the source must not be asked."""
    kept = {"retry_at": retry_at, "updated_at": now()}
    done = await connection.execute(update(circuits).where(circuits.c.source == source).values(**kept))
    if done.rowcount == 0:
        await connection.execute(insert(circuits).values(source=source, state="closed", failures=0, **kept))
