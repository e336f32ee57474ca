"""Coins in the graph: each source's figures side by side, what they say together, and what was believed earlier."""

from datetime import timedelta
from typing import Any

import pytest

from db import tables
from etl.identity import linking
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, point, write, write_assets

HIGH = {"ath_usd": 109_000.5, "ath_at": START}
BITCOIN = {"name": "Bitcoin", **HIGH}
ROWS = (
    asset(1, external_id="bitcoin", symbol="btc", rank=1, price_usd=101.0, last_updated=START, **BITCOIN),
    asset(2, source="coinpaprika", external_id="btc-bitcoin", symbol="BTC", rank=2, price_usd=99.0,
          market_cap_usd=50.0, last_updated=START, **BITCOIN),
    asset(3, source="csv", external_id="bitcoin", symbol="BTC", rank=7, price_usd=10.0,
          last_updated=START - timedelta(days=9), **BITCOIN),
    asset(4, external_id="radix", symbol="xrd", name="Radix", rank=300, price_usd=0.5),
    asset(5, source="coinpaprika", external_id="xrd-raven-dark", symbol="XRD", name="Raven Dark"),
)  # fmt: skip


@pytest.fixture
async def linked(graph: Graph) -> Graph:
    """Bitcoin from three sources, of which one is old, and two coins that only share a symbol."""
    await write_assets(graph.database, *ROWS)
    await linking.catch_up(graph.database)
    return graph


async def slugs(graph: Graph, arguments: str) -> list[str]:
    answer = await graph.ask(f"{{ coins({arguments}) {{ nodes {{ slug }} }} }}")
    return [node["slug"] for node in answer["coins"]["nodes"]]


async def test_a_coin_shows_its_sources_side_by_side(linked: Graph) -> None:
    answer = await linked.ask(
        """{ coin(slug: "bitcoin") { symbol name rank priceUsd divergencePercent marketCapUsd
             assets { asset { source externalId priceUsd } confidence evidence linkedBy fresh } } }"""
    )
    found = answer["coin"]
    assert {name: found[name] for name in found if name != "assets"} == {
        "symbol": "btc", "name": "Bitcoin", "rank": 1, "priceUsd": 100.0, "divergencePercent": 1.0,
        "marketCapUsd": 50.0,
    }  # fmt: skip
    sources = [(each["asset"]["source"], each["asset"]["priceUsd"], each["fresh"]) for each in found["assets"]]
    assert sources == [("coingecko", 101.0, True), ("coinpaprika", 99.0, True), ("csv", 10.0, False)]
    anchor, second, _ = found["assets"]
    assert (anchor["confidence"], anchor["evidence"]) == (1.0, ["the coin is named after it"])
    assert 0.9 <= second["confidence"] <= 1
    assert {"symbol equal", "name equal"} < set(second["evidence"])
    assert second["linkedBy"] == "automatic"


async def test_what_only_shares_a_symbol_stays_apart(linked: Graph) -> None:
    assert await slugs(linked, 'filter: {symbol: {eq: "XRD"}}, orderBy: [{field: NAME}]') == ["radix", "xrd-raven-dark"]


async def test_an_asset_leads_to_its_coin_and_back(linked: Graph) -> None:
    query = "{ asset(id: $id) { coin { slug assets { asset { coin { slug } } } } } }".replace("$id", f'"{_id(2)}"')
    assert (await linked.ask(query))["asset"]["coin"] == {
        "slug": "bitcoin", "assets": [{"asset": {"coin": {"slug": "bitcoin"}}}] * 3
    }  # fmt: skip


async def test_a_coin_is_found_again_by_its_id(linked: Graph) -> None:
    known = (await linked.ask('{ coin(slug: "radix") { id slug } }'))["coin"]
    query = "query ($id: ID!) { coin(id: $id) { id slug } node(id: $id) { ... on Coin { id slug } } }"
    assert await linked.ask(query, id=known["id"]) == {"coin": known, "node": known}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("orderBy: [{field: RANK}]", ["bitcoin", "radix", "xrd-raven-dark"]),
        ("orderBy: [{field: PRICE_USD, direction: DESC}]", ["bitcoin", "radix", "xrd-raven-dark"]),
        ("orderBy: [{field: SYMBOL}, {field: NAME, direction: DESC}]", ["bitcoin", "xrd-raven-dark", "radix"]),
        ("filter: {divergencePercent: {gte: 1}}", ["bitcoin"]),
        ("filter: {not: {rank: {lte: 10}}}, orderBy: [{field: RANK}]", ["radix", "xrd-raven-dark"]),
        ('filter: {or: [{slug: {startsWith: "RAD"}}, {name: {contains: "coin"}}]}, orderBy: [{field: RANK}]',
         ["bitcoin", "radix"]),
        ('search: "raven"', ["xrd-raven-dark"]),
        ('search: "xrd"', ["radix", "xrd-raven-dark"]),
        ('search: "ra"', ["radix", "xrd-raven-dark"]),
        ('search: "nothing of the kind"', []),
    ],
)  # fmt: skip
async def test_coins_are_filtered_sorted_and_searched(linked: Graph, arguments: str, expected: list[str]) -> None:
    assert await slugs(linked, arguments) == expected


