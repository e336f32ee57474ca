"""The simulated market: what is true in which minute, what was asked of its two APIs, and what they served.

Everything served in a whole answer is remembered, since the database may hold nothing else. So is when each call
came and what it was told: the policy towards an upstream is judged from the upstream's side.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from tests.simulation.clock import BEGAN

GECKO, PAPRIKA = "coingecko", "coinpaprika"
PAGE_ROWS = 4
RANKED_MINUTES = 5
"""How long a ranking stands; a coin's `last_updated` knows nothing of it."""


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin whose price changes every `period` minutes, listed in some minutes only."""

    id: str
    source: str
    period: int
    listed: range

    def row(self, minute: int, rank: int) -> bytes:
        """What its API says of it in a minute."""
        changed = minute - minute % self.period
        price = 1.0 + scattered(self.id, changed) % 100_000 / 7
        updated = BEGAN + timedelta(minutes=changed)
        common = {"id": self.id, "symbol": self.id[:3], "name": self.id.title()}
        if self.source == GECKO:
            figures = {"market_cap_rank": rank, "current_price": price, "last_updated": f"{updated:%FT%T}.000Z"}
        else:
            figures = {"rank": rank, "last_updated": f"{updated:%FT%T}Z", "quotes": {"USD": {"price": price}}}
        return json.dumps(common | figures, separators=(",", ":")).encode()


@dataclass(slots=True)
class Call:
    """One call as the upstream saw it: when it came and was answered, and what the answer asked for.

    `failed` counts against the upstream; `wait` are the seconds it wants to be left alone, 0 for none.
    """

    source: str
    page: int
    came: float
    answered: float = 0.0
    kind: str = "good"
    failed: bool = False
    wait: float = 0.0


@dataclass(slots=True)
class Market:
    """All coins, and what was asked and served so far. Nothing changes from the minute `standstill` on."""

    coins: Sequence[Coin]
    standstill: int
    calls: list[Call] = field(default_factory=list)
    served: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def rows(self, source: str, minute: int) -> list[bytes]:
        """A source's whole list in a minute, by rank."""
        minute = min(minute, self.standstill)
        listed = [coin for coin in self.coins if coin.source == source and minute in coin.listed]
        listed.sort(key=lambda coin: scattered(coin.id, minute // RANKED_MINUTES))
        return [coin.row(minute, rank) for rank, coin in enumerate(listed, 1)]

    def serve(self, source: str, rows: Sequence[bytes]) -> bytes:
        """The body of an answer with these rows, which are now known to the world."""
        for row in rows:
            self.served[source, id_of(row)].add(row)
        return body_of(rows)


def body_of(rows: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"


def id_of(row: bytes) -> str:
    return str(json.loads(row)["id"])


def page_of(source: str, rows: Sequence[bytes], page: int) -> Sequence[bytes]:
    """CoinGecko answers page by page, CoinPaprika in one piece."""
    return rows if source == PAPRIKA else rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]


def scattered(*parts: object) -> int:
    """A number that looks random and is the same every time."""
    return Random(repr(parts)).getrandbits(40)
