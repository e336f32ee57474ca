"""Plans answer as graphql-core does, byte for byte, or not at all. PLANS_EXAMPLES=20000 for a long run."""

import gc
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import structlog
from strawberry.http import process_result

from app.run_feed import RunFeed
from app.web.encoding import encoded
from db import tables
from db.direct import NotDirect
from db.engine import Database
from graphql_schema.context import Context
from tests.graphql_schema.documents import COIN_ORDERS, ORDERS, Document
from tests.graphql_schema.fakes import CALLER, SCHEMA, FakeOperations, Graph
from tests.graphql_schema.rows import START, asset, point, raw, run, write, write_assets, write_runs

EXAMPLES = int(os.environ.get("PLANS_EXAMPLES", "60"))
COIN_FIGURES = ("price_usd", "divergence_percent", "market_cap_usd")
SEED = int(os.environ.get("PLANS_SEED", "1"))


async def fill(database: Database) -> None:
    """Assets with everything that is told apart: nulls, ties, odd names, whole seconds, two sources, runs of all kinds,
    records of all formats."""
    random = Random(7)
    await write_runs(database, *(_run(n, random) for n in range(1, 8)))
    rows = []
    for n in range(1, 41):
        moment = START + timedelta(minutes=n % 7, microseconds=random.choice((0, 520_000, 1)))
        figures = {name: random.choice((None, 0.0, -1.5, 3.0, n * 1e6, 1 / n)) for name in tables.FIGURES}
        rows.append(
            asset(n, rank=random.choice((None, n, 5)), symbol=random.choice(("BTC", "btc", f"C{n}", "Ω\"'")),
                  source="csv" if n % 5 == 0 else "coingecko", run_id=n % 7 + 1,
                  last_updated=random.choice((None, moment)), ath_at=random.choice((None, moment)),
                  updated_at=moment, **figures)
        )  # fmt: skip
    await write(database, tables.assets, rows)
    await write(database, tables.raw_headers, [{"id": 1, "digest": "d", "header": "id;name; price;name"}])
    records = [_record(row, random) for row in rows if row["id"] % 9]
    await write(database, tables.raw_assets, records)
    await write(database, tables.coins, [_coin(n, random) for n in range(1, 31)])
    members = [_member(n, random.randrange(1, 31), random) for n in range(1, 41) if n % 8]
    await write(database, tables.coin_assets, members)
    await write(database, tables.sources, [{"source": "coinpaprika", "asset_count": 0, "raw_count": 2**40}])
    points = [point(n, hours, None if hours == 2 else n / 3) for n in range(1, 30) for hours in range(n % 6)]
    await write(database, tables.asset_history, [{**each, "rank": n % 3 or None} for n, each in enumerate(points)])


def _run(number: int, random: Random) -> dict[str, Any]:
    begun = random.choice((None, START, START + timedelta(microseconds=520_000)))
    counts = ("records_processed", "inserted", "updated", "unchanged", "stale", "missing", "quarantined")
    return run(
        number, source=("csv", "coingecko")[number % 2], mode=random.choice(("incremental", "full", "replay")),
        trigger=random.choice(("schedule", "manual", "startup", "cli")), status=random.choice(("success", "failed")),
        run_started_at=begun, run_finished_at=begun and random.choice((None, begun + timedelta(seconds=1.5))),
        total=random.choice((None, 0, 7, 2**40)), start_position=random.randrange(5), injected_failure=number == 3,
        error=random.choice((None, "no \"answer\"")), resumed_after=random.choice((None, "x")),
        **{name: random.choice((0, 5, 2**40)) for name in counts},
    )  # fmt: skip


def _record(of: dict[str, Any], random: Random) -> dict[str, Any]:
    number, by_csv = of["id"], of["source"] == "csv"
    of_csv, of_json = ("1;a b;2", "1", '1;"x;y";2;3;4'), ('{"id":"x","n":[1.50,1e3,null]}', "no JSON", "9" * 30)
    more = {"header_id": 1 if by_csv else None, "source": of["source"], "run_id": random.randrange(1, 8)}
    return raw(number, random.choice(of_csv if by_csv else of_json), **more)


