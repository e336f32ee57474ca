"""`python -m bench.linking`: how long it takes to link 15,000 and 4,000 assets, and to keep up with changes."""

import asyncio
import random
import sys
import time
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import insert, text

from app import log
from bench.databases import postgres_database
from db import migrate, tables
from db.clock import now
from db.engine import Database
from db.likeness import Likeness
from etl.identity import linking
from tests.identity.labelled import labelled

LARGE, SMALL = 15_000, 4_000


class Spent(NamedTuple):
    """Seconds on the clock, and of this process's CPU (the database's own is not in it)."""

    clock: float
    cpu: float


async def measure(url: str | None = None) -> dict[str, Spent]:
    """What a first pass takes, one after a single change, and one after every figure changed."""
    with TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{folder}/linking.sqlite3")
        try:
            await migrate.upgrade(database)
            await _fill(database)
            found = {"first pass": await _timed(database)}
            await _change(database, 2, "price_usd = price_usd * 1.001", "id = 7")
            found["one price"] = await _timed(database)
            await _change(database, 3, "name = 'Renamed'", "id = 8")
            found["one name"] = await _timed(database)
            await _change(database, 4, "price_usd = price_usd * 1.003", "source = 'coingecko'")
            found["every price of the large source"] = await _timed(database)
            return found
        finally:
            await database.close()


async def _fill(database: Database) -> None:
    rows = list(_rows())
    async with database.write() as connection:
        await _journal(connection, 1)
        for start in range(0, len(rows), 1000):
            await connection.execute(insert(tables.assets), rows[start : start + 1000])


def _rows() -> Any:
    made = labelled(1, LARGE).assets
    small = [asset for asset in made if asset.source == "coinpaprika"]
    kept = set(random.Random(1).sample([asset.external_id for asset in small], SMALL))
    seen = set()
    for asset in made:
        if (asset.source == "coingecko" or asset.external_id in kept) and asset.key not in seen:
            seen.add(asset.key)
            yield _row(asset)


def _row(asset: Likeness) -> dict[str, Any]:
    values = {name: getattr(asset, name) for name in Likeness.__struct_fields__ if name != "contracts"}
    folded = {f"{name}_folded": values[name].casefold() for name in ("external_id", "symbol", "name")}
    written = {"record_id": asset.external_id, "run_id": 1, "window_id": 1, "first_seen_at": now(), "updated_at": now()}
    return {**values, **folded, **written, "first_seen_at": asset.last_updated, "updated_at": asset.last_updated}


async def _journal(connection: Any, number: int) -> None:
    """A run with one batch, as if it had written what changes."""
    await connection.execute(
        insert(tables.windows).values(id=number, source="coingecko", mode="full", state="closed", opened_at=now())
    )
    await connection.execute(
        insert(tables.runs).values(
            id=number, source="coingecko", mode="full", trigger="cli", status="success", window_id=number,
            requested_at=now(),
        )
    )  # fmt: skip
    await connection.execute(
        insert(tables.batches).values(
            source="coingecko", window_id=number, sequence=1, run_id=number, epoch=number, from_position=0,
            to_position=1, outcomes="U", committed_at=now(),
        )
    )  # fmt: skip


async def _change(database: Database, run: int, change: str, where: str) -> None:
    async with database.write() as connection:
        await _journal(connection, run)
        await connection.execute(text(f"UPDATE assets SET {change}, run_id = {run} WHERE {where}"))


async def _timed(database: Database) -> Spent:
    started, worked = time.perf_counter(), time.process_time()
    await linking.catch_up(database)
    return Spent(time.perf_counter() - started, time.process_time() - worked)


def _print(kind: str, found: dict[str, Spent]) -> None:
    for name, spent in found.items():
        print(f"{kind}, {name}: {spent.clock * 1000:,.0f} ms, of them {spent.cpu * 1000:,.0f} ms CPU")


if __name__ == "__main__":
    log.configure("ERROR", "console", sys.stderr)
    _print("sqlite", asyncio.run(measure()))
    with postgres_database() as url:
        _print("postgresql", asyncio.run(measure(url)))