async def test_coins_are_paged(linked: Graph) -> None:
    query = """query ($after: String) { coins(first: 2, after: $after, orderBy: [{field: RANK}]) {
        totalCount nodes { slug } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    first = (await linked.ask(query))["coins"]
    assert (first["totalCount"], [node["slug"] for node in first["nodes"]]) == (3, ["bitcoin", "radix"])
    second = (await linked.ask(query, after=first["pageInfo"]["endCursor"]))["coins"]
    assert [node["slug"] for node in second["nodes"]] == ["xrd-raven-dark"]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_before_anything_is_linked_there_are_no_coins(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    answer = await graph.ask('{ assets { nodes { coin { id } } } coins { totalCount } coin(slug: "coin-1") { id } }')
    assert answer == {"assets": {"nodes": [{"coin": None}]}, "coins": {"totalCount": 0}, "coin": None}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("coins(first: 0) { nodes { id } }", "BAD_USER_INPUT"),
        ("coins(first: 1, last: 1) { nodes { id } }", "BAD_USER_INPUT"),
        ('coins(after: "x") { nodes { id } }', "INVALID_CURSOR"),
        ('coins(after: "x") { totalCount }', "INVALID_CURSOR"),
        ("coins(filter: {rank: null}) { totalCount }", "BAD_USER_INPUT"),
        ("coin { id }", "BAD_USER_INPUT"),
        ('coin(id: "QXNzZXQ6MQ==") { id }', "BAD_USER_INPUT"),
        ('coin(id: "QXNzZXQ6MQ==", slug: "a") { id }', "BAD_USER_INPUT"),
    ],
)
async def test_mistakes_are_told_before_anything_is_read(offline: Graph, query: str, code: str) -> None:
    assert await offline.codes(f"{{ {query} }}") == [code]


async def test_an_earlier_moment_has_the_consensus_of_what_was_stored_by_then(linked: Graph) -> None:
    await write(linked.database, tables.asset_history, [point(1, 0, 50.0), point(2, 1, 60.0), point(1, 2, 70.0)])
    await _record_at_their_time(linked)
    query = """query ($at: DateTime!) { coin(slug: "bitcoin", asOf: $at) {
        priceUsd divergencePercent assets { asset { source priceUsd } fresh } } }"""

    async def believed(hours: float) -> Any:
        return (await linked.ask(query, at=(START + timedelta(hours=hours)).isoformat()))["coin"]

    assert await believed(-1) is None
    alone = await believed(0.5)
    assert (alone["priceUsd"], alone["divergencePercent"], len(alone["assets"])) == (50.0, None, 1)
    both = await believed(1.5)
    assert (both["priceUsd"], [each["asset"]["priceUsd"] for each in both["assets"]]) == (55.0, [50.0, 60.0])
    assert (await believed(3))["priceUsd"] == 65.0


async def test_the_coin_of_an_asset_of_a_moment_is_of_that_moment(linked: Graph) -> None:
    await write(linked.database, tables.asset_history, [point(1, 0, 50.0), point(2, 1, 60.0)])
    await _record_at_their_time(linked)
    query = "query ($at: DateTime!) { assets(asOf: $at) { nodes { coin { priceUsd } } } }"
    answer = await linked.ask(query, at=(START + timedelta(hours=0.5)).isoformat())
    assert answer == {"assets": {"nodes": [{"coin": {"priceUsd": 50.0}}]}}


async def test_no_moment_at_all_is_now(linked: Graph) -> None:
    assert await linked.ask('{ coin(slug: "bitcoin", asOf: null) { priceUsd } }') == {"coin": {"priceUsd": 100.0}}


def _id(number: int) -> str:
    return ids.encode("Asset", number)


async def _record_at_their_time(graph: Graph) -> None:
    """Let every point have been stored when it was read."""
    history = tables.asset_history
    async with graph.database.write() as connection:
        await connection.execute(history.update().values(recorded_at=history.c.at))
