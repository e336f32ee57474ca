"""The routes against their OpenAPI document: whatever is asked, the answer is one that is written down there.

A real server answers over HTTP. The cases are generated from the document, the same every time: such as it allows, and
such as it does not.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from app.main import create_app
from app.web.openapi import document
from db.engine import Database
from tests.app.serving import services_of, settings_of
from tests.graphql_schema import rows

# Only /data takes anything that could be wrong.
EXAMPLES = {
    GenerationMode.POSITIVE: {**dict.fromkeys(document()["paths"], 3), "/data": 60},
    GenerationMode.NEGATIVE: {"/data": 60},
}
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture
async def url(database: Database, database_url: str) -> AsyncIterator[str]:
    """Where a server over a database with a few assets listens."""
    await rows.write_assets(database, *(rows.asset(n, rank=n % 3 or None) for n in range(1, 30)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread, server = _start(database_url, listening)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_written_down(url: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    statuses: set[int] = set()
    for route, examples in EXAMPLES[mode].items():

        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=schema[route]["GET"].as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            statuses.add(case.call_and_validate(checks=CHECKS).status_code)

        check()
    assert {GenerationMode.POSITIVE: 200, GenerationMode.NEGATIVE: 422}[mode] in statuses


def _start(database_url: str, listening: socket.socket) -> tuple[threading.Thread, uvicorn.Server]:
    """A server in a thread with a loop and a database of its own."""
    started = threading.Event()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        database = Database(database_url)
        app = create_app(settings_of(database), services_of(database))
        servers.append(uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on")))
        started.set()
        await servers[0].serve([listening])
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(timeout=10)
    return thread, servers[0]
