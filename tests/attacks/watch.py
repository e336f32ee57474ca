"""Watching /health from a thread of its own, which nothing that blocks the server's loop can hold up."""

import contextlib
import http.client
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass
class Slowest:
    """The slowest answer so far, and how many there were."""

    seconds: float = 0.0
    answers: int = 0


@contextlib.asynccontextmanager
async def watching(host: str) -> AsyncIterator[Slowest]:
    """Ask again and again while the block lasts; `host` is name and port."""
    found = Slowest()
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(host, found, over), daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()


def _watch(host: str, found: Slowest, over: threading.Event) -> None:
    while not over.is_set():
        began = time.monotonic()
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            # The server is gone, and with it the test.
            return
        finally:
            connection.close()
        found.seconds = max(found.seconds, time.monotonic() - began)
        found.answers += 1
        over.wait(0.01)
