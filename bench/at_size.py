"""What the API answers over a large database cost: pages at any depth, search, totals, history, raw records."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
from sqlalchemy import text

from db.engine import Database

REPEATS = 60
WARM_UP = 10
FIGURES = "symbol name rank priceUsd marketCapUsd volume24hUsd percentChange24h lastUpdated"
PAGE = f"""query($after: String, $before: String, $first: Int, $last: Int) {{
  assets(first: $first, after: $after, last: $last, before: $before, orderBy: [{{field: RANK}}]) {{
    edges {{ cursor node {{ id {FIGURES} }} }} }} }}"""
AT_RANK = """query($rank: Int!) { assets(first: 1, filter: {rank: {eq: $rank}}, orderBy: [{field: RANK}]) {
  nodes { id name } } }"""
SINGLE = f"query($id: ID!) {{ asset(id: $id) {{ id {FIGURES} coin {{ id slug }} }} }}"
RAW = "query($id: ID!) { asset(id: $id) { raw { recordId payload ingestedAt } lastRun { id status } } }"
HISTORY = "query($id: ID!) { asset(id: $id) { history(last: 5) { nodes { at priceUsd } } } }"
SEARCH = "query($text: String!) { assets(first: 50, search: $text) { nodes { id name symbol } } }"
TOTAL = "{ assets(first: 1) { totalCount } stats { assetCount rawCount } }"
MORE_RAW = """INSERT INTO raw_assets (source, record_id, external_id, payload, header_id, last_updated, run_id,
    window_id, position, ingested_at)
  SELECT source, record_id || :suffix, external_id, payload, header_id, last_updated, run_id,
    window_id, position, ingested_at
  FROM raw_assets WHERE id <= :newest"""
MORE_HISTORY = """INSERT INTO asset_history (asset_id, at, price_usd, market_cap_usd, volume_24h_usd, rank, record_id,
    run_id, recorded_at)
  SELECT asset_id, {at}, price_usd, market_cap_usd, volume_24h_usd, rank, record_id || :suffix, run_id, recorded_at
  FROM asset_history WHERE id <= :newest"""


def answers(client: httpx.Client, rows: int) -> dict[str, float]:
    """Medians in ms, by what was asked of `rows` assets ranked from 1. Raises RuntimeError for answers with errors."""
    deep = ask(client, PAGE, last=100)["assets"]["edges"][0]["cursor"]
    known = ask(client, AT_RANK, rank=min(1234, rows))["assets"]["nodes"][0]
    asset, name = known["id"], known["name"]
    asked: dict[str, Callable[[], object]] = {
        "first page": lambda: ask(client, PAGE, first=50),
        "page after a cursor near the end": lambda: ask(client, PAGE, first=50, after=deep),
        "page before it": lambda: ask(client, PAGE, last=50, before=deep),
        "last page": lambda: ask(client, PAGE, last=50),
        "single asset": lambda: ask(client, SINGLE, id=asset),
        "raw record": lambda: ask(client, RAW, id=asset),
        "history, last 5 points": lambda: ask(client, HISTORY, id=asset),
        "search, a whole name": lambda: ask(client, SEARCH, text=name),
        "search, a few letters": lambda: ask(client, SEARCH, text=name[:4]),
        "search, a common word": lambda: ask(client, SEARCH, text="coin"),
        "totals": lambda: ask(client, TOTAL),
        "/data?limit=50": lambda: client.get("/data?limit=50").raise_for_status(),
        "/data?limit=50&offset=10000": lambda: client.get("/data?limit=50&offset=10000").raise_for_status(),
    }
    return {what: _median(work) for what, work in asked.items()}


async def add_versions(database_url: str, each: int) -> None:
    """Give every raw record and history point `each` more versions before it, as if its asset had changed so often."""
    database = Database(database_url)
    at = "date(at, :back) || substr(at, 11)" if database.is_sqlite else "at - CAST(:back AS interval)"
    async with database.write() as connection:
        newest = {
            table: (await connection.execute(text(f"SELECT max(id) FROM {table}"))).scalar_one()
            for table in ("raw_assets", "asset_history")
        }
    for number in range(1, each + 1):
        async with database.write() as connection:
            suffix = f"~{number}"
            await connection.execute(text(MORE_RAW), {"suffix": suffix, "newest": newest["raw_assets"]})
            back = f"-{number} days" if database.is_sqlite else timedelta(days=number)
            await connection.execute(
                text(MORE_HISTORY.format(at=at)), {"suffix": suffix, "back": back, "newest": newest["asset_history"]}
            )
    await database.close()
    if not database.is_sqlite:
        connection = await asyncpg.connect(database_url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


def ask(client: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    """The answer's data. Raises RuntimeError where it has errors."""
    answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
    if answer.get("errors"):
        raise RuntimeError(str(answer["errors"]))
    data: dict[str, Any] = answer["data"]
    return data


def _median(work: Callable[[], object]) -> float:
    for _ in range(WARM_UP):
        work()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
