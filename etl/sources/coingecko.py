"""CoinGecko: the top coins of GET /coins/markets, 250 to a page, until an empty page.

The page size can be ignored and a page can be short, so only an empty page (or enough coins) ends the list.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Sequence
from datetime import datetime

import msgspec

from db.records import NewAsset
from etl.errors import SourceBroken
from etl.http import Upstream
from etl.sources.json_records import decoder_of, records_by_id, shape_of_json, split_array, split_readable
from etl.types import Page, RawRecord, Shape

PER_PAGE = 250
# At 250 a page this is more coins than CoinGecko has; an upstream that never ends its list is broken.
MAX_PAGES = 400


class Market(msgspec.Struct, frozen=True, gc=False):
    """One row of /coins/markets, as far as it is used. Prices in USD, changes in percent."""

    id: str
    symbol: str
    name: str
    market_cap_rank: int | None = None
    current_price: float | None = None
    market_cap: float | None = None
    total_volume: float | None = None
    price_change_percentage_1h_in_currency: float | None = None
    price_change_percentage_24h: float | None = None
    price_change_percentage_7d_in_currency: float | None = None
    circulating_supply: float | None = None
    total_supply: float | None = None
    max_supply: float | None = None
    ath: float | None = None
    ath_date: datetime | None = None
    last_updated: datetime | None = None


class Listing(msgspec.Struct, frozen=True, gc=False):
    """One row of /coins/list; a coin with a chain of its own has a platform without an address."""

    id: str
    platforms: dict[str, str | None] = {}


_market = decoder_of(Market)
_listings = split_readable(decoder_of(Listing))


class CoinGecko:
    """The `max_coins` largest coins by market capitalization."""

    name = "coingecko"
    restages = False

    def __init__(self, upstream: Upstream, max_coins: int) -> None:
        self._upstream = upstream
        self._max_coins = max_coins

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        missing = self._max_coins - sum(staged)
        previous, full = b"", True
        for number in range(len(staged), MAX_PAGES):
            if missing <= 0:
                return
            page = await self._page(number, missing)
            if page.records == 0 and full:
                # The end, or a hiccup: a list that ends behind a full page is believed the second time only.
                page = await self._page(number, missing)
            if page.records == 0:
                if number == 0:
                    yield page
                return
            if page.body == previous:
                raise SourceBroken(f"page {number + 1} repeats page {number}")
            yield page
            missing -= page.records
            previous, full = page.body, page.records >= PER_PAGE
        raise SourceBroken(f"no end of the list after {MAX_PAGES} pages")

    async def _page(self, number: int, missing: int) -> Page:
        params = {
            "vs_currency": "usd",
            "order": "market_cap_desc",
            "per_page": str(PER_PAGE),
            "page": str(number + 1),
            "sparkline": "false",
            "price_change_percentage": "1h,24h,7d",
        }
        answer = await self._upstream.get("/coins/markets", params, split_array)
        return Page(answer.body, min(len(answer.decoded), missing), answer.fetched_at, answer.origin)

    def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        return records_by_id(pages, self.parse)

    def shape(self, record: RawRecord) -> Shape:
        return shape_of_json(record)

    async def contracts(self, platforms: Collection[str]) -> list[tuple[str, str, str]]:
        """Every coin's addresses on every platform, in one call."""
        answer = await self._upstream.get("/coins/list", {"include_platform": "true"}, _listings)
        return [
            (row.id, platform, address or "") for row in answer.decoded for platform, address in row.platforms.items()
        ]

    def parse(self, record: RawRecord) -> NewAsset:
        row = _market(record.payload)
        return NewAsset(
            external_id=row.id,
            symbol=row.symbol.strip(),
            name=row.name.strip(),
            rank=row.market_cap_rank,
            price_usd=row.current_price,
            market_cap_usd=row.market_cap or None,
            volume_24h_usd=row.total_volume,
            percent_change_1h=row.price_change_percentage_1h_in_currency,
            percent_change_24h=row.price_change_percentage_24h,
            percent_change_7d=row.price_change_percentage_7d_in_currency,
            circulating_supply=row.circulating_supply or None,
            total_supply=row.total_supply,
            max_supply=row.max_supply,
            ath_usd=row.ath,
            ath_at=row.ath_date,
            last_updated=row.last_updated,
        )
