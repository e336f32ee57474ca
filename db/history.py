"""Price history: a point only where price, market cap, volume or rank changed."""

from collections.abc import Sequence
from datetime import datetime

from db import assets
from db.aio import AsyncConnection
from db.bulk import BulkInsert
from db.records import AcceptedRecord
from db.tables import asset_history
from db.turns import made

_POINTS = BulkInsert(
    asset_history,
    (
        "asset_id",
        "at",
        "price_usd",
        "market_cap_usd",
        "volume_24h_usd",
        "rank",
        "record_id",
        "run_id",
        "recorded_at",
    ),
)


async def append(
    connection: AsyncConnection,
    source: str,
    records: Sequence[AcceptedRecord],
    *,
    run_id: int,
    at: datetime,
) -> None:
    """Add a point for each record. Its time is the upstream's, or `at` where the upstream gives none."""
    known = await assets.ids(connection, source, {record.asset.external_id for record in records})
    rows = await made(
        (
            known[record.asset.external_id],
            record.asset.last_updated or at,
            *assets.quote_of(record.asset),
            record.record_id,
            run_id,
            at,
        )
        for record in records
    )
    await _POINTS.run(connection, rows)
