"""Assets: the newest figures of every coin of every source. Writing and comparing; reading is in `catalog`."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import select

from db import trigrams
from db.aio import AsyncConnection
from db.bulk import BulkInsert, as_datetime, select_where_in
from db.clock import to_text
from db.records import AcceptedRecord, NewAsset
from db.tables import FIGURES, assets
from db.turns import made

VALUE_COLUMNS = ("symbol", "name", "rank", *FIGURES, "ath_at", "last_updated")
_FOLDED = ("external_id_folded", "symbol_folded", "name_folded")
_LINEAGE = ("record_id", "run_id", "window_id")
_WRITTEN = (
    "source", "external_id", *VALUE_COLUMNS, *_FOLDED, *_LINEAGE, "first_seen_at", "updated_at",
)  # fmt: skip
_REPLACED = ", ".join(
    f'"{name}" = excluded."{name}"'
    for name in (*VALUE_COLUMNS, *_FOLDED, *_LINEAGE, "updated_at")
    if name != "last_updated"
)

# Never older over newer, whatever the caller believed: times first, then the order of windows.
_UPSERT = BulkInsert(
    assets,
    _WRITTEN,
    f"""ON CONFLICT (source, external_id) DO UPDATE SET {_REPLACED},
        last_updated = coalesce(excluded.last_updated, assets.last_updated)
    WHERE assets.last_updated IS NULL
       OR excluded.last_updated IS NULL
       OR excluded.last_updated > assets.last_updated
       OR (excluded.last_updated = assets.last_updated AND excluded.window_id >= assets.window_id)""",
)
_KNOWN = "SELECT external_id, record_id, last_updated, price_usd, market_cap_usd, volume_24h_usd, rank FROM assets"
_VALUES = f"SELECT external_id, {', '.join(VALUE_COLUMNS)} FROM assets"


Quote = tuple[float | None, float | None, float | None, int | None]


class Known(msgspec.Struct, frozen=True, gc=False):
    """What is stored of an asset, as far as a new record has to be compared with it."""

    record_id: str
    last_updated: datetime | None
    quote: Quote


def forget_version(state: Known) -> Known:
    """The same state, but of no particular payload version, so that any record counts as a change."""
    return replace(state, record_id="")


def quote_of(asset: NewAsset) -> Quote:
    """The figures whose change makes a history point: price, market cap, volume and rank."""
    return (asset.price_usd, asset.market_cap_usd, asset.volume_24h_usd, asset.rank)


async def known(connection: AsyncConnection, source: str, external_ids: Iterable[str]) -> dict[str, Known]:
    """The stored state of those of the given assets that exist."""
    rows = await select_where_in(connection, _KNOWN, "external_id", external_ids, source)
    return {row[0]: Known(row[1], as_datetime(row[2]), tuple(row[3:7])) for row in rows}


async def values(connection: AsyncConnection, source: str, external_ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """All stored values of the given assets, in the order of VALUE_COLUMNS."""
    rows = await select_where_in(connection, _VALUES, "external_id", external_ids, source)
    return {row[0]: (*row[1:-2], as_datetime(row[-2]), as_datetime(row[-1])) for row in rows}


async def ids(connection: AsyncConnection, source: str, external_ids: Iterable[str]) -> dict[str, int]:
    rows = await select_where_in(connection, "SELECT external_id, id FROM assets", "external_id", external_ids, source)
    return {row[0]: row[1] for row in rows}


async def upsert(
    connection: AsyncConnection,
    source: str,
    records: Sequence[AcceptedRecord],
    *,
    run_id: int,
    window_id: int,
    at: datetime,
    likely_new: bool = False,
) -> int:
    """Insert or replace assets, one record per external id; an older record never replaces a newer one.

    Nothing depends on `likely_new` but speed.
    """
    rows = await made(_row(source, record, run_id, window_id, at) for record in records)
    written = await _UPSERT.run(connection, rows, likely_new=likely_new)
    await trigrams.take_in(connection)
    return written


def value_tuple(asset: NewAsset) -> tuple[Any, ...]:
    """The asset's values in the order of VALUE_COLUMNS."""
    return (
        asset.symbol, asset.name, asset.rank, asset.price_usd, asset.market_cap_usd, asset.volume_24h_usd,
        asset.percent_change_1h, asset.percent_change_24h, asset.percent_change_7d,
        asset.circulating_supply, asset.total_supply, asset.max_supply, asset.ath_usd, asset.ath_at,
        asset.last_updated,
    )  # fmt: skip


def _row(source: str, record: AcceptedRecord, run_id: int, window_id: int, at: datetime) -> tuple[Any, ...]:
    asset = record.asset
    return (
        source, asset.external_id, *value_tuple(asset),
        asset.external_id.casefold(), asset.symbol.casefold(), asset.name.casefold(),
        record.record_id, run_id, window_id, at, at,
    )  # fmt: skip


async def digest(connection: AsyncConnection) -> str:
    """A hash of all assets' values and their payload versions, independent of ids, runs and times of writing."""
    columns = (
        assets.c.source,
        assets.c.external_id,
        assets.c.record_id,
        *(assets.c[n] for n in VALUE_COLUMNS),
    )
    hasher = hashlib.sha256()
    rows = await connection.stream(select(*columns).order_by(assets.c.source, assets.c.external_id))
    async for row in rows:
        cells = (to_text(cell) if isinstance(cell, datetime) else repr(cell) for cell in row)
        hasher.update("\x1f".join(cells).encode() + b"\n")
    return hasher.hexdigest()
