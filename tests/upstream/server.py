"""Puts an upstream on a port: HTTP/1.1 on plain asyncio streams, parsed by h11.

No web framework here: a server that has to break off, stall and reset connections needs the connection itself.
"""

import asyncio
import logging
import os
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from . import errors
from .messages import COINGECKO, COINPAPRIKA, Answer, Delivery, Manner, Request
from .upstream import Upstream

_logger = logging.getLogger(__name__)
_READ: Final = 65_536
_LINGER: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""Linger on, for no time: closing then sends a TCP reset."""


@dataclass(slots=True)
class Running:
    """An upstream on a port."""

    upstream: Upstream
    url: str
    _server: asyncio.Server
    _tasks: set[asyncio.Task[None]]

    @property
    def coingecko_url(self) -> str:
        """For COINGECKO_BASE_URL."""
        return self.url + COINGECKO

    @property
    def coinpaprika_url(self) -> str:
        """For COINPAPRIKA_BASE_URL."""
        return self.url + COINPAPRIKA

    async def stop(self) -> None:
        """Stop listening and end all connections, stalled ones too."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()


async def start_upstream(upstream: Upstream, *, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Serve in this event loop; port 0 takes any free one. Answers are made in a thread, one at a time."""
    tasks: set[asyncio.Task[None]] = set()
    turn = asyncio.Lock()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(_Connection(upstream, turn, reader, writer).serve())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, host, port)
    bound = server.sockets[0].getsockname()[1]
    return Running(upstream, f"http://{host}:{bound}", server, tasks)


@asynccontextmanager
async def serve(upstream: Upstream, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve in this event loop for the length of the block; gives the base URL."""
    running = await start_upstream(upstream, host=host, port=port)
    try:
        yield running.url
    finally:
        await running.stop()


@contextmanager
def serve_in_thread(upstream: Upstream, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread with a loop of its own, for callers that block; gives the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="upstream", daemon=True)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(start_upstream(upstream, host=host, port=port), loop).result()
    try:
        yield running.url
    finally:
        asyncio.run_coroutine_threadsafe(_stop_all(running), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop_all(running: Running) -> None:
    await running.stop()
    await asyncio.get_running_loop().shutdown_default_executor()


@dataclass(slots=True)
class _Connection:
    upstream: Upstream
    turn: asyncio.Lock
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.SERVER))

    async def serve(self) -> None:
        """Answer requests until either side is done with the connection."""
        try:
            # A client that goes away in the middle is an everyday thing, not an error of ours.
            with suppress(ConnectionError, h11.ProtocolError):
                while await self._serve_one():
                    self.http.start_next_cycle()
        finally:
            self.writer.close()
            with suppress(ConnectionError):
                await self.writer.wait_closed()

    async def _serve_one(self) -> bool:
        """Answer one request; whether another may follow."""
        request = await self._request()
        if request is None:
            return False
        async with self.turn:
            answer = await asyncio.to_thread(self._answer, request)
        if answer.delivery.delay:
            await asyncio.sleep(answer.delivery.delay)
        await self._deliver(answer)
        return self.http.our_state is h11.DONE and self.http.their_state is h11.DONE

    def _answer(self, request: Request) -> Answer:
        try:
            return self.upstream.answer(request)
        except Exception as problem:  # a mistake in here must not look like a fault that was asked for
            _logger.exception("the local upstream failed")
            return errors.plain(500, f"the local upstream failed: {problem!r}")

    async def _request(self) -> Request | None:
        head, body = None, b""
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                if self.http.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self.http.receive_data(await self.reader.read(_READ))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, body)
            else:
                return None

    async def _deliver(self, answer: Answer) -> None:
        delivery, data = answer.delivery, answer.body.plain
        match delivery.manner:
            case Manner.WHOLE:
                await self._send_head(answer)
                await self._send(h11.Data(data=data), h11.EndOfMessage())
            case Manner.SLOW:
                await self._send_slowly(answer, delivery)
            case Manner.TRUNCATED:
                await self._send_part(answer, len(data) // 2 if delivery.after is None else delivery.after)
            case Manner.RESET:
                await self._send_part(answer, delivery.after)
                self._reset()
            case Manner.STALL:
                await self._send_part(answer, delivery.after)
                await self.reader.read()  # until the client gives up

    async def _send_head(self, answer: Answer) -> None:
        headers = {**answer.headers, "server": "cloudflare", "content-length": str(len(answer.body.plain))}
        await self._send(h11.Response(status_code=answer.status, headers=list(headers.items())))

    async def _send_part(self, answer: Answer, count: int | None) -> None:
        """The head and the first `count` bytes of the body; nothing at all for None."""
        if count is not None:
            await self._send_head(answer)
            await self._send(h11.Data(data=answer.body.plain[:count]))

    async def _send_slowly(self, answer: Answer, delivery: Delivery) -> None:
        await self._send_head(answer)
        data = answer.body.plain
        for begin in range(0, len(data), delivery.chunk):
            await self._send(h11.Data(data=data[begin : begin + delivery.chunk]))
            await asyncio.sleep(delivery.pause)
        await self._send(h11.EndOfMessage())

    async def _send(self, *events: h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage) -> None:
        for event in events:
            self.writer.write(self.http.send(event) or b"")
        await self.writer.drain()

    def _reset(self) -> None:
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self.writer.transport.abort()


def _request(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode("latin-1"))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head.headers}
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Request(head.method.decode(), unquote(target.path), query, headers, bytes(body))
