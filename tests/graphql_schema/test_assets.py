"""Assets in the graph: lists, filters, errors, and what hangs on them."""

from datetime import timedelta
from typing import Any

import pytest

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, point, raw, write, write_assets, write_run

LIST = """
query ($first: Int, $after: String, $last: Int, $before: String, $search: String, $filter: AssetFilter,
       $orderBy: [AssetOrder!]) {
  assets(first: $first, after: $after, last: $last, before: $before, search: $search, filter: $filter,
         orderBy: $orderBy) {
    totalCount nodes { name } edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def names(answer: Any) -> list[str]:
    return [node["name"] for node in answer["assets"]["nodes"]]


async def test_all_columns(graph: Graph) -> None:
    row = asset(
        3, symbol="BTC", name="Bitcoin", rank=1, price_usd=0.1, market_cap_usd=1e12, volume_24h_usd=2.0,
        percent_change_1h=-0.5, percent_change_24h=1.5, percent_change_7d=0.0, circulating_supply=1.0,
        total_supply=2.0, max_supply=21e6, ath_usd=5.0, ath_at=START, last_updated=START.replace(microsecond=0),
    )  # fmt: skip
    await write_assets(graph.database, row)
    answer = await graph.ask(
        """{ asset(source: "coingecko", externalId: "coin-3") {
          id source externalId symbol name rank priceUsd marketCapUsd volume24hUsd percentChange1h percentChange24h
          percentChange7d circulatingSupply totalSupply maxSupply athUsd athAt lastUpdated firstSeenAt updatedAt
          lastRun { status }
        } }"""
    )
    assert answer["asset"] == {
        "id": ids.encode("Asset", 3), "source": "coingecko", "externalId": "coin-3", "symbol": "BTC",
        "name": "Bitcoin", "rank": 1, "priceUsd": 0.1, "marketCapUsd": 1e12, "volume24hUsd": 2.0,
        "percentChange1h": -0.5, "percentChange24h": 1.5, "percentChange7d": 0.0, "circulatingSupply": 1.0,
        "totalSupply": 2.0, "maxSupply": 21e6, "athUsd": 5.0, "athAt": "2025-01-20T10:36:06.480000Z",
        "lastUpdated": "2025-01-20T10:36:06Z", "firstSeenAt": "2025-01-20T10:36:06.480000Z",
        "updatedAt": "2025-01-20T10:36:06.480000Z", "lastRun": {"status": "SUCCESS"},
    }  # fmt: skip


async def test_a_walk_through_pages_and_back(graph: Graph) -> None:
    await write_assets(graph.database, *(asset(n, rank=[None, 1, 1, 2, None][n - 1]) for n in range(1, 6)))
    order = [{"field": "RANK"}]
    forth = await graph.ask(LIST, first=2, orderBy=order)
    assert names(forth) == ["Coin 2", "Coin 3"]
    assert forth["assets"]["totalCount"] == 5
    info = forth["assets"]["pageInfo"]
    edges = forth["assets"]["edges"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    assert [info["startCursor"], info["endCursor"]] == [edge["cursor"] for edge in edges]
    forth = await graph.ask(LIST, first=2, after=info["endCursor"], orderBy=order)
    assert names(forth) == ["Coin 4", "Coin 1"]
    info = forth["assets"]["pageInfo"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, True)
    back = await graph.ask(LIST, last=2, before=info["startCursor"], orderBy=order)
    assert names(back) == ["Coin 2", "Coin 3"]
    assert (back["assets"]["pageInfo"]["hasNextPage"], back["assets"]["pageInfo"]["hasPreviousPage"]) == (True, False)
    end = await graph.ask(LIST, last=1, orderBy=[{"field": "RANK", "direction": "DESC"}])
    assert names(end) == ["Coin 5"]


@pytest.mark.parametrize(
    "given",
    [
        {"orderBy": [{"field": "NAME"}]},
        {"orderBy": [{"field": "RANK", "direction": "DESC"}]},
        {"orderBy": [{"field": "RANK"}], "filter": {"rank": {"gt": 0}}},
        {"orderBy": [{"field": "RANK"}], "search": "coin"},
        {"orderBy": [{"field": "RANK"}], "after": "garbage"},
        {"orderBy": [{"field": "RANK"}], "after": ""},
        {"orderBy": [{"field": "RANK"}], "after": "\ud800"},
    ],
)
async def test_a_cursor_of_another_list_is_refused(graph: Graph, given: dict[str, Any]) -> None:
    await write_assets(graph.database, asset(1), asset(2))
    page = await graph.ask(LIST, first=1, orderBy=[{"field": "RANK"}])
    cursor = page["assets"]["pageInfo"]["endCursor"]
    assert await graph.codes(LIST, **{"after": cursor} | given) == ["INVALID_CURSOR"]


@pytest.mark.parametrize(
    "given",
    [
        {"first": 0},
        {"first": 101},
        {"last": -1},
        {"first": 1, "last": 1},
        {"first": 2**31},
        {"first": "2"},
        {"filter": {"rank": {"eq": None}}},
        {"filter": {"rank": None}},
        {"filter": {"and": None}},
        {"filter": {"not": {"name": {"in": None}}}},
        {"filter": {"rank": {"gt": 2**31}}},
        {"filter": {"priceUsd": {"gt": "1"}}},
        {"filter": {"lastUpdated": {"gt": "yesterday"}}},
        {"filter": {"lastUpdated": {"gt": "0001-01-01T00:00:00+14:00"}}},
        {"filter": {"rank": {"in": [1] * 1001}}},
        {"filter": {"or": [{"rank": {"eq": 1}}] * 501}},
        {"filter": {"name": {"contains": "x" * 1001}}},
        {"search": "x" * 1001},
        {"orderBy": [{"field": "PRICE"}]},
    ],
    ids=str,
)
async def test_input_that_cannot_be_carried_out(graph: Graph, given: dict[str, Any]) -> None:
    assert await graph.codes(LIST, **given) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("depth", [21, 200, 5000])
async def test_a_filter_nested_too_deeply(graph: Graph, depth: int) -> None:
    given: dict[str, Any] = {"rank": {"eq": 1}}
    for _ in range(depth):
        given = {"not": given}
    assert await graph.codes(LIST, filter=given) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"symbol": {"eq": "btc"}}, ["Bitcoin"]),
        ({"name": {"startsWith": "ETH"}}, ["Ethereum"]),
        ({"name": {"in": ["bitcoin", "nothing"]}}, ["Bitcoin"]),
        ({"externalId": {"contains": "%"}}, []),
        ({"rank": {"ne": 1}}, ["Ethereum", "Dust"]),
        ({"rank": {"isNull": True}}, ["Dust"]),
        ({"not": {"rank": {"gte": 2}}}, ["Bitcoin", "Dust"]),
        ({"or": [{"rank": {"eq": 1}}, {"priceUsd": {"lt": 1}}]}, ["Bitcoin", "Dust"]),
        ({"and": []}, ["Bitcoin", "Ethereum", "Dust"]),
        ({"or": []}, []),
        ({"rank": {"in": []}}, []),
        ({"rank": {}}, ["Bitcoin", "Ethereum", "Dust"]),
        ({"lastUpdated": {"gte": "2025-01-20T11:36:06.48+01:00"}}, ["Bitcoin"]),
        ({"id": {"in": [ids.encode("Asset", 3), "junk", ids.encode("Run", 1), ids.encode("Asset", 2**70)]}}, ["Dust"]),
        ({"id": {"eq": ids.encode("Asset", 2)}, "rank": {"eq": 2}}, ["Ethereum"]),
        ({"name": {"eq": "a\0b"}}, []),
        ({"not": {"name": {"contains": "\ud800"}}}, ["Bitcoin", "Ethereum", "Dust"]),
    ],
    ids=str,
)
async def test_filters(graph: Graph, given: dict[str, Any], expected: list[str]) -> None:
    await write_assets(
        graph.database,
        asset(1, symbol="BTC", name="Bitcoin", rank=1, price_usd=100_000.0, last_updated=START),
        asset(2, symbol="ETH", name="Ethereum", rank=2, price_usd=3_000.0),
        asset(3, symbol="DUST", name="Dust", price_usd=0.001),
    )
    answer = await graph.ask(LIST, filter=given)
    assert names(answer) == expected
    assert answer["assets"]["totalCount"] == len(expected)


async def test_the_count_alone_reads_no_page(graph: Graph) -> None:
    await write_assets(graph.database, asset(1), asset(2))
    assert await graph.count_statements("{ assets { __typename totalCount } }") == 1
    assert await graph.count_statements("{ assets { ...F } } fragment F on AssetConnection { nodes { id } }") == 1


async def test_payloads_as_received(graph: Graph) -> None:
    rows = [asset(n) for n in range(1, 5)]
    await write_assets(graph.database, *rows)
    header = 'Name;"Sym;bol";Name;'
    await write(graph.database, tables.raw_headers, [{"id": 5, "digest": "d", "header": header}])
    await write(
        graph.database,
        tables.raw_assets,
        [
            raw(1, '{"id": "coin-1", "price": 0.1, "deep": [null, {"a": 1}]}'),
            raw(2, 'Bit;"a""b;c"', header_id=5),
            raw(3, "1;2;3;4;5;6", header_id=5),
            raw(4, '{"lone": "\\ud800"}'),
        ],
    )
    answer = await graph.ask("{ assets { nodes { raw { source recordId payload ingestedAt run { id } } } } }")
    records = [node["raw"] for node in answer["assets"]["nodes"]]
    assert [record["payload"] for record in records] == [
        {"id": "coin-1", "price": 0.1, "deep": [None, {"a": 1}]},
        {"Name": "Bit", "Sym;bol": 'a"b;c', "Name 2": None, "column 4": None},
        {"Name": "1", "Sym;bol": "2", "Name 2": "3", "column 4": "4", "column 5": "5", "column 6": "6"},
        '{"lone": "\\ud800"}',
    ]
    assert records[0]["run"] == {"id": ids.encode("Run", 1)}
    assert (records[0]["recordId"], records[0]["ingestedAt"]) == ("record-1", "2025-01-20T10:36:06.480000Z")


HISTORY = """
query ($from: DateTime, $to: DateTime, $interval: HistoryInterval, $first: Int, $after: String) {
  assets { nodes { history(from: $from, to: $to, interval: $interval, first: $first, after: $after) {
    totalCount nodes { at priceUsd } pageInfo { hasNextPage endCursor }
  } } }
}
"""


async def prices(graph: Graph, **given: Any) -> list[list[float]]:
    answer = await graph.ask(HISTORY, **given)
    histories = [node["history"] for node in answer["assets"]["nodes"]]
    assert "first" in given or all(history["totalCount"] == len(history["nodes"]) for history in histories)
    return [[node["priceUsd"] for node in history["nodes"]] for history in histories]


async def test_history(graph: Graph) -> None:
    await write_assets(graph.database, asset(1), asset(2), asset(3))
    hours = [0, 0.2, 0.5, 14, 24 * 6, 24 * 7]
    points = [point(1, hour, float(n)) for n, hour in enumerate(hours)] + [point(2, 1, 9.0)]
    await write(graph.database, tables.asset_history, points)
    assert await prices(graph) == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [9.0], []]
    # START is a Monday at 10:36.
    assert await prices(graph, interval="HOUR") == [[1.0, 2.0, 3.0, 4.0, 5.0], [9.0], []]
    assert await prices(graph, interval="DAY") == [[2.0, 3.0, 4.0, 5.0], [9.0], []]
    assert await prices(graph, interval="WEEK") == [[4.0, 5.0], [9.0], []]
    span = {"from": START.isoformat(), "to": (START + timedelta(hours=14)).isoformat()}
    assert await prices(graph, **span) == [[0.0, 1.0, 2.0], [9.0], []]
    assert await prices(graph, interval=None, first=2) == [[0.0, 1.0], [9.0], []]


async def test_a_history_cursor_fits_its_asset_and_span(graph: Graph) -> None:
    await write_assets(graph.database, asset(1), asset(2))
    await write(graph.database, tables.asset_history, [point(a, h, float(h)) for a in (1, 2) for h in range(4)])
    query = """query ($id: ID, $first: Int, $after: String, $interval: HistoryInterval) {
      asset(id: $id) { history(first: $first, after: $after, interval: $interval) {
        nodes { priceUsd } pageInfo { endCursor hasNextPage hasPreviousPage }
      } }
    }"""
    first = await graph.ask(query, id=ids.encode("Asset", 1), first=2)
    cursor = first["asset"]["history"]["pageInfo"]["endCursor"]
    rest = await graph.ask(query, id=ids.encode("Asset", 1), after=cursor)
    assert [node["priceUsd"] for node in rest["asset"]["history"]["nodes"]] == [2.0, 3.0]
    assert rest["asset"]["history"]["pageInfo"]["hasPreviousPage"]
    assert await graph.codes(query, id=ids.encode("Asset", 2), after=cursor) == ["INVALID_CURSOR"]
    assert await graph.codes(query, id=ids.encode("Asset", 1), after=cursor, interval="DAY") == ["INVALID_CURSOR"]


@pytest.mark.parametrize(
    "arguments", ["", 'id: "x", source: "a"', 'source: "a"', 'id: "junk"', f'id: "{ids.encode("Run", 1)}"']
)
async def test_an_asset_needs_one_good_key(graph: Graph, arguments: str) -> None:
    given = f"({arguments})" if arguments else ""
    assert await graph.codes(f"{{ asset{given} {{ id }} }}") == ["BAD_USER_INPUT"]


async def test_unknown_assets_are_null(graph: Graph) -> None:
    await write_run(graph.database)
    for arguments in (f'id: "{ids.encode("Asset", 9)}"', 'source: "a\\u0000", externalId: "b"'):
        assert await graph.ask(f"{{ asset({arguments}) {{ id }} }}") == {"asset": None}
