"""The generated market: what both upstreams know about every coin at any moment.

Deterministic: the same size, seed and moment give the same figures, in any order of asking.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from random import Random
from typing import Final, NamedTuple

from . import generation
from .coins import Coin, Quirk

START: Final = datetime(2025, 6, 1, tzinfo=UTC)
"""Where virtual time begins unless told otherwise: in the past of any clock the tests run on."""

_RANK_EVERY: Final = 600_000
"""Ranks are taken every ten minutes, so they are neither the order of rows nor always fresh."""
_RANK_GAP: Final = 180
"""After so many ranks one number is left out."""
_KEPT: Final = 4


class Quote(NamedTuple):
    """One coin's figures on one upstream; USD, coins, milliseconds since 1970."""

    id: str
    symbol: str
    coin: Coin
    updated: int
    price: float
    market_cap: int | None
    volume: float
    rank: int | None


class Market:
    """`size` coins on CoinGecko, of which about half are on CoinPaprika, with some of its own.

    A share `churn` of the coins comes and goes; with churn 0 exactly `size` coins are always listed.
    """

    def __init__(self, size: int = 5000, seed: int = 1, churn: float = 0.01) -> None:
        self.size = size
        self.seed = seed
        self.churn = churn
        self._snapshots: OrderedDict[int, Snapshot] = OrderedDict()

    @cached_property
    def coins(self) -> tuple[Coin, ...]:
        """Every coin that either upstream ever knew."""
        return generation.coins(self.size, self.seed, self.churn)

    def pairs(self) -> dict[str, str]:
        """The truth about identity: CoinGecko id -> CoinPaprika id of the same coin."""
        return {coin.gecko.id: coin.paprika.id for coin in self.coins if coin.gecko and coin.paprika}

    def at(self, moment: datetime) -> "Snapshot":
        """The market at `moment`; the last few snapshots are kept."""
        key = int(moment.timestamp() * 1000)
        if key not in self._snapshots:
            self._snapshots[key] = Snapshot(self, key)
            if len(self._snapshots) > _KEPT:
                self._snapshots.popitem(last=False)
        return self._snapshots[key]


class Snapshot:
    """The market at one moment (milliseconds since 1970); each list is made when first asked for."""

    def __init__(self, market: Market, moment: int) -> None:
        self.market = market
        self.moment = moment

    @cached_property
    def coingecko(self) -> list[Quote]:
        """CoinGecko's rows, strictly by market cap descending, coins without one at the end."""
        listed = [coin for coin in self.market.coins if coin.gecko and coin.listed(self.moment)]
        ranks = self._ranks([coin for coin in listed if _ranked(coin)], lambda coin, price: price * coin.supply)
        quotes = [self._gecko_quote(coin, ranks.get(id(coin))) for coin in listed]
        return sorted(quotes, key=lambda quote: -1 if quote.market_cap is None else quote.market_cap, reverse=True)

    @cached_property
    def coinpaprika(self) -> list[Quote]:
        """CoinPaprika's active coins in the upstream's own order, which is not by rank."""
        listed = [coin for coin in self.market.coins if coin.paprika and coin.active and coin.listed(self.moment)]
        ranks = self._ranks([coin for coin in listed if Quirk.RANK_ZERO not in coin.quirks], _paprika_weight)
        quotes = [self._paprika_quote(coin, ranks.get(id(coin))) for coin in listed]
        tail = quotes[1:]
        Random(f"order {self.market.seed}").shuffle(tail)
        return quotes[:1] + tail

    @cached_property
    def inactive(self) -> list[Coin]:
        """Coins CoinPaprika still names in its list of coins but gives no ticker for."""
        return [coin for coin in self.market.coins if coin.paprika and not (coin.active and coin.listed(self.moment))]

    def warm(self) -> None:
        """Make both lists now."""
        _ = self.coingecko, self.coinpaprika

    def _ranks(self, coins: list[Coin], weight: Callable[[Coin, float], float]) -> dict[int, int]:
        """Rank by object identity: several coins share a number, and hashing a whole coin is slow."""
        taken = (self.moment - self.moment % _RANK_EVERY) / 1000
        weighed = sorted(coins, key=lambda coin: weight(coin, coin.walk.at(taken)), reverse=True)
        return {id(coin): place + 1 + place // _RANK_GAP for place, coin in enumerate(weighed)}

    def _gecko_quote(self, coin: Coin, rank: int | None) -> Quote:
        assert coin.gecko is not None
        updated = self.moment - coin.updates.since(self.moment)
        price = coin.walk.at(updated / 1000)
        cap = None if Quirk.NO_CAP in coin.quirks else round(price * coin.supply) if _ranked(coin) else 0
        volume = _volume(coin, price)
        return Quote(coin.gecko.id, coin.gecko.symbol, coin, updated, price, cap, volume, rank)

    def _paprika_quote(self, coin: Coin, rank: int | None) -> Quote:
        assert coin.paprika is not None
        # CoinPaprika gives every active coin a fresh time, dead or not, in whole seconds.
        updated = self.moment - coin.updates.since(self.moment) % 420_000
        updated -= updated % 1000
        # The two upstreams never agree to the last digit.
        price = coin.walk.at(updated / 1000) * (1 + (coin.number % 41 - 20) / 10_000)
        cap = 0 if unknown_supply(coin) else round(price * coin.supply)
        volume = _volume(coin, price)
        return Quote(coin.paprika.id, coin.paprika.symbol, coin, updated, price, cap, volume, rank)


def unknown_supply(coin: Coin) -> bool:
    """Whether CoinPaprika says 0 for the supply: unknown, or too large for its 64-bit integers."""
    return Quirk.UNKNOWN_SUPPLY in coin.quirks or coin.supply > 9.2e18


def _ranked(coin: Coin) -> bool:
    return not coin.quirks & {Quirk.NO_CAP, Quirk.ZERO_CAP, Quirk.ZERO_CIRCULATING}


def _paprika_weight(coin: Coin, price: float) -> float:
    """Coins of unknown market cap are ranked behind all others, by volume."""
    return _volume(coin, price) / 1e12 if unknown_supply(coin) else price * coin.supply


def _volume(coin: Coin, price: float) -> float:
    return 0.0 if Quirk.NO_VOLUME in coin.quirks else price * coin.supply * coin.turnover
