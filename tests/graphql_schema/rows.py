"""Rows for reading tests, written by plain inserts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from db import holdings, run_counts, tables, trigrams
from db.engine import Database

START = datetime(2025, 1, 20, 10, 36, 6, 480000, tzinfo=UTC)


async def write(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows; they must have the same columns."""
    if rows:
        async with database.write() as connection:
            await connection.execute(insert(table), rows)
            await holdings.recount(connection)
            await run_counts.recount(connection)
            await trigrams.take_in(connection)


async def write_run(database: Database, number: int = 1, **values: Any) -> None:
    """A finished run with this id, in a window of its own."""
    await write_runs(database, run(number, **values))


async def write_runs(database: Database, *rows: Mapping[str, Any]) -> None:
    """Runs, each in a window of its own."""
    windows = [
        {"id": row["id"], "source": row["source"], "mode": "incremental", "state": "closed", "opened_at": START}
        for row in rows
    ]
    await write(database, tables.windows, windows)
    await write(database, tables.runs, [dict(row) for row in rows])


def run(number: int, **values: Any) -> dict[str, Any]:
    """A finished run with this id."""
    return {
        "id": number, "source": "coingecko", "mode": "incremental", "trigger": "schedule", "status": "success",
        "window_id": number, "requested_at": START, "run_started_at": START,
        "run_finished_at": START + timedelta(seconds=1.5), **values,
    }  # fmt: skip


def asset(number: int, **values: Any) -> dict[str, Any]:
    """An asset row with this id; it belongs to run 1."""
    row = {
        "id": number, "source": "coingecko", "external_id": f"coin-{number}", "symbol": f"C{number}",
        "name": f"Coin {number}", "rank": None, "record_id": f"record-{number}", "run_id": 1, "window_id": 1,
        "first_seen_at": START, "updated_at": START, "last_updated": None, "ath_at": None,
        **dict.fromkeys(tables.FIGURES), **values,
    }  # fmt: skip
    folded = {f"{name}_folded": str(row[name]).casefold() for name in ("external_id", "symbol", "name")}
    return row | folded


async def write_assets(database: Database, *rows: Mapping[str, Any]) -> None:
    """Assets, with the run that they belong to."""
    await write_run(database)
    await write(database, tables.assets, [dict(row) for row in rows])


def raw(number: int, payload: str, **values: Any) -> dict[str, Any]:
    """The raw record that `asset(number)` came from."""
    return {
        "id": 1000 + number, "source": "coingecko", "record_id": f"record-{number}", "external_id": f"coin-{number}",
        "payload": payload, "header_id": None, "run_id": 1, "window_id": 1, "position": number, "ingested_at": START,
        **values,
    }  # fmt: skip


def batch(run_id: int, sequence: int, **values: Any) -> dict[str, Any]:
    """A journal row of ten records."""
    return {
        "source": "coingecko", "window_id": run_id, "sequence": sequence, "run_id": run_id, "epoch": run_id,
        "from_position": (sequence - 1) * 10, "to_position": sequence * 10, "seen": 10, "outcomes": "i" * 10,
        "last_record_id": f"record-{sequence * 10}", "committed_at": START, **values,
    }  # fmt: skip


def event(run_id: int, sequence: int, kind: str) -> dict[str, Any]:
    """A line of a run's log."""
    return {
        "source": "coingecko", "sequence": sequence, "run_id": run_id, "kind": kind, "message": f"{kind}!",
        "run": "{}", "at": START,
    }  # fmt: skip


def point(asset_id: int, hours: float, price: float | None) -> dict[str, Any]:
    """A history row this many hours after START."""
    return {
        "asset_id": asset_id, "at": START + timedelta(hours=hours), "price_usd": price, "record_id": "r",
        "run_id": 1, "recorded_at": START,
    }  # fmt: skip


def quarantined(number: int, **values: Any) -> dict[str, Any]:
    """A record put aside by run 1, waiting."""
    return {
        "id": number, "source": "coingecko", "record_key": f"key-{number}", "external_id": f"coin-{number}",
        "reason": "wrong_type", "detail": "price: not a number", "payload": '{"price":"?"}', "run_id": 1,
        "window_id": 1, "position": number, "at": START, **values,
    }  # fmt: skip


def drifted(number: int, **values: Any) -> dict[str, Any]:
    """A field that changed its kind, noticed by run 1."""
    return {
        "id": number, "source": "coingecko", "path": "quotes.USD.price", "kind": "retyped", "before": "number",
        "after": "string", "affected_percent": 12.5, "run_id": 1, "at": START, **values,
    }  # fmt: skip
