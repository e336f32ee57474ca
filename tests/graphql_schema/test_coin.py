"""Coins are announced: clients can be built against them, and nothing is made up."""

import pytest

from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import asset, write_assets


async def test_no_asset_belongs_to_a_coin_yet(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    answer = await graph.ask("{ assets { nodes { coin { id slug assets { asset { id } confidence } } } } }")
    assert answer == {"assets": {"nodes": [{"coin": None}]}}


async def test_the_list_of_coins_is_empty(graph: Graph) -> None:
    answer = await graph.ask(
        """{ coins(first: 10, search: "b", filter: {rank: {lte: 10}}, orderBy: [{field: DIVERGENCE, direction: DESC}]) {
          totalCount nodes { name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } coin(slug: "bitcoin") { id } }"""
    )
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert answer == {"coins": {"totalCount": 0, "nodes": [], "edges": [], "pageInfo": page}, "coin": None}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("first: 0", "BAD_USER_INPUT"), ("first: 1, last: 1", "BAD_USER_INPUT"), ('after: "x"', "INVALID_CURSOR")],
)
async def test_the_list_is_a_connection_like_any(offline: Graph, arguments: str, code: str) -> None:
    assert await offline.codes(f"{{ coins({arguments}) {{ nodes {{ id }} }} }}") == [code]


@pytest.mark.parametrize(
    "query",
    [
        "{ assets(asOf: $at) { nodes { id } } }",
        '{ asset(source: "csv", externalId: "b", asOf: $at) { id } }',
        '{ coin(slug: "b", asOf: $at) { id } }',
    ],
)
async def test_an_earlier_moment_is_refused_in_clear_words(offline: Graph, query: str) -> None:
    _, errors = await offline.answer(f"query ($at: DateTime) {query}", at="2025-01-20")
    assert [(error["extensions"]["code"], error["message"]) for error in errors] == [
        ("BAD_USER_INPUT", "`asOf` is not available yet; leave it out for the state of now")
    ]


async def test_no_moment_at_all_is_now(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    assert await graph.ask("{ assets(asOf: null) { nodes { name } } }") == {"assets": {"nodes": [{"name": "Coin 1"}]}}
