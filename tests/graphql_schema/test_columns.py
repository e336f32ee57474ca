"""Only the columns that were asked for are read, wherever an asset comes from."""

import re

import pytest

from db.tables import raw_assets
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import asset, raw, write, write_assets

ASSET = ids.encode("Asset", 1)
SCALARS = [
    "id", "source", "externalId", "symbol", "name", "rank", "priceUsd", "marketCapUsd", "volume24hUsd",
    "percentChange1h", "percentChange24h", "percentChange7d", "circulatingSupply", "totalSupply", "maxSupply",
    "athUsd", "athAt", "lastUpdated", "firstSeenAt", "updatedAt",
]  # fmt: skip


async def columns_read(graph: Graph, query: str) -> set[str]:
    """The columns of assets in the result of the query's first statement; the sort key comes under other names."""
    await graph.count_statements(query)
    statements = [statement for statement in graph.statements if "FROM assets" in statement]
    selected = statements[0].partition("FROM")[0]
    return set(re.findall(r"assets\.(\w+)(?= *,|\s*$)(?! AS)", selected.replace("assets.id AS", "")))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("{ assets { nodes { name } } }", {"id", "name"}),
        ("{ assets { edges { node { symbol volume24hUsd } } } }", {"id", "symbol", "volume_24h_usd"}),
        ("{ assets { edges { cursor } pageInfo { endCursor } } }", {"id"}),
        ("{ assets { nodes { n: name id __typename } edges { node { rank } } } }", {"id", "name", "rank"}),
        ("{ assets { nodes { ...F } } } fragment F on Asset { athAt ... on Node { id } }", {"id", "ath_at"}),
        ("{ assets { nodes { raw { payload } } } }", {"id", "source", "record_id"}),
        ("{ assets { nodes { lastRun { id } } } }", {"id", "run_id"}),
        ("{ assets { nodes { history { nodes { at } } } } }", {"id", "source"}),
        (f'{{ asset(id: "{ASSET}") {{ priceUsd }} }}', {"id", "price_usd"}),
        ('{ asset(source: "coingecko", externalId: "coin-1") { updatedAt } }', {"id", "updated_at"}),
        (f'{{ node(id: "{ASSET}") {{ id ... on Asset {{ source }} ... on Run {{ status }} }} }}', {"id", "source"}),
        (f'{{ nodes(ids: ["{ASSET}"]) {{ ... on Asset {{ maxSupply }} }} }}', {"id", "max_supply"}),
        (
            f'{{ a: asset(id: "{ASSET}") {{ name }} b: asset(id: "{ids.encode("Asset", 2)}") {{ rank }} }}',
            {"id", "name", "rank"},
        ),
    ],
)
async def test_only_what_is_selected_is_read(graph: Graph, query: str, columns: set[str]) -> None:
    await write_assets(graph.database, asset(1), asset(2))
    assert await columns_read(graph, query) == columns


async def test_what_is_skipped_may_be_read_and_is_not_shown(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    query = "query ($no: Boolean = false) { assets { nodes { symbol name @include(if: $no) } } }"
    assert await graph.ask(query) == {"assets": {"nodes": [{"symbol": "C1"}]}}


async def test_every_field_gets_what_it_needs(graph: Graph) -> None:
    """Alone, each field says the same as beside all others."""
    await write_assets(graph.database, asset(1, **dict.fromkeys(("price_usd", "ath_usd"), 1.5), rank=3))
    await write(graph.database, raw_assets, [raw(1, '{"a": 1}')])
    fields = [*SCALARS, "raw { payload }", "lastRun { id }", "history { totalCount }"]
    whole = await graph.ask(f'{{ asset(id: "{ASSET}") {{ {" ".join(fields)} }} }}')
    for field in fields:
        name = field.partition(" ")[0]
        alone = await graph.ask(f'{{ asset(id: "{ASSET}") {{ {field} }} }}')
        assert alone["asset"] == {name: whole["asset"][name]}
        assert whole["asset"][name] is not None or name not in {"raw", "lastRun", "history", "source", "priceUsd"}
