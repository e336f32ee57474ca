"""Where the bodies of good answers come from: the generated market here, recorded files in replay.py."""

from datetime import datetime
from typing import Protocol

from . import coingecko, coinpaprika
from .market import Market
from .selection import MarketsQuery, View


class Content(Protocol):
    """The bodies of every endpoint, as of a moment, seen through a view."""

    def markets(self, query: MarketsQuery, view: View, moment: datetime) -> bytes:
        """CoinGecko's /coins/markets."""
        ...

    def coins_list(self, view: View, moment: datetime, *, platforms: bool) -> bytes:
        """CoinGecko's /coins/list."""
        ...

    def tickers(self, view: View, moment: datetime) -> bytes:
        """CoinPaprika's /tickers."""
        ...

    def ticker(self, id_: str, view: View, moment: datetime) -> bytes | None:
        """CoinPaprika's /tickers/{id}; None where there is no such coin."""
        ...

    def coins(self, view: View, moment: datetime) -> bytes:
        """CoinPaprika's /coins."""
        ...

    def contracts(self, platform: str, view: View, moment: datetime) -> bytes:
        """CoinPaprika's /contracts/{platform}."""
        ...


class Generated:
    """Content out of a generated market."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def markets(self, query: MarketsQuery, view: View, moment: datetime) -> bytes:
        """One page, rows written only for the coins on it."""
        rows = self.market.at(moment).coingecko
        return coingecko.markets(query.page_of(rows if view == View() else view.of(rows)), query.windows)

    def coins_list(self, view: View, moment: datetime, *, platforms: bool) -> bytes:
        """All coins listed at the moment."""
        return coingecko.coins_list(view.of(self.market.at(moment).coingecko), platforms=platforms)

    def tickers(self, view: View, moment: datetime) -> bytes:
        """All active coins."""
        return coinpaprika.tickers(view.of(self.market.at(moment).coinpaprika))

    def ticker(self, id_: str, view: View, moment: datetime) -> bytes | None:
        """One active coin."""
        quotes = view.of(self.market.at(moment).coinpaprika)
        return next((coinpaprika.ticker(quote) for quote in quotes if quote.id == id_), None)

    def coins(self, view: View, moment: datetime) -> bytes:
        """Active coins and those that are no longer."""
        snapshot = self.market.at(moment)
        return coinpaprika.coins(view.of(snapshot.coinpaprika), snapshot.inactive)

    def contracts(self, platform: str, view: View, moment: datetime) -> bytes:
        """The addresses of active coins on a platform."""
        return coinpaprika.contracts(view.of(self.market.at(moment).coinpaprika), platform)
