"""Mutations: what is asked of the process, who may ask, and failures as data."""

from dataclasses import replace
from typing import Any

import pytest

from db import tables
from db.enums import RunMode
from graphql_schema import ids
from tests.graphql_schema.fakes import SCHEMA, Graph
from tests.graphql_schema.rows import write

TRIGGER = """
mutation ($source: String, $mode: RunMode, $key: String) {
  triggerEtl(source: $source, mode: $mode, idempotencyKey: $key) {
    started { id status mode } alreadyActive { id } errors { code message path }
  }
}
"""
CANCEL = "mutation ($id: ID!) { cancelRun(id: $id) { run { id status } errors { code message path } } }"


async def test_triggering_one_source(graph: Graph) -> None:
    answer = await graph.ask(TRIGGER, source="csv", mode="FULL", key="k")
    assert graph.operations.asked == [("trigger", "csv", RunMode.FULL, "k")]
    assert answer["triggerEtl"] == {
        "started": [{"id": ids.encode("Run", 7), "status": "QUEUED", "mode": "FULL"}],
        "alreadyActive": [{"id": ids.encode("Run", 8)}],
        "errors": [],
    }


@pytest.mark.parametrize("arguments", ["", "(source: null, mode: null, idempotencyKey: null)"])
async def test_triggering_without_arguments(graph: Graph, arguments: str) -> None:
    await graph.ask(f"mutation {{ triggerEtl{arguments} {{ started {{ id }} }} }}")
    assert graph.operations.asked == [("trigger", None, RunMode.INCREMENTAL, None)]


async def test_an_expected_failure_is_data(graph: Graph) -> None:
    for source in ("", "nope"):
        answer = await graph.ask(TRIGGER, source=source)
        error = {"code": "UNKNOWN_SOURCE", "message": "there is no such source", "path": ["source"]}
        assert answer["triggerEtl"] == {"started": [], "alreadyActive": [], "errors": [error]}


async def test_cancelling(graph: Graph) -> None:
    answer = await graph.ask(CANCEL, id=ids.encode("Run", 7))
    assert answer["cancelRun"] == {"run": {"id": ids.encode("Run", 7), "status": "QUEUED"}, "errors": []}
    assert graph.operations.asked == [("cancel", 7)]


@pytest.mark.parametrize(
    ("run_id", "code"),
    [(ids.encode("Run", 8), "RUN_NOT_ACTIVE"), ("junk", "UNKNOWN_RUN"), (ids.encode("Asset", 7), "UNKNOWN_RUN")],
)
async def test_a_run_that_cannot_be_cancelled(graph: Graph, run_id: str, code: str) -> None:
    answer = await graph.ask(CANCEL, id=run_id)
    assert answer["cancelRun"]["run"] is None
    assert [(error["code"], error["path"]) for error in answer["cancelRun"]["errors"]] == [(code, ["id"])]


REPLAY = """
mutation ($source: String, $ids: [ID!]) {
  replayQuarantine(source: $source, ids: $ids) { started { id mode } alreadyActive { id } errors { code } }
}
"""
PAUSE = "mutation ($s: String!) { pauseSource(source: $s) { source { name } errors { code message path } } }"
RESUME = PAUSE.replace("pause", "resume")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ("replay", None, None)),
        ({"source": "csv", "ids": None}, ("replay", "csv", None)),
        ({"ids": ["a", "b"]}, ("replay", None, ["a", "b"])),
        ({"ids": []}, ("replay", None, [])),
    ],
)
async def test_replaying_the_quarantine(graph: Graph, given: dict[str, Any], asked: tuple[Any, ...]) -> None:
    answer = await graph.ask(REPLAY, **given)
    assert answer["replayQuarantine"]["started"] == [{"id": ids.encode("Run", 7), "mode": "REPLAY"}]
    assert graph.operations.asked == [asked]


