"""`python -m bench.inside`: where the time of an answer goes, layer by layer; a Markdown table.

Each layer gives the same answers by itself, 16 at a time: a line less the one above it is what that layer adds. In
microseconds of CPU an answer, of this process or, for `server`, of one that is asked over HTTP; PostgreSQL's own work
is not in it. `kept` answers come from the cache.
"""

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from starlette.types import ASGIApp, Message

from app import log
from app.command import fast_loop, look_for_garbage_seldom
from app.config import Settings
from app.main import create_app
from bench.asking import CONNECTIONS, ask
from bench.databases import database
from bench.market import fill
from bench.service import serving
from bench.serving import QUERIES
from db.direct import Rows
from db.engine import Database
from db.prepared import Prepared
from tests.graphql_schema.fakes import Graph

ANSWERS, ROUNDS = 1000, 5
LAYERS = ("statements", "plan", "application", "server", "application, kept", "server, kept")
Work = Callable[[], Awaitable[object]]
_HEAD = [
    (b"host", b"127.0.0.1:8000"),
    (b"content-type", b"application/json"),
    (b"accept", b"*/*"),
    (b"user-agent", b"bench"),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.inside", description=__doc__)
    parser.add_argument("--rows", type=int, default=5000, help="assets (default 5,000)")
    options = parser.parse_args()
    log.configure("ERROR", "console", sys.stderr)
    look_for_garbage_seldom()
    for kind in ("sqlite", "postgresql"):
        with database(kind) as url, tempfile.TemporaryDirectory() as folder:
            with asyncio.Runner(loop_factory=fast_loop()) as runner:
                found = runner.run(_inside(url, options.rows))
            for layer, more in (("server", {"ANSWER_CACHE_BYTES": "0"}), ("server, kept", {})):
                found[layer] = _over_http(url, Path(folder), more)
            print(_table(kind, options.rows, found), flush=True)


async def _inside(url: str, rows: int) -> dict[str, dict[str, float]]:
    """Microseconds of each layer but the server, by layer and by what is asked."""
    opened = Database(url)
    await fill(opened, rows)
    graph = Graph(opened)
    found: dict[str, dict[str, float]] = {"statements": {}, "plan": {}}
    for what, bodies in QUERIES.items():
        asked = [(body["query"], None, body.get("variables", {}), opened) for body in bodies]
        # A document has a plan once it is known.
        await graph.answer(asked[0][0], **asked[0][2])
        found["plan"][what] = await _cpu([partial(graph.schema.answers.answer, *each) for each in asked])
        found["statements"][what] = await _cpu(await _statements(opened, asked))
    await opened.close()
    for layer, kept in (("application", 0), ("application, kept", Settings().answer_cache_bytes)):
        found[layer] = await _application(url, kept)
    return found


async def _statements(opened: Database, asked: Sequence[Any]) -> list[Work]:
    """Carrying out what each answer asks of the database, and nothing else."""
    usual, each = opened.direct.fetch, list[Work]()

    async def noted(statement: Prepared, values: Mapping[str, Any]) -> Rows:
        sent.append(partial(usual, statement, dict(values)))
        return await usual(statement, values)

    for question in asked:
        sent: list[Work] = []
        with mock.patch.object(opened.direct, "fetch", noted):
            await Graph(opened).schema.answers.answer(*question)
        each.append(partial(_one_after_the_other, sent))
    return each


async def _one_after_the_other(works: Iterable[Work]) -> None:
    for work in works:
        await work()


async def _application(url: str, kept_bytes: int) -> dict[str, float]:
    app = create_app(
        Settings(
            database_url=url,
            etl_sources=("csv",),
            etl_schedule_csv="off",
            etl_run_on_startup=False,
            answer_cache_bytes=kept_bytes,
        )
    )
    found = {}
    async with app.router.lifespan_context(app) as state:
        for what, bodies in QUERIES.items():
            asked = [json.dumps(body).encode() for body in bodies]
            found[what] = await _cpu([partial(_post, app, dict(state or {}), body) for body in asked])
    return found


async def _post(app: ASGIApp, state: dict[str, Any], body: bytes) -> None:
    """One request as a server hands it on. Raises RuntimeError where it is not answered well."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "", "state": state.copy(),
        "headers": [*_HEAD, (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"answered with {message['status']}")

    await app(scope, receive, send)


async def _cpu(works: Sequence[Work]) -> float:
    """Microseconds of CPU of one of the works, done in turn by as many as a server has clients: the least of rounds."""
    taken = []
    for _ in range(ROUNDS):
        turns = itertools.islice(itertools.cycle(works), ANSWERS)
        began = time.process_time()
        await asyncio.gather(*(_one_after_the_other(turns) for _ in range(CONNECTIONS)))
        taken.append((time.process_time() - began) / ANSWERS * 1e6)
    return min(taken)


def _over_http(url: str, folder: Path, more: Mapping[str, str]) -> dict[str, float]:
    """The same of a server's process."""
    settings = {"DATABASE_URL": url, "ETL_RUN_ON_STARTUP": "false", "ETL_SOURCES": "csv", "ETL_SCHEDULE_CSV": "off"}
    with serving(folder, **settings, **more) as service:
        return {
            what: ask(
                f"{service.url}/graphql", [json.dumps(body).encode() for body in bodies], service.process, 2.0
            ).cpu_us
            for what, bodies in QUERIES.items()
        }


def _table(kind: str, rows: int, found: Mapping[str, Mapping[str, float]]) -> str:
    head = [f"{kind}, {rows:,} assets, us an answer", *QUERIES]
    lines = [[layer, *(f"{found[layer][what]:.0f}" for what in QUERIES)] for layer in LAYERS]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]) + "\n"


if __name__ == "__main__":
    main()
