"""What goes over the wire: a request, and an answer with the way it is delivered."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import md5
from typing import Final

COINGECKO: Final = "/api/v3"
COINPAPRIKA: Final = "/v1"


@dataclass(frozen=True)
class Request:
    """A request as received: query values decoded, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_coingecko(self) -> bool:
        """Whether it is meant for CoinGecko; everything else is CoinPaprika's style."""
        return self.path.startswith(COINGECKO)

    @property
    def page(self) -> int:
        """The page asked for; nonsense counts as the first one."""
        text = self.query.get("page", "1")
        return max(1, int(text)) if text.isascii() and text.isdigit() else 1


@dataclass(frozen=True)
class Body:
    """Bytes of an answer, with what is worth computing only once for them."""

    plain: bytes

    @cached_property
    def gzipped(self) -> bytes:
        """The same bytes each time, so without the time in gzip's header."""
        return gzip.compress(self.plain, 5, mtime=0)

    @cached_property
    def etag(self) -> str:
        """A weak ETag, as Rails makes them."""
        return f'W/"{md5(self.plain).hexdigest()}"'


class Manner(StrEnum):
    """How an answer is sent."""

    WHOLE = "whole"
    TRUNCATED = "truncated"  # fewer bytes than Content-Length says, then the connection ends
    RESET = "reset"  # TCP reset
    STALL = "stall"  # nothing more comes, and the connection stays open
    SLOW = "slow"  # a few bytes at a time


@dataclass(frozen=True)
class Delivery:
    """How an answer is sent; the defaults send it at once and whole."""

    manner: Manner = Manner.WHOLE
    after: int | None = None
    """Body bytes sent before it goes wrong; None: not even a status line."""
    delay: float = 0.0
    """Seconds before the first byte."""
    chunk: int = 1
    """Slow: bytes at a time."""
    pause: float = 0.05
    """Slow: seconds between two of them."""


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body."""

    status: int
    body: Body
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery()


def json_answer(status: int, body: bytes, **headers: str) -> Answer:
    """An answer of JSON; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, Body(body), {"content-type": "application/json; charset=utf-8", **named})
