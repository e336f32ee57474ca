"""HTTP load from a process of its own: so many connections, each asking again as soon as it is answered.

`python -m bench.load URL SECONDS CONNECTIONS` takes request bodies from standard input, one JSON document a line (none:
GET), asks them in turn, and prints a JSON object: requests, seconds, p50_ms, p99_ms, failures, bytes.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = b"content-length: "
_IN_CHUNKS = -1


class Asker(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: "cycle[bytes]", until: float) -> None:
        self.took: list[float] = []
        self.failures = 0
        self.bytes = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._until = until
        self._buffer = b""
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole and (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            place = self._buffer.lower().find(_LENGTH, 0, head)
            until = self._buffer.find(b"\r", place)
            self._whole = head + 4 + int(self._buffer[place + len(_LENGTH) : until]) if place >= 0 else _IN_CHUNKS
        if not self._is_whole():
            return
        now = time.perf_counter()
        self.took.append(now - self._began)
        self.bytes = len(self._buffer)
        self.failures += not self._buffer.startswith(b"HTTP/1.1 200") or b'"errors"' in self._buffer[:400]
        self._buffer, self._whole = b"", 0
        if now < self._until:
            self._ask()
        else:
            self._transport.close()
            self.done.set_result(None)

    def _is_whole(self) -> bool:
        if self._whole == _IN_CHUNKS:
            return self._buffer.endswith(b"\r\n0\r\n\r\n")
        return 0 < self._whole <= len(self._buffer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


def request(url: str, body: bytes) -> bytes:
    """The request as bytes; GET where there is no body."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = f"{'POST' if body else 'GET'} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: application/json\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def load(url: str, seconds: float, connections: int, bodies: list[bytes]) -> dict[str, float]:
    requests = cycle([request(url, body) for body in bodies or [b""]])
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    askers = []
    for _ in range(connections):
        _, asker = await loop.create_connection(
            lambda: Asker(requests, began + seconds), urlsplit(url).hostname or "", urlsplit(url).port or 80
        )
        askers.append(asker)
    await asyncio.gather(*(asker.done for asker in askers))
    took = sorted(each for asker in askers for each in asker.took)
    return {
        "requests": len(took),
        "seconds": time.perf_counter() - began,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "failures": sum(asker.failures for asker in askers),
        "bytes": askers[0].bytes,
    }


if __name__ == "__main__":
    url, seconds, connections = sys.argv[1:]
    bodies = [line.encode() for line in sys.stdin.read().splitlines()]
    print(json.dumps(uvloop.run(load(url, float(seconds), int(connections), bodies))))
