"""`asOf` in the graph, and the way from a figure to where it came from."""

from datetime import timedelta
from typing import Any

import pytest

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, batch, point, raw, write, write_assets

HOUR = timedelta(hours=1)


def known(asset_id: int, hours: float, price: float | None, **values: Any) -> dict[str, Any]:
    """A point that was stored as many hours after START as it speaks of."""
    return point(asset_id, hours, price) | {"recorded_at": START + hours * HOUR, "rank": None, **values}


@pytest.fixture
async def past(graph: Graph) -> Graph:
    """Two coins; coin 1 overtakes coin 2 after an hour, coin 3 comes after two."""
    await write_assets(
        graph.database,
        asset(1, price_usd=9.0, rank=1, ath_usd=10.0, source="coingecko"),
        asset(2, price_usd=2.0, rank=2),
        asset(3, price_usd=3.0, rank=3),
    )
    points = [
        known(1, 0, 1.0, rank=2), known(1, 1, 9.0, rank=1), known(2, 0, 2.0, rank=1), known(2, 1, 2.0, rank=2),
        known(3, 2, 3.0, rank=3),
    ]  # fmt: skip
    await write(graph.database, tables.asset_history, points)
    return graph


async def names(graph: Graph, arguments: str, hours: float) -> list[str]:
    query = f"query ($at: DateTime) {{ assets(asOf: $at, {arguments}) {{ nodes {{ name }} }} }}"
    data = await graph.ask(query, at=(START + hours * HOUR).isoformat())
    return [node["name"] for node in data["assets"]["nodes"]]


@pytest.mark.parametrize(
    ("arguments", "hours", "found"),
    [
        ("first: 9", -1, []),
        ("first: 9", 0, ["Coin 1", "Coin 2"]),
        ("first: 9", 2, ["Coin 1", "Coin 2", "Coin 3"]),
        ("orderBy: [{field: RANK}]", 0.5, ["Coin 2", "Coin 1"]),
        ("orderBy: [{field: RANK}]", 1, ["Coin 1", "Coin 2"]),
        ("filter: {priceUsd: {lt: 5}}", 0, ["Coin 1", "Coin 2"]),
        ("filter: {priceUsd: {lt: 5}}", 1, ["Coin 2"]),
        ('search: "coin"', 0, ["Coin 2", "Coin 1"]),
        ('search: "coin 3"', 1, []),
        ('search: "coin"', 900_000, ["Coin 1", "Coin 2", "Coin 3"]),
    ],
)
async def test_lists_are_of_that_moment(past: Graph, arguments: str, hours: float, found: list[str]) -> None:
    assert await names(past, arguments, hours) == found


async def test_one_asset_of_two_moments_and_of_now(past: Graph) -> None:
    fields = "priceUsd rank athUsd lastUpdated history { totalCount }"
    one = f'asset(id: "{ids.encode("Asset", 1)}"'
    key = 'asset(source: "coingecko", externalId: "coin-3"'
    data = await past.ask(
        f"query ($then: DateTime, $soon: DateTime) {{ then: {one}, asOf: $then) {{ {fields} }}"
        f"now: {one}) {{ {fields} }} early: {key}, asOf: $then) {{ id }} soon: {key}, asOf: $soon) {{ priceUsd }} }}",
        then=START.isoformat(),
        soon=(START + 2 * HOUR).isoformat(),
    )
    last_updated = START.isoformat().replace("+00:00", "Z")
    assert data["then"] | {"lastUpdated": None} == {
        "priceUsd": 1.0, "rank": 2, "athUsd": None, "lastUpdated": None, "history": {"totalCount": 1},
    }  # fmt: skip
    assert data["then"]["lastUpdated"].replace("+00:00", "Z") == last_updated
    assert (data["now"]["priceUsd"], data["now"]["athUsd"], data["now"]["history"]["totalCount"]) == (9.0, 10.0, 2)
    assert (data["early"], data["soon"]) == (None, {"priceUsd": 3.0})


async def test_a_cursor_fits_its_moment_only(past: Graph) -> None:
    query = """query ($at: DateTime, $after: String) { assets(first: 1, after: $after, asOf: $at) {
        nodes { name } pageInfo { endCursor } totalCount } }"""
    first = (await past.ask(query, at=START.isoformat()))["assets"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await past.ask(query, at=START.isoformat(), after=cursor))["assets"]
    assert (first["totalCount"], second["nodes"]) == (2, [{"name": "Coin 2"}])
    assert await past.codes(query, at=(START + HOUR).isoformat(), after=cursor) == ["INVALID_CURSOR"]


@pytest.mark.parametrize("asked", ["orderBy: [{field: PERCENT_CHANGE_24H}]", "filter: {percentChange24h: {gt: 1}}"])
async def test_what_has_no_history_is_refused(past: Graph, asked: str) -> None:
    query = f"query ($at: DateTime) {{ assets(asOf: $at, {asked}) {{ nodes {{ id }} totalCount }} }}"
    _, errors = await past.answer(query, at=START.isoformat())
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
    assert all("has no history" in error["message"] for error in errors)


async def test_a_moment_whose_history_is_forgotten_is_refused(past: Graph) -> None:
    await write(past.database, tables.sources, [{"source": "csv", "history_since": START + HOUR}])
    query = "query ($at: DateTime) { assets(asOf: $at) { nodes { id } } }"
    assert await past.codes(query, at=START.isoformat()) == ["HISTORY_FORGOTTEN"]
    assert len((await past.ask(query, at=(START + HOUR).isoformat()))["assets"]["nodes"]) == 2


async def test_from_a_figure_to_payload_batch_and_run(graph: Graph) -> None:
    """Two batches of one run: each figure leads to the one that wrote it."""
    late = START + timedelta(seconds=1)
    await write_assets(graph.database, asset(1, price_usd=2.0, record_id="record-2", updated_at=late))
    first = raw(1, '{"price": 1}')
    second = raw(2, '{"price": 2}', external_id="coin-1", ingested_at=late)
    await write(graph.database, tables.raw_assets, [first, second])
    journal = [batch(1, n, committed_at=START + timedelta(seconds=n - 0.5)) for n in (1, 2, 3)]
    await write(graph.database, tables.batches, journal)
    points = [known(1, 0, 1.0, record_id="record-1"), known(1, 0, 2.0, record_id="record-2", recorded_at=late)]
    await write(graph.database, tables.asset_history, points)
    origin = "raw { payload batch { sequence } run { id } } batch { sequence }"
    data = await graph.ask(
        f"{{ assets {{ nodes {{ {origin} lastRun {{ id }} history {{ nodes {{ {origin} run {{ id }} }} }} }} }} }}"
    )
    [found] = data["assets"]["nodes"]
    expected = [
        {
            "raw": {"payload": {"price": n}, "batch": {"sequence": n}, "run": {"id": ids.encode("Run", 1)}},
            "batch": {"sequence": n},
            "run": {"id": ids.encode("Run", 1)},
        }
        for n in (1, 2)
    ]
    assert found.pop("history")["nodes"] == expected
    assert found == {**{k: expected[1][k] for k in ("raw", "batch")}, "lastRun": expected[1]["run"]}
