"""What a request costs, counted in things that are the same on every machine: statements, and calls of functions.

Whoever makes one of these dearer sees it here; whoever makes it cheaper lowers the budget.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import pytest
from starlette.types import ASGIApp, Message

from app.main import create_app
from db import tables
from db.engine import Database
from graphql_schema import ids
from tests.app.serving import only_sqlite, services_of, settings_of
from tests.graphql_schema.rows import asset, point, write, write_assets

FIELDS = "id symbol name source rank priceUsd marketCapUsd volume24hUsd percentChange24h circulatingSupply"
LIST = {"query": f"{{ assets(first: 50, orderBy: [{{field: RANK}}]) {{ nodes {{ {FIELDS} }} }} }}"}
SINGLE = {
    "query": f"query ($id: ID!) {{ asset(id: $id) {{ {FIELDS} }} }}",
    "variables": {"id": ids.encode("Asset", 7)},
}
NESTED = {
    "query": "{ assets(first: 10, orderBy: [{field: RANK}]) { nodes { id symbol name priceUsd "
    "history(first: 5) { nodes { at priceUsd marketCapUsd volume24hUsd rank } } } } }"
}


class Budget(NamedTuple):
    """A question (None: `/data`) and the most it may cost, without the cache of answers."""

    question: dict[str, Any] | None
    statements: int
    calls: int


BUDGETS = {
    "list": Budget(LIST, 1, 130),
    "single": Budget(SINGLE, 1, 140),
    "nested": Budget(NESTED, 2, 250),
    "data": Budget(None, 1, 115),
}
CALLS_OF_A_KEPT_ANSWER = 35
# Newer Pythons call less; far below its budget, a budget means nothing.
LEAST = 0.6


@dataclass
class Costs:
    """What was sent to the database, and how many functions of Python's were called."""

    app: ASGIApp
    state: dict[str, Any]
    statements: list[str] = field(default_factory=list)
    calls: int = 0

    async def ask(self, question: dict[str, Any] | None) -> Sequence[Message]:
        body = b"" if question is None else orjson.dumps(question)
        path = "/data" if question is None else "/graphql"
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json")]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": "GET" if question is None else "POST", "path": path, "raw_path": path.encode(),
            "query_string": b"limit=50" if question is None else b"", "headers": headers,
            "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8000), "state": dict(self.state),
        }  # fmt: skip
        self.statements.clear()
        self.calls = 0
        sys.setprofile(self._note)
        try:
            await self.app(scope, receive, send)
        finally:
            sys.setprofile(None)
        return answer

    def _note(self, _frame: object, event: str, _argument: object) -> None:
        self.calls += event == "call"


@pytest.fixture
async def costs(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Costs]:
    await write_assets(database, *(asset(n, rank=n, price_usd=n / 7) for n in range(1, 61)))
    await write(database, tables.asset_history, [point(n, hour, n / 3) for n in range(1, 61) for hour in range(6)])
    settings = settings_of(database, answer_cache_bytes=request.param, log_level="WARNING")
    app = create_app(settings, services_of(database))
    async with app.router.lifespan_context(app) as state:
        found = Costs(app, dict(state or {}))
        usual = database.direct.fetch

        async def noted(statement: Any, values: Any) -> Any:
            found.statements.append(statement.text)
            return await usual(statement, values)

        database.direct.fetch = noted  # type: ignore[method-assign]
        yield found


cold = pytest.mark.parametrize("costs", [0], indirect=True)
warm = pytest.mark.parametrize("costs", [1_000_000], indirect=True)


@cold
@pytest.mark.parametrize("name", BUDGETS)
async def test_statements(costs: Costs, name: str) -> None:
    budget = BUDGETS[name]
    for _ in range(3):
        status, body = await costs.ask(budget.question)
    assert status["status"] == 200
    assert b'"errors"' not in body["body"]
    assert len(costs.statements) == budget.statements


@cold
@only_sqlite
@pytest.mark.parametrize("name", BUDGETS)
async def test_calls(costs: Costs, name: str) -> None:
    budget = BUDGETS[name]
    calls = []
    for _ in range(6):
        await costs.ask(budget.question)
        calls.append(costs.calls)
    # What goes on beside a request may have its turn during one, but not during each.
    assert LEAST * budget.calls < min(calls) <= budget.calls


@warm
@only_sqlite
@pytest.mark.parametrize("name", ["list", "single", "nested"])
async def test_calls_of_a_kept_answer(costs: Costs, name: str) -> None:
    for _ in range(4):
        await costs.ask(BUDGETS[name].question)
    assert costs.statements == ["PRAGMA data_version"]
    assert LEAST * CALLS_OF_A_KEPT_ANSWER < costs.calls <= CALLS_OF_A_KEPT_ANSWER
