"""Answers that are given again as long as the data is the same.

A route says of an answer that it is made of stored data alone (`request.state.of_data_alone`). Such an answer, headers,
compression and all, is kept with the version that the data had before it was read, under everything that the route can
see of the request. Who asks the same gets it again if the version is still that one now, after they asked: then nothing
was committed since, and the route would find the same. See docs/decisions/0015-answers-by-data-version.md.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.head import said

# Of longer requests, and of answers that would fill so much of the room, nothing is kept.
LONGEST_BODY = 16 * 1024
LARGEST_SHARE = 1 / 8
MOST_SEEN = 4096
# So many times that is not looked for which could not be kept.
FRUITLESS = 32
# What an entry takes besides the bytes of its request and its answer.
ENTRY_BYTES = 1500
# All that a route looks at, or a layer around it that this one goes before.
_LOOKED_AT = frozenset({
    b"accept", b"accept-encoding", b"authorization", b"content-encoding", b"content-type", b"host", b"if-none-match",
    b"origin", b"sec-fetch-site",
})  # fmt: skip

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the version of the data it was made of."""

    version: Hashable
    route: Any
    start: Message
    body: Message
    bytes: int


class Warm:
    """Keeps answers of the routes `paths`, of so many bytes in all; what was used longest ago makes room."""

    def __init__(self, app: ASGIApp, paths: frozenset[str], most_bytes: int) -> None:
        self._app = app
        self._paths = paths
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        # By the hash of what was asked: how often to let it pass before it is worth a look at the version.
        self._passing: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] not in {"GET", "POST"}:
            await self._app(scope, receive, send)
            return
        body, read = await _begun(receive)
        if body is None:
            await self._app(scope, _again(read, receive), send)
            return
        key = (scope["method"], scope["path"], scope["query_string"], said(scope, _LOOKED_AT), body)
        kept = self._kept.get(key)
        if kept is None and self._lets_pass(key):
            await self._app(scope, _again(read, receive), send)
            return
        version = await scope["state"]["services"].database.data_version.current()
        if kept is not None and kept.version == version and version is not None:
            self._kept.move_to_end(key)
            scope["route"] = kept.route
            await send(kept.start)
            await send(kept.body)
            return
        overheard = _Overheard(send)
        await self._app(scope, _again(read, receive), overheard.send)
        if scope["state"].get("of_data_alone") and version is not None and overheard.is_whole:
            self._keep(key, version, scope.get("route"), overheard)
        else:
            self._passing[hash(key)] = FRUITLESS

    def _lets_pass(self, key: Key) -> bool:
        """What is asked only once is not kept, nor is a look at the version wasted on what was not worth it lately."""
        if len(self._passing) >= MOST_SEEN:
            self._passing.clear()
        left = self._passing.get(hash(key), 1)
        self._passing[hash(key)] = max(left - 1, 0)
        return left > 0

    def _keep(self, key: Key, version: Hashable, route: Any, answer: "_Overheard") -> None:
        size = len(answer.messages[1].get("body", b"")) + len(str(key)) + ENTRY_BYTES
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old.bytes
        if size > self._most_bytes * LARGEST_SHARE:
            return
        self._kept[key] = Kept(version, route, answer.messages[0], answer.messages[1], size)
        self._bytes += size
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.bytes


class _Overheard:
    """An answer on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        if len(self.messages) < 3:
            self.messages.append(message)
        await self._send(message)

    @property
    def is_whole(self) -> bool:
        """Whether it went out, well, in one piece."""
        return (
            len(self.messages) == 2
            and self.messages[0]["status"] in {200, 304}
            and not self.messages[1].get("more_body")
        )


async def _begun(receive: Receive) -> tuple[bytes | None, list[Message]]:
    """The body, None where it is long; and what was read for that."""
    read: list[Message] = []
    body, goes_on = bytearray(), True
    while goes_on:
        message = await receive()
        read.append(message)
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY:
            return None, read
        goes_on = message.get("more_body", False)
    return bytes(body), read


def _again(messages: list[Message], receive: Receive) -> Receive:
    """What gives these first, and then goes on."""

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again
