"""How many statements a query costs: the same for ten rows as for a hundred."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event

from db import tables
from etl.identity import linking
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, batch, drifted, point, quarantined, raw, run, write, write_runs

ROWS = 110
# Each query of a list, and exactly how many statements it sends.
QUERIES = {
    "assets": ("assets(first: $n) { nodes { name } pageInfo { hasNextPage } }", 1),
    "assets, counted": ("assets(first: $n) { nodes { name } totalCount }", 2),
    "assets by relevance": ('assets(first: $n, search: "coin") { nodes { id } totalCount }', 4),
    "assets, filtered and sorted": (
        "assets(first: $n, filter: {rank: {isNull: true}}, orderBy: [{field: PRICE_USD}]) { nodes { id } totalCount }",
        2,
    ),
    "assets, raw and runs": (
        "assets(first: $n) { nodes { raw { payload run { id } } lastRun { id } } }",
        3,
    ),
    "assets and history": (
        "assets(first: $n) { nodes { history(first: 2) { totalCount nodes { priceUsd } } } }",
        3,
    ),
    "assets, everything around them": (
        """assets(first: $n) { totalCount nodes {
             raw { run { id batches(first: 2) { nodes { seen } } } }
             lastRun { checkpointAfter { lastRecordId } batches(last: 2) { totalCount } }
             history(last: 3) { nodes { at } } } }""",
        8,
    ),
    "assets of a moment": (
        """assets(first: $n, asOf: "2999-01-01T00:00:00Z", orderBy: [{field: PRICE_USD}]) {
             totalCount nodes { priceUsd } }""",
        4,
    ),
    "lineage": (
        """assets(first: $n) { nodes {
             raw { payload batch { sequence } run { id } } batch { sequence }
             history(first: 2) { nodes { raw { payload batch { sequence } } batch { sequence } run { id } } } } }""",
        6,
    ),
    "runs": ("runs(first: $n) { nodes { id durationMs progressPercent checkpointBefore { position } } }", 1),
    "runs and batches": (
        "runs(first: $n) { nodes { batches { totalCount edges { cursor node { seen } } } } }",
        3,
    ),
    "runs, batches under two names": (
        "runs(first: $n) { nodes { a: batches(first: 1) { nodes { seen } } b: batches { nodes { seen } } } }",
        3,
    ),
    "runs and checkpoints": (
        "runs(first: $n) { totalCount nodes { checkpointAfter { position lastRecordId } } }",
        3,
    ),
    "quarantine": ("quarantine(first: $n) { nodes { payload } pageInfo { hasPreviousPage } }", 1),
    "quarantine and runs": (
        "quarantine(first: $n) { totalCount nodes { run { id } replayRun { batches(first: 1) { nodes { seen } } } } }",
        4,
    ),
    "drift": ("drift(first: $n) { edges { cursor node { path } } }", 1),
    "drift and runs": ("drift(first: $n) { totalCount nodes { run { id batches(first: 1) { totalCount } } } }", 4),
    "coins": (
        "coins(first: $n) { totalCount nodes { slug assets { evidence asset { name raw { id } } } } }",
        5,
    ),
    "assets and coins": ("assets(first: $n) { nodes { coin { priceUsd assets { asset { name } } } } }", 4),
}
# Lists that are as long as there are sources.
OF_SOURCES = {
    "sources": (
        """sources { paused nextRunAt lastRun { id batches { nodes { seen } } } activeRun { id }
                     checkpoint { run { id } } assetCount dataAgeSeconds circuit retryAt }""",
        8,
    ),
    "checkpoints": ("checkpoints { run { id } }", 2),
    "stats": ("stats { runCount sources { assetCount lastRun { id } } }", 4),
}


async def fill(graph: Graph) -> None:
    numbers = range(1, ROWS + 1)
    await write_runs(
        graph.database, *(run(n, source=("coingecko", "csv")[n % 2], records_processed=20) for n in numbers)
    )
    stands = {"window_id": 1, "position": 0, "sequence": 0, "complete": False, "updated_at": START}
    places = [{"source": name, "run_id": n, **stands} for n, name in enumerate(("csv", "coingecko"), 1)]
    await write(graph.database, tables.checkpoints, places)
    await write(graph.database, tables.assets, [asset(n, run_id=n) for n in numbers])
    await write(graph.database, tables.raw_assets, [raw(n, "{}", run_id=n) for n in numbers])
    await write(graph.database, tables.batches, [batch(run, n) for run in numbers for n in (1, 2)])
    # Of the runs that the raw records are of: the two are read side by side, and either may ask for their runs first.
    points = [{**point(n, hours, 1.0), "run_id": n} for n in numbers for hours in (1, 2, 3)]
    await write(graph.database, tables.asset_history, points)
    put_aside = [quarantined(n, run_id=n, replay_run_id=ROWS + 1 - n) for n in numbers]
    await write(graph.database, tables.quarantine, put_aside)
    await write(graph.database, tables.drift_events, [drifted(n, run_id=n) for n in numbers])
    await linking.catch_up(graph.database)


@pytest.mark.parametrize("name", QUERIES)
async def test_statements_do_not_grow_with_the_list(graph: Graph, name: str) -> None:
    query, statements = QUERIES[name]
    # PostgreSQL is asked for a guess before each look into the index of texts.
    guesses = query.count("search:") * (1 + ("totalCount" in query)) * (not graph.database.is_sqlite)
    await fill(graph)
    for length in (10, 100):
        sent = await graph.count_statements(f"query ($n: Int) {{ {query} }}", n=length)
        assert sent == statements + guesses, graph.statements
        [found] = (await graph.ask(f"query ($n: Int) {{ {query} }}", n=length)).values()
        assert len(found.get("nodes") or found.get("edges")) == length


@pytest.mark.parametrize("name", OF_SOURCES)
async def test_statements_for_all_sources_together(graph: Graph, name: str) -> None:
    query, statements = OF_SOURCES[name]
    await fill(graph)
    assert await graph.count_statements(f"{{ {query} }}") == statements, graph.statements


async def test_no_connection_serves_two_lookups_at_once(graph: Graph) -> None:
    """Batches of different lookups overlap; on one connection they would wait for each other, or fail."""
    await fill(graph)
    under_way: Counter[int] = Counter()
    most: list[int] = []

    def begin(connection: Any, *_: Any) -> None:
        under_way[id(connection)] += 1
        most.append(max(under_way.values()))

    def end(connection: Any, *_: Any) -> None:
        under_way[id(connection)] -= 1

    engine = graph.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    together = "\n".join(f"q{n}: {query}" for n, (query, _) in enumerate(QUERIES.values()))
    await graph.ask(f"query ($n: Int) {{ {together} }}", n=20)
    assert len(most) > 20
    assert max(most) == 1
