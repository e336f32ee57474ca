"""Raw records: every version of every upstream record, as received, written once."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from db.aio import AsyncConnection
from db.bulk import BulkInsert
from db.records import AcceptedRecord
from db.tables import raw_assets, raw_headers
from db.turns import made

_HEADERS = BulkInsert(raw_headers, ("digest", "header"), "ON CONFLICT (digest) DO NOTHING")
_RECORDS = BulkInsert(
    raw_assets,
    (
        "source",
        "record_id",
        "external_id",
        "payload",
        "header_id",
        "last_updated",
        "run_id",
        "window_id",
        "position",
        "ingested_at",
    ),
    "ON CONFLICT (source, record_id) DO NOTHING",
)


async def insert_new(
    connection: AsyncConnection,
    source: str,
    records: Sequence[AcceptedRecord],
    headers: dict[str, int],
    *,
    run_id: int,
    window_id: int,
    at: datetime,
    likely_new: bool = False,
) -> int:
    """Keep the versions that are not kept yet; returns how many were new. Nothing depends on `likely_new` but speed."""
    rows = await made(
        (
            source,
            record.record_id,
            record.asset.external_id,
            record.payload,
            headers.get(record.header) if record.header is not None else None,
            record.asset.last_updated,
            run_id,
            window_id,
            record.position,
            at,
        )
        for record in records
    )
    return await _RECORDS.run(connection, rows, likely_new=likely_new)


async def header_ids(connection: AsyncConnection, headers: Iterable[str | None]) -> dict[str, int]:
    """The ids of CSV header lines, kept once each."""
    digests = {_digest(header): header for header in headers if header is not None}
    if not digests:
        return {}
    await _HEADERS.run(connection, list(digests.items()))
    found = select(raw_headers.c.digest, raw_headers.c.id).where(raw_headers.c.digest.in_(digests))
    return {digests[row.digest]: row.id for row in await connection.execute(found)}


def _digest(header: str) -> str:
    return hashlib.blake2b(header.encode(), digest_size=16).hexdigest()
