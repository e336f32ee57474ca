"""Errors: every one has a code, and none tells about our inside."""

from typing import Any

import pytest
import structlog

from db.engine import Database
from db.errors import SchemaBehind
from tests.graphql_schema.fakes import FakeOperations, Graph


class BrokenOperations(FakeOperations):
    """Operations that fail with what they are given."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def health(self) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ sources { name } " + "# x\n" * 3 + '"', "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ assets(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ assets(filter: {priceUsd: {gt: 1e999}}) { totalCount } }", "BAD_USER_INPUT"),
        ('{ assets(filter: {lastUpdated: {gt: "x"}}) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: Int) { sources { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: ID!) { node(id: $x) { id } }", "BAD_USER_INPUT"),
        ("{ assets(first: 0) { totalCount } }", "BAD_USER_INPUT"),
    ],
)
async def test_each_error_has_its_code(offline: Graph, query: str, code: str) -> None:
    for _ in range(2):  # the second time from the caches
        assert await offline.codes(query) == [code]


async def test_an_unexpected_error_is_hidden_and_logged(offline: Graph) -> None:
    secret = ValueError("SELECT secret FROM /home/someone")
    offline.operations = BrokenOperations(secret)
    with structlog.testing.capture_logs() as logs:
        data, errors = await offline.answer("{ here: health { status } }")
    assert data is None
    assert [(error["message"], error["path"]) for error in errors] == [("internal error", ["here"])]
    assert "secret" not in str(errors)
    extensions = errors[0]["extensions"]
    assert extensions["code"] == "INTERNAL_SERVER_ERROR"
    assert [(log["event"], log["error_id"], log["exc_info"]) for log in logs] == [
        ("graphql.internal_error", extensions["errorId"], secret)
    ]


async def test_a_broken_promise_of_ours_is_hidden(offline: Graph) -> None:
    """A value that does not fit the schema is our mistake, not the caller's."""

    class Odd(FakeOperations):
        def source_states(self) -> list[Any]:
            states: list[Any] = super().source_states()
            return [
                type("State", (), {"name": None, "enabled": {}, "schedule": {}, "next_run_at": None})() for _ in states
            ]

    offline.operations = Odd()
    for field in ("name", "schedule", "enabled"):
        with structlog.testing.capture_logs():
            codes = await offline.codes(f"{{ sources {{ {field} }} }}")
        assert set(codes) == {"INTERNAL_SERVER_ERROR"}


@pytest.mark.parametrize("query", ["{ stats { runCount } }", "{ assets { nodes { id } } }", "{ checkpoints { id } }"])
async def test_without_a_database(query: str) -> None:
    graph = Graph(Database("postgresql://nobody@127.0.0.1:1/none"))
    with structlog.testing.capture_logs():
        data, errors = await graph.answer(query)
    assert data is None
    assert [error["extensions"]["code"] for error in errors] == ["SERVICE_UNAVAILABLE"]
    assert "127.0.0.1" not in str(errors)
    await graph.database.close()


async def test_with_tables_of_an_older_version(offline: Graph) -> None:
    offline.operations = BrokenOperations(SchemaBehind("the tables are older"))
    with structlog.testing.capture_logs():
        assert await offline.codes("{ health { status } }") == ["SERVICE_UNAVAILABLE"]