def _coin(number: int, random: Random) -> dict[str, Any]:
    symbol, name = random.choice(("BTC", "btc", f"C{number}")), f"Coin {number}"
    return {
        "id": number, "source": "coingecko", "external_id": f"coin-{number}", "slug_base": f"coin-{number}",
        "slug": f"coin-{number}", "symbol": symbol, "symbol_folded": symbol.casefold(), "name": name,
        "name_folded": name.casefold(), "rank": random.choice((None, number, 5)),
        **{each: random.choice((None, 0.0, 1e6, 1 / number)) for each in COIN_FIGURES},
    }  # fmt: skip


def _member(asset_id: int, coin_id: int, random: Random) -> dict[str, Any]:
    evidence = random.choice((["the coin is named after it"], ["same symbol", 'name "Ω"', "x"], []))
    return {
        "asset_id": asset_id, "coin_id": coin_id, "own_coin_id": asset_id, "traits": "x",
        "confidence": random.choice((1.0, 0.987654321)), "evidence": json.dumps(evidence),
        "manual": random.choice((True, False)), "fresh": random.choice((True, False)),
    }  # fmt: skip


async def by_core(database: Database, query: str, variables: dict[str, Any]) -> bytes:
    context = Context.of(database, FakeOperations(), RunFeed(database), CALLER)
    result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    return encoded(process_result(result))


async def by_plan(database: Database, query: str, variables: dict[str, Any]) -> bytes | None:
    answer = await SCHEMA.answers.answer(query, None, variables, database)
    return None if answer is None else answer.body


async def cursors_of(graph: Graph) -> dict[str, list[str]]:
    found = {}
    for name, orders in (("assets", ORDERS), ("coins", COIN_ORDERS)):
        for order in orders:
            answer = await graph.ask(f"{{ {name}(orderBy: {order}) {{ edges {{ cursor }} }} }}")
            found[f"{name} {order}"] = [edge["cursor"] for edge in answer[name]["edges"][::7]]
    found["runs"] = [edge["cursor"] for edge in (await graph.ask("{ runs { edges { cursor } } }"))["runs"]["edges"]]
    return found


# graphql-core leaves its coroutines lying where an error beside them decided the answer.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_plans_and_graphql_core_give_the_same_answers(graph: Graph) -> None:
    database = graph.database
    await fill(database)
    cursors = await cursors_of(graph)
    planned, kinds = 0, set()
    for n in range(EXAMPLES):
        document = Document(Random(SEED * 1_000_003 + n), cursors)
        query = document.text()
        for variables in (document.variables, document.other_variables()):
            expected = await by_core(database, query, variables)
            found = await by_plan(database, query, variables)
            assert found in {None, expected}, f"{query}\n{variables}\n{found!r}\n{expected!r}"
            planned += found is not None
            kinds.add((found is not None, b'"errors"' in expected))
    gc.collect()
    # Not for want of plans, and not of questions that are none of theirs.
    assert planned > EXAMPLES
    assert {(True, False), (False, False), (False, True)} <= kinds


PLANNED = (
    "query ($at: String) { assets(first: 3, after: $at, orderBy: [{field: RANK}]) { pageInfo { hasPreviousPage } } }",
    "query ($at: String) { assets(last: 3, before: $at, orderBy: [{field: RANK}]) { pageInfo { hasNextPage } } }",
    "query ($at: String) { assets(before: $at, orderBy: [{field: RANK}]) { edges { cursor } } }",
    "{ assets { totalCount } }",
    '{ assets(search: "coin", first: 2) { totalCount nodes { name } } }',
    "{ assets(first: 2) { nodes { history(last: 2, interval: HOUR) { totalCount edges { cursor } } } } }",
    '{ asset(source: "csv", externalId: "coin-5") { name history(first: 1) { nodes { at } } } }',
    '{ node(id: "QXNzZXQ6Mw==") { __typename id ... on Asset { symbol } } }',
    '{ asset(id: "QXNzZXQ6OTk5") { id } }',
    '{ asset(id: "QXNzZXQ6Mw==") { coin { slug assets { linkedBy fresh asset { name history { totalCount } } } } } }',
    "{ assets { nodes { name coin { slug assets { evidence asset { coin { id } } } } } } }",
    "{ coins(first: 4, orderBy: [{field: RANK}]) { totalCount edges { cursor node { id } } pageInfo { endCursor } } }",
    "{ coins(filter: {rank: {gt: 3}}) { nodes { name assets { confidence asset { source priceUsd } } } } }",
    '{ coin(slug: "coin-3") { name assets { fresh } } other: coin(slug: "none") { name } }',
    "{ assets(first: 9) { nodes { raw { id payload run { status } } lastRun { mode durationMs progressPercent } } } }",
    '{ asset(source: "csv", externalId: "coin-5") { raw { payload ingestedAt } lastRun { id startedAt } } }',
    "{ runs(last: 3) { totalCount edges { cursor node { id trigger total injectedFailure } } } }",
    '{ runs(filter: {source: {eq: "csv"}, trigger: [CLI, MANUAL]}) { totalCount pageInfo { hasNextPage } } }',
    '{ node(id: "Q29pbjoz") { id ... on Coin { name assets { evidence } } } run(id: "UnVuOjM=") { status error } }',
    '{ assets(search: "coin 1", orderBy: [{field: RANK}]) { totalCount pageInfo { endCursor } nodes { athAt } } }',
    '{ assets(filter: {name: {contains: "IN 1"}, source: {startsWith: "cs"}}) { totalCount edges { cursor } } }',
    '{ coins(search: "coin", first: 2) { totalCount edges { cursor node { name assets { evidence } } } } }',
    "{ stats { assetCount rawCount runCount succeeded failed recordsProcessed lastSuccessAt lastFailureAt } }",
    "{ stats { __typename } }",
    "{ stats { rawCount } totals: stats { __typename lastSuccessAt } }",
    '{ coins(search: "coin 1", filter: {slug: {contains: "coin"}}) { totalCount nodes { name } } }',
)


