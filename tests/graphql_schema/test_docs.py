"""The examples of the documentation are run, and answered as it says."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db import tables
from db.engine import Database
from db.enums import RunMode, RunTrigger
from etl.identity import linking
from etl.runner import Runner
from tests.etl.test_linking import coin, source
from tests.graphql_schema.fakes import Graph

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"```graphql\n(.*?)```\n```json\n(.*?)```", re.DOTALL)
EXAMPLES = [
    (page, number, *found)
    for page in ("history.md", "identity.md")
    for number, found in enumerate(EXAMPLE.findall((DOCS / page).read_text("utf-8")))
]
# Prices of CoinGecko and of CoinPaprika, and when they were read.
READINGS = ((100.0, 102.0, 10), (104.0, 104.5, 11))


@pytest.fixture
async def market(graph: Graph) -> Graph:
    """One coin from two sources, read at 10:00 and 11:00."""
    for gecko, paprika, hour in READINGS:
        at = f"2025-01-20T{hour - 1:02}:59:00Z"
        await _read(graph.database, "coingecko", [coin("bitcoin", "btc", "Bitcoin", gecko, at)], hour)
        await _read(graph.database, "coinpaprika", [coin("btc-bitcoin", "BTC", "Bitcoin", paprika, at)], hour)
    await linking.catch_up(graph.database)
    return graph


async def _read(database: Database, name: str, records: Sequence[dict[str, Any]], hour: int) -> None:
    runner = Runner(database, {name: source(name, records)}, batch_size=10)
    run = await runner.run_now(name, RunMode.INCREMENTAL, RunTrigger.CLI)
    moment = datetime(2025, 1, 20, hour, tzinfo=UTC)
    written = {"asset_history": "recorded_at", "etl_batches": "committed_at", "assets": "updated_at"}
    async with database.write() as connection:
        for table, column in written.items():
            known = tables.metadata.tables[table]
            await connection.execute(known.update().where(known.c.run_id == run.id).values({column: moment}))


@pytest.mark.parametrize(("page", "number", "query", "answer"), EXAMPLES)
async def test_examples_are_answered_as_the_page_says(
    market: Graph, page: str, number: int, query: str, answer: str
) -> None:
    assert await market.ask(query) == json.loads(answer)


@pytest.mark.parametrize("page", ["history.md", "identity.md"])
def test_every_query_of_a_page_is_an_example(page: str) -> None:
    content = (DOCS / page).read_text("utf-8")
    assert content.count("```graphql") == len([example for example in EXAMPLES if example[0] == page]) > 0
