"""Reading raw records: the versions of upstream records as they were received. Writing is in `raw`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from db.aio import AsyncConnection
from db.cursors import INT64, storable
from db.tables import raw_assets, raw_headers


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A raw record. `header` is the header line of the file a CSV record came from, and None for JSON."""

    id: int
    source: str
    record_id: str
    external_id: str
    payload: str
    header: str | None
    run_id: int
    ingested_at: datetime


_QUERY = select(
    raw_assets.c.id,
    raw_assets.c.source,
    raw_assets.c.record_id,
    raw_assets.c.external_id,
    raw_assets.c.payload,
    raw_headers.c.header,
    raw_assets.c.run_id,
    raw_assets.c.ingested_at,
).select_from(raw_assets.outerjoin(raw_headers, raw_headers.c.id == raw_assets.c.header_id))


async def by_keys(connection: AsyncConnection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], StoredRecord]:
    """Those of the records that exist, by (source, record_id), in one statement."""
    wanted: dict[str, list[str]] = {}
    for source, record_id in set(keys):
        if storable(source) and storable(record_id):
            wanted.setdefault(source, []).append(record_id)
    same = [and_(raw_assets.c.source == source, raw_assets.c.record_id.in_(ids)) for source, ids in wanted.items()]
    found = await _matching(connection, or_(*same)) if same else []
    return {(record.source, record.record_id): record for record in found}


async def by_ids(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, StoredRecord]:
    """Those of the records that exist, in one statement."""
    wanted = [record_id for record_id in set(ids) if record_id in INT64]
    found = await _matching(connection, raw_assets.c.id.in_(wanted)) if wanted else []
    return {record.id: record for record in found}


async def _matching(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[StoredRecord]:
    return [StoredRecord(**row._mapping) for row in await connection.execute(_QUERY.where(condition))]
