"""Quarantine: records that broke a rule, kept with the reason so that they can be replayed after a fix."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, select, update

from db.aio import AsyncConnection
from db.bulk import BulkInsert
from db.id_list import Ids
from db.records import RejectedRecord
from db.tables import quarantine, raw_headers


class Refused(msgspec.Struct, frozen=True, array_like=True):
    """A quarantined record that was not replayed yet; `header` names the cells of a CSV record."""

    id: int
    external_id: str | None
    payload: str
    header: str | None


_REJECTED = BulkInsert(
    quarantine,
    (
        "source",
        "record_key",
        "external_id",
        "reason",
        "detail",
        "payload",
        "header_id",
        "run_id",
        "window_id",
        "position",
        "at",
    ),
    "ON CONFLICT (source, record_key) DO NOTHING",
)


async def insert_new(
    connection: AsyncConnection,
    source: str,
    records: Sequence[RejectedRecord],
    headers: dict[str, int],
    *,
    run_id: int,
    window_id: int,
    at: datetime,
) -> int:
    """Keep the refused records that are not kept yet; returns how many were new."""
    rows = [
        (
            source,
            record.record_key,
            record.external_id,
            record.reason,
            record.detail,
            record.payload,
            headers.get(record.header) if record.header is not None else None,
            run_id,
            window_id,
            record.position,
            at,
        )
        for record in records
    ]
    return await _REJECTED.run(connection, rows)


async def waiting(
    connection: AsyncConnection, source: str, after: int, limit: int, *, only: Ids | None = None
) -> list[Refused]:
    """Records of a source that were not replayed yet, behind an id, in the order of ids: at most `limit`.

    With `only` it is some of those that are left, and none when none is left.
    """
    if only is None:
        return await _waiting(connection, source, quarantine.c.id > after, limit)
    left = [row_id for row_id in only if row_id > after]
    for start in range(0, len(left), limit):
        chosen = quarantine.c.id.in_(left[start : start + limit])
        if found := await _waiting(connection, source, chosen, limit):
            return found
    return []


async def _waiting(connection: AsyncConnection, source: str, which: ColumnElement[bool], limit: int) -> list[Refused]:
    found = (
        select(quarantine.c.id, quarantine.c.external_id, quarantine.c.payload, raw_headers.c.header)
        .outerjoin(raw_headers, raw_headers.c.id == quarantine.c.header_id)
        .where(quarantine.c.source == source, quarantine.c.replayed_at.is_(None), which)
        .order_by(quarantine.c.id)
        .limit(limit)
    )
    return [Refused(*row) for row in await connection.execute(found)]


async def mark_replayed(connection: AsyncConnection, ids: Sequence[int], *, run_id: int, at: datetime) -> None:
    """Note that these records were accepted at last."""
    accepted = update(quarantine).where(quarantine.c.id.in_(ids))
    await connection.execute(accepted.values(replayed_at=at, replay_run_id=run_id))
