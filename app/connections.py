"""Connections of clients that are slow, or endless, with what they owe: a head, a body, or taking their answer.

uvicorn waits for each of these as long as it takes, so that a few thousand silent connections, or one talkative one,
cost a server its file descriptors or its memory.
"""

import asyncio
import enum
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD_BYTES = 64 * 1024
# So many may be open, beside WebSockets, which have a limit of their own; of more, the one that has made
# the server wait longest makes room.
MOST_CONNECTIONS = 2_000
# What answers nobody takes may hold of memory; then those who have let theirs lie longest lose them.
MOST_UNTAKEN_BYTES = 64 * 1024 * 1024
# File handles for everything else: databases, upstreams, files.
OTHER_HANDLES = 200
# Who takes less of an answer in the time for it does not take it.
LEAST_TAKEN_BYTES = 64 * 1024
SWEEP_SECONDS = 0.5
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Owed(enum.IntEnum):
    """What a client keeps the server waiting for. Numbers, because other members of enumerations are slow to hash."""

    HEAD = enum.auto()
    BODY = enum.auto()
    TAKING = enum.auto()  # its answer
    LEAVING = enum.auto()  # taking the last bytes of a connection that ends


SECONDS = {Owed.HEAD: 10.0, Owed.BODY: 30.0, Owed.TAKING: 30.0, Owed.LEAVING: 5.0}


class Connections:
    """The HTTP connections of one server, and which of them wait for their client, the longest waiting first."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most or MOST_CONNECTIONS
        self._open: set[HttpProtocol] = set()
        self._until: dict[HttpProtocol, float] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def add(self, connection: "HttpProtocol") -> None:
        """One more; where that is one too many, the longest waiting ends, or else the new one."""
        self._open.add(connection)
        self.wait(connection, Owed.HEAD)
        if len(self._open) > self._most:
            longest = next(iter(self._until))
            longest.give_up(_TOO_MANY if longest is connection else _TOO_LATE)

    def discard(self, connection: "HttpProtocol") -> None:
        """It has ended, or is no longer HTTP's."""
        self._open.discard(connection)
        self._until.pop(connection, None)

    def wait(self, connection: "HttpProtocol", owed: Owed) -> None:
        """From now on it waits for its client, and not for ever."""
        if connection not in self._open:
            return
        self._until.pop(connection, None)  # to the end of the queue
        self._until[connection] = connection.loop.time() + SECONDS[owed]
        if self._sweeping is None:
            self._sweeping = connection.loop.call_later(SWEEP_SECONDS, self._sweep)

    def waiting(self) -> int:
        """How many connections owe nothing: their clients have asked, and are being answered."""
        return len(self._open) - len(self._until)

    def go_on(self, connection: "HttpProtocol") -> None:
        """Its client has done its part."""
        self._until.pop(connection, None)

    def _sweep(self) -> None:
        self._sweeping = None
        untaken = {connection: connection.transport.get_write_buffer_size() for connection in self._until}
        excess = sum(untaken.values()) - MOST_UNTAKEN_BYTES
        for connection, until in list(self._until.items()):
            if excess > 0 and untaken[connection]:
                excess -= untaken[connection]
                connection.give_up(_TOO_LATE)
            elif connection.loop.time() > until:
                connection.time_is_up()
        for connection in self._until:
            self._sweeping = connection.loop.call_later(SWEEP_SECONDS, self._sweep)
            break


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to every wait for a client."""

    def __init__(self, all_connections: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._all = all_connections
        self._owed: Owed | None = None
        self._untaken = 0
        self._reads_head = False
        self._reads_body = False
        self._goes_on = False
        self._head_bytes = 0

    # ---- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._owed = Owed.HEAD
        self._all.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._all.discard(self)
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        self._goes_on = False
        super().data_received(data)
        if self._head_bytes > LARGEST_HEAD_BYTES:
            self._end(_TOO_LARGE)
        elif self._goes_on:
            # Most requests come whole: what they owed in between is nobody's concern.
            self._settle()

    # ---- the request

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reads_head = self._goes_on = True

    def on_headers_complete(self) -> None:
        self._reads_head = False
        self._reads_body = self._goes_on = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        self._reads_body = False
        self._goes_on = True
        super().on_message_complete()

    # ---- the answer

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(Owed.TAKING)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._owed is Owed.TAKING:
            self._settle()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._owed is None:
            self._settle()

    # ---- the wait and its end

    def time_is_up(self) -> None:
        """End the connection, unless its client is taking a long answer and goes on with it."""
        untaken = self.transport.get_write_buffer_size()
        if self._owed is Owed.TAKING and self._untaken - untaken >= LEAST_TAKEN_BYTES:
            self._untaken = untaken
            self._all.wait(self, Owed.TAKING)
        else:
            self.give_up(_TOO_LATE)

    def give_up(self, answer: bytes) -> None:
        """End the connection: with this answer, where one can still be given."""
        if self.transport.is_closing() or self._owed is Owed.TAKING:
            self._all.discard(self)
            self.transport.abort()
        else:
            self._end(answer if self._may_answer() else b"")

    def _may_answer(self) -> bool:
        if self._owed is Owed.BODY:
            return not self.cycle.response_started
        return self.cycle is None or self.cycle.response_complete

    def _end(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
        self._wait(Owed.LEAVING)

    def _settle(self) -> None:
        if self.flow.write_paused:
            return
        if self.transport.is_closing():
            self._wait(Owed.LEAVING)
        elif self._reads_head:
            self._wait(Owed.HEAD)
        elif self._reads_body:
            self._wait(Owed.BODY)
        elif self.cycle is None or self.cycle.response_complete:
            self._wait(Owed.HEAD)
        else:
            self._owed = None
            self._all.go_on(self)

    def _wait(self, owed: Owed) -> None:
        self._owed = owed
        if owed is Owed.TAKING:
            self._untaken = self.transport.get_write_buffer_size()
        self._all.wait(self, owed)


def room_for(websockets: int) -> int:
    """How many HTTP connections the process has file handles for, beside so many WebSockets and all else."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + websockets + OTHER_HANDLES
    if allowed < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return max(1, min(MOST_CONNECTIONS, allowed - websockets - OTHER_HANDLES))
