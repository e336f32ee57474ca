"""Circuit breakers: whether an upstream is being left alone for a while, and until when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.clock import now
from db.tables import circuits


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state of one source's breaker: `closed`, `open` (until `retry_at`) or `half_open`."""

    source: str
    state: str
    retry_at: datetime | None


async def every(connection: AsyncConnection) -> dict[str, Circuit]:
    """What is remembered of each source, by source; a source nobody had to remember is missing."""
    found = select(circuits.c.source, circuits.c.state, circuits.c.retry_at)
    return {row.source: Circuit(row.source, row.state, row.retry_at) for row in await connection.execute(found)}


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
