"""Schema drift: the fields known of each source, and one event for every change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from db.aio import AsyncConnection
from db.tables import drift_events, fields

KnownFields = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that `appeared`, `vanished` or was `retyped`, with its kinds of value and the share of records."""

    path: str
    kind: str
    before: str | None
    after: str | None
    affected_percent: float


async def known(connection: AsyncConnection, source: str) -> dict[str, frozenset[str]]:
    """The fields seen in the source's last window, with their kinds of value."""
    found = select(fields.c.path, fields.c.types).where(fields.c.source == source)
    rows = await connection.execute(found)
    return {row[0]: frozenset(filter(None, row[1].split("|"))) for row in rows}


async def record(
    connection: AsyncConnection,
    source: str,
    changes: Iterable[Change],
    now_known: KnownFields,
    *,
    run_id: int,
    at: datetime,
) -> None:
    """Keep the changes and what is known from now on."""
    events = [
        {
            "source": source, "path": change.path, "kind": change.kind, "before": change.before,
            "after": change.after, "affected_percent": change.affected_percent, "run_id": run_id, "at": at,
        }
        for change in changes
    ]  # fmt: skip
    if events:
        await connection.execute(insert(drift_events), events)
    await _replace(connection, source, now_known, at)


async def _replace(connection: AsyncConnection, source: str, now_known: KnownFields, at: datetime) -> None:
    before = await known(connection, source)
    if before == dict(now_known):
        return
    await connection.execute(delete(fields).where(fields.c.source == source))
    rows = [
        {"source": source, "path": path, "types": "|".join(sorted(kinds)), "seen_at": at}
        for path, kinds in now_known.items()
    ]
    if rows:
        await connection.execute(insert(fields), rows)
