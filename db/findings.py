"""What went wrong with upstreams' records, to be read: quarantined records and schema drift.

Writing is in `quarantine` and `drift`.
"""

from collections.abc import Sequence

from sqlalchemy import select

from db.aio import AsyncConnection
from db.filters import Field
from db.newest_first import NewestFirst
from db.tables import drift_events, quarantine

QUARANTINE = NewestFirst(
    quarantine,
    ("id", "source", "external_id", "reason", "detail", "payload", "run_id", "at", "replayed_at", "replay_run_id"),
    {
        "source": Field(quarantine.c.source),
        "run_id": Field(quarantine.c.run_id),
        "replayed_at": Field(quarantine.c.replayed_at, nullable=True),
    },
)
DRIFT = NewestFirst(
    drift_events,
    ("id", "source", "path", "kind", "before", "after", "affected_percent", "run_id", "at"),
    {"source": Field(drift_events.c.source)},
)


async def sources_waiting(connection: AsyncConnection) -> set[str]:
    """The sources that have quarantined records which were not replayed yet."""
    found = select(quarantine.c.source).where(quarantine.c.replayed_at.is_(None)).distinct()
    return set((await connection.execute(found)).scalars())


async def sources_of(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """For those of the quarantined records that exist: their source, and whether they wait for being replayed."""
    found = select(quarantine.c.id, quarantine.c.source, quarantine.c.replayed_at).where(quarantine.c.id.in_(ids))
    return {row.id: (row.source, row.replayed_at is None) for row in await connection.execute(found)}
