"""A proxy as it stands before many services: it serves one of them under a path, which it takes off before it asks.

`python -m tests.pages.proxy PORT PREFIX SERVICE`, until it is killed.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.system.processes import ROOT, answers, environment, free_port, wait_until


@contextmanager
def behind_prefix(prefix: str, service: str) -> Iterator[str]:
    """The URL of the service behind the proxy, without a slash at its end."""
    port = free_port()
    command = [sys.executable, "-m", "tests.pages.proxy", str(port), prefix, service]
    process = subprocess.Popen(command, cwd=ROOT, env=environment())
    url = f"http://127.0.0.1:{port}{prefix}"
    try:
        wait_until(lambda: answers(url))
        yield url
    finally:
        process.kill()
        process.wait()


async def _serve(port: int, prefix: str, service: str) -> None:
    proxy = _Proxy(prefix, service)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    await server.serve_forever()


class _Proxy:
    """One request for each connection, so that only its head needs reading; WebSockets pass like the rest."""

    def __init__(self, prefix: str, service: str) -> None:
        self._prefix = f" {prefix}/".encode()
        where = urlsplit(service)
        self._host, self._port = where.hostname, where.port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if self._prefix in head.partition(b"\r\n")[0]:
                await self._pass_on(self._changed(head), reader, writer)
            else:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    def _changed(self, head: bytes) -> bytes:
        head = head.replace(self._prefix, b" /", 1)
        return head if b"upgrade: websocket" in head.lower() else head.replace(b"keep-alive", b"close")

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection(self._host, self._port)
        there.write(head)
        sending = asyncio.create_task(_copy(reader, there))
        await _copy(back, writer)
        sending.cancel()
        there.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
