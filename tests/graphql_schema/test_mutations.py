"""Mutations: what is asked of the process, who may ask, and failures as data."""

import pytest

from db.enums import RunMode
from graphql_schema import ids
from tests.graphql_schema.fakes import Graph

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


@pytest.mark.parametrize(("query", "variables"), [(TRIGGER, {}), (CANCEL, {"id": ids.encode("Run", 7)})])
async def test_a_caller_without_the_token_gets_nothing(graph: Graph, query: str, variables: dict[str, str]) -> None:
    graph.may_mutate = False
    data, errors = await graph.answer(query, **variables)
    assert data is None
    assert [error["extensions"] for error in errors] == [{"code": "UNAUTHENTICATED"}]
    assert graph.operations.asked == []
