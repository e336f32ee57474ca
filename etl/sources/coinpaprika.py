"""CoinPaprika: every active coin in one array, GET /tickers. Zero stands for unknown, never null."""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Sequence
from datetime import datetime

import msgspec

from db.records import NewAsset
from etl.http import Upstream
from etl.sources.json_records import decoder_of, records_by_id, shape_of_json, split_array, split_readable
from etl.types import Page, RawRecord, Shape

# What CoinPaprika writes for "no maximum"; beyond what a double holds exactly.
NO_MAXIMUM = 2**63 - 1


class Quote(msgspec.Struct, frozen=True, gc=False):
    """Figures in one currency, as far as they are used. Changes in percent."""

    price: float | None = None
    volume_24h: float | None = None
    market_cap: float | None = None
    percent_change_1h: float | None = None
    percent_change_24h: float | None = None
    percent_change_7d: float | None = None
    ath_price: float | None = None
    ath_date: datetime | None = None


class Quotes(msgspec.Struct, frozen=True, gc=False):
    USD: Quote


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """One element of /tickers, as far as it is used."""

    id: str
    symbol: str
    name: str
    quotes: Quotes
    rank: int | None = None
    circulating_supply: float | None = None
    total_supply: float | None = None
    max_supply: int | float | None = None
    last_updated: datetime | None = None


class Contract(msgspec.Struct, frozen=True, gc=False):
    """One element of /contracts/{platform}."""

    id: str
    address: str


_ticker = decoder_of(Ticker)
_contracts = split_readable(decoder_of(Contract))
_platforms = split_readable(decoder_of(str))


class CoinPaprika:
    """All active coins, as many as the plan shows."""

    name = "coinpaprika"
    restages = False

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        if staged:
            return
        answer = await self._upstream.get("/tickers", {"quotes": "USD"}, split_array)
        yield Page(answer.body, len(answer.decoded), answer.fetched_at, answer.origin)

    def records(self, pages: AsyncIterable[Page]) -> AsyncIterator[list[RawRecord]]:
        return records_by_id(pages, self.parse)

    def shape(self, record: RawRecord) -> Shape:
        return shape_of_json(record)

    async def contracts(self, platforms: Collection[str]) -> list[tuple[str, str, str]]:
        """The addresses on those of the platforms that CoinPaprika has, in a call for each."""
        known = (await self._upstream.get("/contracts", {}, _platforms)).decoded
        found = []
        for platform in sorted(set(platforms).intersection(known)):
            answer = await self._upstream.get(f"/contracts/{platform}", {}, _contracts)
            found += [(row.id, platform, row.address) for row in answer.decoded]
        return found

    def parse(self, record: RawRecord) -> NewAsset:
        row = _ticker(record.payload)
        usd = row.quotes.USD
        return NewAsset(
            external_id=row.id,
            symbol=row.symbol.strip(),
            name=row.name.strip(),
            rank=row.rank or None,
            price_usd=usd.price,
            market_cap_usd=usd.market_cap or None,
            volume_24h_usd=usd.volume_24h,
            percent_change_1h=usd.percent_change_1h,
            percent_change_24h=usd.percent_change_24h,
            percent_change_7d=usd.percent_change_7d,
            circulating_supply=row.circulating_supply or None,
            total_supply=row.total_supply or None,
            max_supply=None if row.max_supply in {0, NO_MAXIMUM, None} else float(row.max_supply or 0),
            ath_usd=usd.ath_price,
            ath_at=usd.ath_date,
            last_updated=row.last_updated,
        )
