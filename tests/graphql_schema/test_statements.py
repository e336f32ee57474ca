"""How many statements a query costs: the same for two rows as for fifty."""

import pytest

from db import tables
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import asset, batch, point, raw, write, write_run

QUERIES = {
    "assets": ("query ($n: Int) { assets(first: $n) { nodes { name } pageInfo { hasNextPage } } }", 1),
    "assets by relevance": ('query ($n: Int) { assets(first: $n, search: "coin") { nodes { id } totalCount } }', 4),
    "assets, raw and run": (
        "query ($n: Int) { assets(first: $n) { nodes { raw { payload run { id } } lastRun { id } } } }",
        3,
    ),
    "assets and history": (
        "query ($n: Int) { assets(first: $n) { nodes { history(first: 2) { totalCount nodes { priceUsd } } } } }",
        3,
    ),
    "runs and batches": (
        "query ($n: Int) { runs(first: $n) { nodes { batches { totalCount edges { cursor node { seen } } } } } }",
        3,
    ),
    "runs, batches under two names": (
        """query ($n: Int) { runs(first: $n) { nodes {
            a: batches(first: 1) { nodes { seen } } b: batches { nodes { seen } }
        } } }""",
        3,
    ),
    "sources": (
        """{ sources { paused lastRun { id batches { nodes { seen } } } activeRun { id } checkpoint { run { id } }
                       assetCount dataAgeSeconds circuit retryAt } stats { runCount sources { assetCount } } }""",
        12,
    ),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_statements_do_not_grow_with_the_list(graph: Graph, name: str) -> None:
    query, most = QUERIES[name]
    for number in range(1, 61):
        await write_run(graph.database, number, source=f"source-{number % 7}")
    rows = [asset(n, run_id=n) for n in range(1, 61)]
    await write(graph.database, tables.assets, rows)
    await write(graph.database, tables.raw_assets, [raw(n, "{}", run_id=n) for n in range(1, 61)])
    await write(graph.database, tables.batches, [batch(run, n) for run in range(1, 61) for n in (1, 2)])
    await write(graph.database, tables.asset_history, [point(a, h, 1.0) for a in range(1, 61) for h in (1, 2, 3)])
    few = await graph.count_statements(query, n=2)
    many = await graph.count_statements(query, n=50)
    assert few == many <= most