async def test_what_plans_are_for_is_planned(graph: Graph) -> None:
    await fill(graph.database)
    cursors = await cursors_of(graph)
    for query in PLANNED:
        variables = {"at": cursors["assets [{field: RANK}]"][2]} if "$at" in query else {}
        expected = await by_core(graph.database, query, variables)
        assert b'"errors"' not in expected
        assert await by_plan(graph.database, query, variables) == expected


LONG_HISTORY = 3000


@pytest.mark.parametrize("page", ["first: 3", "last: 3", 'first: 3, from: "2025-02-01T00:00:00Z"'])
async def test_of_a_long_history_no_more_is_read_than_is_asked_for(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    database = graph.database
    await write_assets(database, *(asset(n) for n in range(1, 4)))
    for n in range(1, 4):
        await write(database, tables.asset_history, [point(n, hours, float(hours)) for hours in range(LONG_HISTORY)])
    # Where SQLite has to take more steps than this for a statement, it is left to graphql-core.
    monkeypatch.setattr("db.sqlite.STEPS", 1000)
    monkeypatch.setattr("db.sqlite.MOST_LOOKS", 1)
    query = f"{{ assets {{ nodes {{ history({page}) {{ pageInfo {{ hasNextPage }} nodes {{ at priceUsd }} }} }} }} }}"
    expected = await by_core(database, query, {})
    assert expected.count(b'"at"') == 9
    assert await by_plan(database, query, {}) == expected
    if not database.is_sqlite:
        assert await most_rows_read(database, query) < 100


async def most_rows_read(database: Database, query: str) -> int:
    """The most rows that any step of PostgreSQL's for any of the query's statements brought."""
    sent: list[tuple[str, Any]] = []
    usual = database.direct._reader.fetch

    async def noted(text: str, arguments: Any) -> Any:
        sent.append((text, arguments))
        return await usual(text, arguments)

    database.direct._reader.fetch = noted  # type: ignore[method-assign]
    await by_plan(database, query, {})
    found = [await usual(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", arguments) for text, arguments in sent]
    steps = [step for rows in found for step in _steps(json.loads(rows[0][0]))]
    return max(int(step["Actual Rows"] * step["Actual Loops"]) for step in steps)


def _steps(plan: Any) -> Iterator[dict[str, Any]]:
    for each in plan if isinstance(plan, list) else [plan]:
        step = each.get("Plan", each)
        yield step
        yield from _steps(step.get("Plans", []))


async def test_what_takes_long_is_left_to_graphql_core_without_a_word(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(graph.database)
    await by_core(graph.database, PLANNED[5], {})

    async def takes_long(*_: object) -> None:
        raise NotDirect

    monkeypatch.setattr(graph.database.direct, "fetch", takes_long)
    with structlog.testing.capture_logs() as events:
        assert await by_plan(graph.database, PLANNED[5], {}) is None
    assert events == []
