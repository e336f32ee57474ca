"""Documents and bodies meant to do harm: each is answered soon, in GraphQL's own shape, and /health is as well."""

import asyncio
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from db.engine import Database
from tests.app.live import live, talking
from tests.attacks.bodies import DOCUMENTS
from tests.attacks.watch import watching

# Generous, since tests run side by side: without the limits the worst take minutes or the process's memory.
SOON_SECONDS = 5.0
LARGEST_MESSAGE_BYTES = 200_000
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_harm_is_answered_soon(database: Database, name: str) -> None:
    async with live(database) as server, httpx.AsyncClient(timeout=30) as client, watching(server.host) as slowest:
        began = time.monotonic()
        answer = await client.post(server.http, content=DOCUMENTS[name], headers=JSON)
        seconds = time.monotonic() - began
    assert answer.status_code in {200, 400, 413}, answer.text[:300]
    body = answer.json()
    assert "data" in body or body["errors"], body
    assert "INTERNAL_SERVER_ERROR" not in answer.text
    assert seconds < SOON_SECONDS
    assert slowest.seconds < SOON_SECONDS


async def test_all_at_once_leaves_the_server_well(database: Database) -> None:
    async with live(database, graphql_max_concurrent=2) as server, httpx.AsyncClient(timeout=60) as client:
        async with watching(server.host) as slowest:
            answers = await asyncio.gather(
                *(client.post(server.http, content=body, headers=JSON) for body in DOCUMENTS.values())
            )
        assert {answer.status_code for answer in answers} <= {200, 400, 413, 503}
        assert all(answer.headers.get("Retry-After") for answer in answers if answer.status_code == 503)
        assert slowest.answers > 0
        assert slowest.seconds < SOON_SECONDS
        good = await client.post(server.http, json={"query": "{ assets { totalCount } }"})
        assert good.json()["data"] == {"assets": {"totalCount": 0}}


async def test_the_same_over_a_websocket(database: Database) -> None:
    """What is no message of the protocol closes the connection; everything else is answered on it."""
    async with live(database) as server:
        for name, message in _messages():
            async with talking(server.url) as talk:
                await talk.connection.send(message)
                try:
                    heard = await talk.hear()
                except ConnectionClosed:
                    assert talk.connection.close_code == 4400, name
                else:
                    assert heard["type"] in {"next", "error"}, (name, heard)
                    assert "INTERNAL_SERVER_ERROR" not in json.dumps(heard), name


def _messages() -> Iterator[tuple[str, str]]:
    """Those bodies that are text and fit into a message, wrapped in one."""
    for name, body in DOCUMENTS.items():
        text = body.decode(errors="replace")
        if text.startswith("{") and len(body) < LARGEST_MESSAGE_BYTES:
            yield name, f'{{"id": "1", "type": "subscribe", "payload": {text}}}'
