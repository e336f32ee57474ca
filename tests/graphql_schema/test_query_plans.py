"""How the databases carry out what is served: by an index, never by reading a table that grows from end to end."""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Executable, event, text

from db import holdings, run_counts, runs
from db.direct import Rows, Snapshot
from db.engine import Database
from db.prepared import Prepared
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.test_statements import OF_SOURCES, QUERIES, fill

Sent = tuple[str, Any]
GROWING = {
    "assets", "asset_history", "asset_search", "asset_contracts", "raw_assets", "coins", "coin_assets", "coin_pairs",
    "coin_keys", "etl_runs", "etl_run_events", "etl_batches", "etl_quarantine", "etl_drift_events", "etl_windows",
    "etl_window_pages",
}  # fmt: skip
ASSET, COIN_SLUG = ids.encode("Asset", 7), "bitcoin"
MORE = {
    "one asset": f'asset(id: "{ASSET}") {{ name history(last: 5) {{ nodes {{ at }} }} coin {{ slug }} }}',
    "one asset by its source": 'asset(source: "csv", externalId: "coin-7") { name raw { payload } }',
    "one asset by its source alone": 'asset(source: "csv", externalId: "coin-7") { name symbol }',
    "one coin": f'coin(slug: "{COIN_SLUG}") {{ name assets {{ asset {{ name }} }} }}',
    "coins by relevance": 'coins(first: 10, search: "coin") { totalCount nodes { slug } }',
    "coins by relevance, a rare one": 'coins(first: 10, search: "coin 77") { totalCount nodes { slug } }',
    "coins by rank, with a search": 'coins(search: "oin 7", orderBy: [{field: RANK}]) { nodes { slug } }',
    "one run": f'node(id: "{ids.encode("Run", 7)}") {{ ... on Run {{ status log(first: 5) {{ nodes {{ at }} }} }} }}',
    "totals": "stats { runCount succeeded lastFailureAt recordsProcessed assetCount }",
    "doubtful pairs": "doubtfulPairs(first: 10) { totalCount nodes { score } }",
}
# What an asset was worth at a moment is in no index: whoever sorts by it has all of them read.
SORTED_BY_THE_PAST = "assets of a moment"
EVERY = {name: query for name, (query, _) in {**QUERIES, **OF_SOURCES}.items()} | MORE


# What the service asks itself again and again.
OF_THE_SERVICE = {
    "runs that wait": runs.waiting,
    "the active run": lambda connection: runs.active(connection, "csv"),
    "what sources hold": holdings.by_source,
    "where runs stand": run_counts.by_source_and_status,
}


@pytest.mark.parametrize("name", sorted(EVERY.keys() - {SORTED_BY_THE_PAST}))
async def test_no_table_that_grows_is_read_from_end_to_end(graph: Graph, name: str) -> None:
    await fill(graph)
    with statements(graph.database) as sent:
        await graph.ask(query_of(name))
    await require_indexes(graph.database, sent)


async def test_nor_by_plans(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(graph)
    direct, sent = graph.database.direct, list[Sent]()
    usual, usually = direct.fetch, Snapshot.rows

    async def fetch(statement: Prepared, values: Mapping[str, Any]) -> Rows:
        sent.append((statement.text, tuple(statement.arguments(values))))
        return await usual(statement, values)

    async def rows(asks: Snapshot, shape: Hashable, build: Callable[[], Executable], values: Mapping[str, Any]) -> Rows:
        statement = direct.statement(shape, build)
        # What asks for a guess is explained already.
        if not statement.text.startswith("EXPLAIN"):
            sent.append((statement.text, tuple(statement.arguments(values))))
        return await usually(asks, shape, build, values)

    monkeypatch.setattr(direct, "fetch", fetch)
    monkeypatch.setattr(Snapshot, "rows", rows)
    planned = []
    for name in sorted(EVERY):
        await graph.ask(query_of(name))  # no plan is made for a document that was never carried out
        answer = await graph.schema.answers.answer(query_of(name), None, {}, graph.database)
        planned += [name] * (answer is not None and not answer.lacking)
    assert {"assets", "assets and history", "one asset by its source alone", "one asset", "one coin"} <= set(planned)
    assert {"assets by relevance", "coins by relevance", "coins by rank, with a search"} <= set(planned)
    await require_indexes(graph.database, sent)


@pytest.mark.parametrize("name", OF_THE_SERVICE)
async def test_nor_by_what_the_service_asks_itself(graph: Graph, name: str) -> None:
    await fill(graph)
    with statements(graph.database) as sent:
        async with graph.database.read() as connection:
            await OF_THE_SERVICE[name](connection)
    await require_indexes(graph.database, sent)


def query_of(name: str) -> str:
    return f"query {'($n: Int = 10)' if '$n' in EVERY[name] else ''} {{ {EVERY[name]} }}"


@contextmanager
def statements(database: Database) -> Iterator[list[Sent]]:
    """What is sent to the database meanwhile."""
    sent: list[Sent] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    engine = database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def require_indexes(database: Database, sent: Sequence[Sent]) -> None:
    assert sent
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.read() as connection:
        if not database.is_sqlite:
            # So few rows are read whole as quickly as by an index; a million are not.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, parameters in sent:
            lines = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            plan = "\n".join(str(line[-1]) for line in lines)
            assert not read_whole(statement, plan) & GROWING, f"{statement}\n{plan}"


def read_whole(statement: str, plan: str) -> set[str]:
    """The tables that the plan reads row by row, without an index."""
    found = set(re.findall(r"SCAN (\w+)(?! USING| VIRTUAL|\w)", plan)) | set(re.findall(r"Seq Scan on (\w+)", plan))
    # SQLite walks a table in the order of its ids, and stops at the end of the page.
    return set() if "LIMIT" in statement and plan.startswith("SCAN") and "TEMP B-TREE" not in plan else found
