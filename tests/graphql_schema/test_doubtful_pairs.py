"""Pairs that are left to a person, in the graph."""

import json

from db import tables
from db.engine import Database
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import asset, write, write_assets

PAIRS = """
query ($first: Int, $after: String) {
  doubtfulPairs(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { score why evidence assets { symbol source } }
  }
}
"""
KEEP_APART = 'mutation ($ids: [ID!]!) { keepApart(assetIds: $ids, reason: "seen") { coin { id } errors { code } } }'


async def write_pairs(database: Database, *scores: float | None) -> None:
    """The first asset beside each further one; None for a pair that is not doubtful."""
    others = range(2, 2 + len(scores))
    await write_assets(database, *(asset(number, source=f"s{number}", symbol=f"a{number}") for number in (1, *others)))
    rows = [
        {
            "one_id": 1, "other_id": other, "weight": 0.0, "score": 0.5 if score is None else score,
            "evidence": json.dumps(["name alike"]), "contract": None, "doubt": None if score is None else "unsure",
        }
        for other, score in zip(others, scores, strict=True)
    ]  # fmt: skip
    await write(database, tables.coin_pairs, rows)


async def test_the_most_probable_come_first(graph: Graph) -> None:
    await write_pairs(graph.database, 0.4, None, 0.8, 0.8)
    page = (await graph.ask(PAIRS, first=2))["doubtfulPairs"]
    assert page["totalCount"] == 3
    assert page["nodes"][0] == {
        "score": 0.8, "why": "unsure", "evidence": ["name alike"],
        "assets": [{"symbol": "a1", "source": "s1"}, {"symbol": "a4", "source": "s4"}],
    }  # fmt: skip
    rest = (await graph.ask(PAIRS, first=2, after=page["pageInfo"]["endCursor"]))["doubtfulPairs"]
    found = [pair["assets"][1]["symbol"] for pair in page["nodes"] + rest["nodes"]]
    assert (found, rest["pageInfo"]["hasNextPage"]) == (["a4", "a5", "a2"], False)


async def test_they_are_read_in_few_statements(graph: Graph) -> None:
    await write_pairs(graph.database, 0.4, 0.5, 0.6)
    assert await graph.count_statements(PAIRS) == 3


async def test_a_pair_is_kept_apart(graph: Graph) -> None:
    answer = await graph.ask(KEEP_APART, ids=[ids.encode("Asset", 1), ids.encode("Asset", 2)])
    assert answer["keepApart"] == {"coin": None, "errors": [{"code": "LINKED"}]}
    assert graph.operations.asked == [("keep apart", [1, 2], "seen")]
    refused = await graph.ask(KEEP_APART, ids=[ids.encode("Run", 1)])
    assert refused["keepApart"]["errors"] == [{"code": "UNKNOWN_ASSET"}]
