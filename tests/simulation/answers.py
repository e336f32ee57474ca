"""How the APIs answer: well, or in one of the ways that upstreams have of going wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Final

import httpx

from tests.simulation.clock import VirtualLoop
from tests.simulation.host import Host
from tests.simulation.market import GECKO, PAPRIKA, Call, Market, body_of, page_of

LONGEST_ANSWER_SECONDS = 1.5
_JSON = {"content-type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Episode:
    """A way one API goes wrong between two moments, for a share of the calls. `amount` is the kind's own."""

    source: str
    kind: str
    begins: float
    ends: float
    share: float
    amount: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that is being answered, and the random numbers to answer it with."""

    market: Market
    request: httpx.Request
    call: Call
    random: Random

    def page(self, *, minutes_ago: float = 0.0, shuffled: bool = False) -> list[bytes]:
        """The rows that were asked for; lists of contracts have none."""
        if not self.request.url.path.endswith(("/coins/markets", "/tickers")):
            return []
        rows = self.market.rows(self.call.source, int(now() // 60 - minutes_ago))
        if shuffled:
            self.random.shuffle(rows)
        return list(page_of(self.call.source, rows, self.call.page))

    def serve(self, rows: Sequence[bytes]) -> httpx.Response:
        return json_of(self.market.serve(self.call.source, rows))


class Network(httpx.AsyncBaseTransport):
    """What lies between one process and both APIs."""

    def __init__(self, host: Host, market: Market, episodes: Sequence[Episode], random: Random) -> None:
        self._host = host
        self._market = market
        self._episodes = episodes
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._host.turn()
        source = GECKO if "/coins/" in request.url.path else PAPRIKA
        call = Call(source, int(request.url.params.get("page", 1)), now())
        self._market.calls.append(call)
        await asyncio.sleep(self._random.random() * LONGEST_ANSWER_SECONDS)
        try:
            return await self._answer(Asked(self._market, request, call, self._random))
        finally:
            call.answered = now()
            await self._host.alive()

    async def _answer(self, asked: Asked) -> httpx.Response:
        hit = [each for each in self._episodes if self._hits(each, asked.call)]
        if not hit:
            return asked.serve(asked.page())
        episode = self._random.choice(hit)
        asked.call.kind = episode.kind
        asked.call.failed = episode.kind in FAILURES
        return await KINDS[episode.kind](asked, episode.amount)

    def _hits(self, episode: Episode, call: Call) -> bool:
        there = episode.source == call.source and episode.begins <= now() < episode.ends
        return there and self._random.random() < episode.share


# ---------------------------------------------------------------- failures: asking again may help


async def status(asked: Asked, amount: float) -> httpx.Response:
    return httpx.Response(int(amount), json={"error": "something went wrong"})


async def limited(asked: Asked, amount: float) -> httpx.Response:
    asked.call.wait = amount
    return httpx.Response(429, json={"error": "too many"}, headers={"retry-after": f"{amount:.0f}"})


async def limited_until(asked: Asked, amount: float) -> httpx.Response:
    asked.call.wait = amount - 1  # the date has no fractions of a second
    until = format_datetime(_true_time() + timedelta(seconds=amount), usegmt=True)
    return httpx.Response(429, json={"error": "too many"}, headers={"retry-after": until})


async def no_connection(asked: Asked, amount: float) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=asked.request)


async def silent(asked: Asked, amount: float) -> httpx.Response:
    await asyncio.sleep(asked.request.extensions["timeout"]["read"])
    raise httpx.ReadTimeout("no answer", request=asked.request)


async def dripping(asked: Asked, amount: float) -> httpx.Response:
    """One byte now and then, so that only the total deadline ends it."""

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(amount)

    return json_of(pieces())


async def broken_off(asked: Asked, amount: float) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield body_of(asked.page())[:20]
        raise httpx.RemoteProtocolError("peer closed connection", request=asked.request)

    return json_of(pieces())


async def cut(asked: Asked, amount: float) -> httpx.Response:
    return json_of(body_of(asked.page())[:-1])


async def html(asked: Asked, amount: float) -> httpx.Response:
    return httpx.Response(200, html="<!doctype html><title>Just a moment</title>")


# ---------------------------------------------------------------- answers that look well


async def refused(asked: Asked, amount: float) -> httpx.Response:
    """Final, and it echoes the key."""
    text = f"invalid API key {asked.request.headers.get('x-cg-demo-api-key', '')}"
    return httpx.Response(401, json={"status": {"error_code": 10002, "error_message": text}})


async def empty(asked: Asked, amount: float) -> httpx.Response:
    return json_of(b"[]")


async def shuffled(asked: Asked, amount: float) -> httpx.Response:
    return asked.serve(asked.page(shuffled=True))


async def stale(asked: Asked, amount: float) -> httpx.Response:
    return asked.serve(asked.page(minutes_ago=amount))


async def few(asked: Asked, amount: float) -> httpx.Response:
    """The first rows of the list are all there is."""
    rows = asked.market.rows(asked.call.source, int(now() // 60))[: int(amount)]
    return asked.serve(page_of(asked.call.source, rows, asked.call.page))


async def doubled(asked: Asked, amount: float) -> httpx.Response:
    page = asked.page()
    return asked.serve([*page, *page[:2]])


async def one_bad(asked: Asked, amount: float) -> httpx.Response:
    """One row can't be read, holds what no database can, or is from next year."""
    page = asked.page()
    if not page:
        return asked.serve(page)
    place = asked.random.randrange(len(page))
    asked.market.serve(asked.call.source, page[:place] + page[place + 1 :])
    return json_of(body_of([*page[:place], asked.random.choice(SPOILERS)(page[place]), *page[place + 1 :]]))


async def all_bad(asked: Asked, amount: float) -> httpx.Response:
    return json_of(body_of([b'{"identifier":1}' for _ in asked.page()]))


SPOILERS: Final[Sequence[Callable[[bytes], bytes]]] = (
    lambda row: row.replace(b'price":', b'price":"a lot","was":'),
    lambda row: row.replace(b'price":', b'price":1e999,"was":'),
    lambda row: row.replace(b'price":', b'price":NaN,"was":'),
    lambda row: row.replace(b'"2026-', b'"2027-'),
    lambda row: row.replace(b'"name":"', b'"name":"\\u0000'),
    lambda row: b"[" * 40 + b"]" * 40,
)

Answer = Callable[[Asked, float], Awaitable[httpx.Response]]
FAILURES: Final[dict[str, Answer]] = {
    answer.__name__: answer
    for answer in (status, limited, limited_until, no_connection, silent, dripping, broken_off, cut, html)
}
KINDS: Final[dict[str, Answer]] = FAILURES | {
    answer.__name__: answer for answer in (refused, empty, shuffled, stale, few, doubled, one_bad, all_bad)
}


def json_of(content: bytes | AsyncIterator[bytes]) -> httpx.Response:
    return httpx.Response(200, content=content, headers=_JSON)


def now() -> float:
    return asyncio.get_running_loop().time()


def _true_time() -> datetime:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.true_time