@pytest.mark.parametrize(("query", "what"), [(PAUSE, "pause"), (RESUME, "resume")])
async def test_pausing_and_resuming(graph: Graph, query: str, what: str) -> None:
    answer = await graph.ask(query, s="csv")
    assert answer == {f"{what}Source": {"source": {"name": "csv"}, "errors": []}}
    answer = await graph.ask(query, s="nope")
    error = {"code": "UNKNOWN_SOURCE", "message": "there is no such source", "path": ["source"]}
    assert answer == {f"{what}Source": {"source": None, "errors": [error]}}
    assert graph.operations.asked == [(what, "csv"), (what, "nope")]


RESET = 'mutation { resetCheckpoint(source: "csv") { errors { code } } }'
LINK = 'mutation { linkAssets(assetIds: ["a", "b"], reason: "r") { coin { id } errors { code message path } } }'
UNLINK = 'mutation { unlinkAsset(assetId: "a") { coin { id } errors { code message path } } }'
KEEP_APART = "mutation { keepApart(assetIds: []) { errors { code } } }"
UNDO = "mutation { undoLink { coin { id } errors { code message path } } }"
EVERY_MUTATION: dict[str, tuple[str, dict[str, str]]] = {
    "triggerEtl": (TRIGGER, {}),
    "cancelRun": (CANCEL, {"id": ids.encode("Run", 7)}),
    "resetCheckpoint": (RESET, {}),
    "replayQuarantine": (REPLAY, {}),
    "pauseSource": (PAUSE, {"s": "csv"}),
    "resumeSource": (RESUME, {"s": "csv"}),
    "linkAssets": (LINK, {}),
    "unlinkAsset": (UNLINK, {}),
    "keepApart": (KEEP_APART, {}),
    "undoLink": (UNDO, {}),
}


async def test_links_by_hand_go_to_the_process_and_bring_the_coin(graph: Graph) -> None:
    coin = {"id": 77, "source": "csv", "external_id": "a", "slug_base": "a", "slug": "a", "symbol": "A", "name": "A",
            "symbol_folded": "a", "name_folded": "a"}  # fmt: skip
    await write(graph.database, tables.coins, [coin])
    one, other = ids.encode("Asset", 1), ids.encode("Asset", 2)
    found = {"coin": {"id": ids.encode("Coin", 77)}, "errors": []}
    assert await graph.ask(LINK.replace('"a"', f'"{one}"').replace('"b"', f'"{other}"')) == {"linkAssets": found}
    assert await graph.ask(UNLINK.replace('"a"', f'"{one}"')) == {"unlinkAsset": found}
    error = {"code": "NOTHING_TO_UNDO", "message": "all of it is undone", "path": None}
    assert await graph.ask(UNDO) == {"undoLink": {"coin": None, "errors": [error]}}
    assert graph.operations.asked == [("link", [1, 2], "r"), ("unlink", 1, ""), ("undo",)]


@pytest.mark.parametrize(("query", "argument"), [(LINK, "assetIds"), (UNLINK, "assetId")])
async def test_what_is_no_id_of_an_asset_is_refused(graph: Graph, query: str, argument: str) -> None:
    [payload] = (await graph.ask(query)).values()
    assert payload["coin"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("UNKNOWN_ASSET", [argument])]
    assert graph.operations.asked == []


def test_every_mutation_is_tried_without_the_token() -> None:
    mutation = SCHEMA._schema.mutation_type
    assert mutation is not None
    assert mutation.fields.keys() == EVERY_MUTATION.keys()


@pytest.mark.parametrize(("query", "variables"), EVERY_MUTATION.values(), ids=EVERY_MUTATION)
async def test_a_caller_without_the_token_gets_nothing(graph: Graph, query: str, variables: dict[str, str]) -> None:
    graph.caller = replace(graph.caller, may_mutate=False)
    data, errors = await graph.answer(query, **variables)
    assert data is None
    assert [error["extensions"] for error in errors] == [{"code": "UNAUTHENTICATED"}]
    assert graph.operations.asked == []
