"""Records shaped as CoinGecko's, made up from their number: about 1 KB and 29 fields each, always the same ones."""

import random
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from etl.sources.coingecko import PER_PAGE

_BEGINNING = datetime(2025, 1, 20, tzinfo=UTC)
_SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "he",
    "ji",
    "ko",
    "lu",
    "mo",
    "ne",
    "pi",
    "ra",
    "so",
    "tu",
    "vi",
    "xo",
    "ze",
)


def record(number: int, version: int = 0) -> bytes:
    """Coin `number` as the upstream tells it; another version has other figures and a later time."""
    draw = random.Random(number * 1009 + version)
    words = random.Random(number)
    name = " ".join("".join(words.choices(_SYLLABLES, k=3)).title() for _ in range(2))
    slug = f"{name.lower().replace(' ', '-')}-{number}"
    price = draw.uniform(0.0001, 1000.0)
    supply = draw.uniform(1e6, 1e10)
    updated = _BEGINNING + timedelta(hours=version, milliseconds=number)
    fields = {
        "id": slug,
        "symbol": slug[:4] + str(number % 97),
        "name": name,
        "image": f"https://coin-images.coingecko.com/coins/images/{number}/large/{slug}.png?1696501400",
        "current_price": price,
        "market_cap": price * supply,
        "market_cap_rank": number + 1,
        "fully_diluted_valuation": price * supply * 1.1,
        "total_volume": draw.uniform(1e3, 1e9),
        "high_24h": price * 1.02,
        "low_24h": price * 0.97,
        "price_change_24h": price * 0.01,
        "price_change_percentage_24h": draw.uniform(-9.0, 9.0),
        "market_cap_change_24h": price * supply * 0.01,
        "market_cap_change_percentage_24h": draw.uniform(-9.0, 9.0),
        "circulating_supply": supply,
        "total_supply": supply * 1.1,
        "max_supply": supply * 2 if number % 3 else None,
        "ath": price * 4,
        "ath_change_percentage": draw.uniform(-99.0, 0.0),
        "ath_date": _text(_BEGINNING - timedelta(days=number % 2000)),
        "atl": price / 9,
        "atl_change_percentage": draw.uniform(0.0, 999.0),
        "atl_date": _text(_BEGINNING - timedelta(days=2000 + number % 900)),
        "roi": None,
        "last_updated": _text(updated),
        "price_change_percentage_1h_in_currency": draw.uniform(-1.0, 1.0),
        "price_change_percentage_24h_in_currency": draw.uniform(-9.0, 9.0),
        "price_change_percentage_7d_in_currency": draw.uniform(-30.0, 30.0),
    }
    return msgspec.json.encode(fields)


class Exchange(httpx.AsyncBaseTransport):
    """An upstream without a network: answers /coins/markets from prepared bytes."""

    def __init__(self, count: int) -> None:
        self.records = [record(number) for number in range(count)]
        self._prepare()

    def move(self, *, one_in: int, version: int) -> None:
        """Give every `one_in`th coin new figures."""
        for number in range(0, len(self.records), one_in):
            self.records[number] = record(number, version)
        self._prepare()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"]) - 1
        body = self._pages[number] if number < len(self._pages) else b"[]"
        return httpx.Response(200, content=body, headers={"Content-Type": "application/json"})

    def _prepare(self) -> None:
        starts = range(0, len(self.records), PER_PAGE)
        self._pages = [b"[" + b",".join(self.records[start : start + PER_PAGE]) + b"]" for start in starts]


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
