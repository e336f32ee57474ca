"""A generated market for serving benchmarks: assets with every figure, and five history points each."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import asyncpg
from sqlalchemy import insert, text

from db import holdings, tables, trigrams, words
from db.bulk import BulkInsert
from db.engine import Database
from db.tables import FIGURES
from tests.graphql_schema.rows import START, asset

POINTS = 5
_ASSET_COLUMNS = tuple(name for name in asset(1) if name != "id")
_POINT_COLUMNS = (
    "asset_id", "at", "price_usd", "market_cap_usd", "volume_24h_usd", "rank", "record_id", "run_id", "recorded_at",
)  # fmt: skip


async def fill(database: Database, count: int) -> None:
    """Write the market, unless the database holds one."""
    async with database.write() as connection:
        if (await connection.execute(text("SELECT count(*) FROM assets"))).scalar():
            return
        window = {"id": 1, "source": "coingecko", "mode": "full", "state": "closed", "opened_at": START}
        run = {
            "id": 1, "source": "coingecko", "mode": "full", "trigger": "cli", "status": "success", "window_id": 1,
            "requested_at": START, "run_finished_at": START,
        }  # fmt: skip
        await connection.execute(insert(tables.windows).values(window))
        await connection.execute(insert(tables.runs).values(run))
        bulk = BulkInsert(tables.assets, _ASSET_COLUMNS)
        lines = _assets(count)
        while some := list(islice(lines, 5000)):
            folded = [_ASSET_COLUMNS.index(f"{name}_folded") for name in ("external_id", "symbol", "name")]
            await words.learn(connection, (row[n] for row in some for n in folded))
            await bulk.run(connection, some)
            await trigrams.take_in(connection)
        history = BulkInsert(tables.asset_history, _POINT_COLUMNS)
        points = _points(count)
        while some := list(islice(points, 5000)):
            await history.run(connection, some)
        await holdings.recount(connection)
    if not database.is_sqlite:
        connection = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(False))
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


def _assets(count: int) -> Iterator[tuple[Any, ...]]:
    for n in range(1, count + 1):
        figures = {name: round(1e9 / (n + place * 7), 6) for place, name in enumerate(FIGURES)}
        moment = START + timedelta(seconds=n, microseconds=n * 1000)
        row = asset(n, rank=n, name=f"Coin Number {n}", ath_at=moment, last_updated=moment, **figures)
        yield tuple(row[name] for name in _ASSET_COLUMNS)


def _points(count: int) -> Iterator[tuple[Any, ...]]:
    for hours in range(POINTS):
        at = START + timedelta(hours=hours)
        for n in range(1, count + 1):
            yield (n, at, 1e9 / n + hours, 1e12 / n, 1e8 / n, n, f"record-{n}", 1, at)
