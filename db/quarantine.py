"""Quarantine: records that broke a rule, kept with the reason so that they can be replayed after a fix."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from db.bulk import BulkInsert
from db.records import RejectedRecord
from db.tables import quarantine

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
