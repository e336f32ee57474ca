"""Serving: one uvicorn server whose lifespan holds everything else."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import cast

import click
import structlog
import uvicorn
from starlette.types import ASGIApp

from app.config import Settings
from app.connections import Connections, HttpProtocol, room_for
from app.main import create_app
from app.services import open_database
from app.web.ws import limits
from app.web.ws.server_protocol import WebSocketProtocol
from db.turns import give_way

_log = structlog.get_logger()
# Of the 8 s that SIGTERM leaves, requests get the first; the rest is for batches to commit.
REQUESTS_GRACE_SECONDS = 1
SWITCH_INTERVAL_SECONDS = 0.0005


async def serve_forever(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. Raises SchemaBehind or DatabaseUnavailable at start."""
    # SQLite works in threads; requests must not wait 5 ms for each turn between them.
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    async with open_database(settings):
        pass  # migrated and known to answer: from here on the lifespan opens it for good
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        click.echo(
            f"Error: cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Stop what listens there, or choose another PORT.",
            err=True,
        )
        return 1
    with configured(create_app(settings), settings) as config:
        server = _Server(config)
        await server.serve(sockets=[listening])
    _log.info("server.stopped")
    return 0 if server.started else 1


@contextmanager
def configured(app: ASGIApp, settings: Settings) -> Iterator[uvicorn.Config]:
    """How the application is served. As long as it is, work in the background gives way to its clients."""
    connections = Connections(room_for(settings.ws_max_connections))
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(HttpProtocol, connections)),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_GRACE_SECONDS,
        ws=WebSocketProtocol,
        ws_max_size=settings.ws_max_message_bytes,
        ws_ping_interval=limits.PING_SECONDS,
        ws_ping_timeout=limits.PING_SECONDS,
        # Messages are small; a compressor for each connection would be the larger part of it.
        ws_per_message_deflate=False,
    )
    with give_way.to(connections.waiting):
        yield config


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound but not listened at yet. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not switch Nagle's algorithm off, which costs 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


class _Server(uvicorn.Server):
    """Says where to look once it listens, and ends with code 0 when it was asked to end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn's own remembers the signal and raises it again at the end, which looks like a crash.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What was made while starting stays.
        gc.freeze()
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  compared, not bound
            _log.info("server.started", host=host, port=port)
            click.echo(_banner(f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"), err=True)


def _banner(base: str) -> str:
    return (
        f"Kasparro is serving. Look here:\n"
        f"  {base}/          the operator's console: sources, runs, assets\n"
        f"  {base}/graphql   the graph, with a playground in the browser\n"
        f"  {base}/data      assets as plain JSON\n"
        f"  {base}/health    is everything all right?"
    )
