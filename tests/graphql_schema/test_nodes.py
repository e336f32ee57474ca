"""Global ids: every object is found again by its own, and nothing else is found."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import tables
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph
from tests.graphql_schema.rows import START, asset, drifted, quarantined, raw, write, write_assets

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


async def test_every_object_is_found_again_by_its_id(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    await write(graph.database, tables.raw_assets, [raw(1, "{}")])
    row = {
        "source": "csv", "window_id": 1, "run_id": 1, "position": 0, "sequence": 0, "complete": True,
        "updated_at": START,
    }  # fmt: skip
    await write(graph.database, tables.checkpoints, [row])
    await write(graph.database, tables.quarantine, [quarantined(5)])
    await write(graph.database, tables.drift_events, [drifted(6)])
    numbered: list[tuple[str, int | str]] = [
        ("Asset", 1),
        ("Run", 1),
        ("RawRecord", 1001),
        ("QuarantinedRecord", 5),
        ("DriftEvent", 6),
    ]
    wanted = [*numbered, ("Checkpoint", "csv"), ("Source", "coingecko")]
    found = [{"__typename": name, "id": ids.encode(name, key)} for name, key in wanted]
    answer = await graph.ask(NODES, ids=[node["id"] for node in found])
    assert answer["nodes"] == found
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on Asset { name } } }"
    one = await graph.ask(query, id=ids.encode("Asset", 1))
    assert one["node"] == {**found[0], "name": "Coin 1"}


_UNKNOWN = [
    "", "junk", "====", "\0", "\ud800", "ä", encoded(""), encoded("Asset"), encoded("Asset:"), encoded("Asset:x"),
    encoded("Asset:-1"), encoded("Asset: 1"), encoded("Asset:01"), encoded("Asset:1.0"), encoded("Asset:٣"),
    encoded("Asset:²"), encoded("Asset:2"), encoded(f"Asset:{2**63}"), encoded("Asset:" + "9" * 5000),
    encoded("asset:1"), encoded("Query:1"), encoded("Checkpoint:csv"), encoded("Checkpoint:\0"),
    encoded("Source:nope"), encoded("Run:1\n"), encoded("Coin:1"), encoded("DriftEvent:1"),
    encoded("Asset:1") + "=", encoded("Asset:1").rstrip("="),
    "A" * 100_000,
]  # fmt: skip


async def test_whatever_is_no_id_is_null(graph: Graph) -> None:
    await write_assets(graph.database, asset(1))
    answer = await graph.ask(NODES, ids=_UNKNOWN)
    assert answer["nodes"] == [None] * len(_UNKNOWN)


async def test_many_nodes_are_read_together(graph: Graph) -> None:
    await write_assets(graph.database, *(asset(n) for n in range(1, 51)))
    wanted = [ids.encode("Asset", n) for n in range(50, 0, -1)]
    assert [node["id"] for node in (await graph.ask(NODES, ids=wanted))["nodes"]] == wanted
    assert await graph.count_statements(NODES, ids=wanted) == 1
    assert await graph.codes(NODES, ids=wanted * 3) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("field", ["run", "asset"])
async def test_a_single_object_wants_an_id_of_its_type(graph: Graph, field: str) -> None:
    for given_id in ("junk", encoded("Source:csv"), encoded("Run:x")):
        assert await graph.codes(f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=given_id) == ["BAD_USER_INPUT"]


@given(st.text(st.characters(codec=None)) | st.binary().map(lambda raw: b64encode(raw).decode()))
def test_decoding_never_fails(text: str) -> None:
    decoded = ids.decode(text)
    assert decoded is None or ids.encode(*decoded) == text
    assert ids.row_id("Asset", text) is None


@given(st.sampled_from(["Asset", "Run"]), st.integers(1, 2**63 - 2))
def test_an_id_comes_back_as_the_number_it_was_made_of(name: str, number: int) -> None:
    assert ids.row_id(name, ids.encode(name, number)) == number
