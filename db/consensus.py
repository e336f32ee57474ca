"""A coin's figures from what its sources say."""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

from db.likeness import Key, Likeness

# A source that is further behind the newest one of the coin does not count.
FRESH = timedelta(hours=2)
# From here on the sources contradict each other. Percent of the consensus.
DIVERGENT = 10.0


class Consensus(NamedTuple):
    """Price and market value in US dollars: the medians of the fresh sources. No source is worth more than another.

    `divergence_percent` is the largest distance of a fresh price from the consensus; None for fewer than two prices.
    """

    price_usd: float | None
    divergence_percent: float | None
    market_cap_usd: float | None
    rank: int | None
    fresh: frozenset[Key]

    @property
    def figures(self) -> dict[str, Any]:
        """All but who is fresh, by name."""
        return {name: value for name, value in self._asdict().items() if name != "fresh"}


def consensus(members: Sequence[Likeness]) -> Consensus:
    """What the members of one coin, the most trusted first, say together. Takes no clock: freshness is relative."""
    if len(members) == 1:
        (only,) = members
        return Consensus(only.price_usd, None, only.market_cap_usd, only.rank, frozenset((only.key,)))
    fresh = _fresh(members)
    prices = [asset.price_usd for asset in fresh if asset.price_usd is not None]
    values = [asset.market_cap_usd for asset in fresh if asset.market_cap_usd is not None]
    ranks = [asset.rank for asset in fresh if asset.rank is not None]
    return Consensus(
        _median(prices), _divergence(prices), _median(values), ranks[0] if ranks else None,
        frozenset(asset.key for asset in fresh),
    )  # fmt: skip


def _fresh(members: Sequence[Likeness]) -> list[Likeness]:
    newest = max((asset.last_updated for asset in members if asset.last_updated is not None), default=None)
    if newest is None:
        return list(members)
    return [asset for asset in members if asset.last_updated is not None and newest - asset.last_updated <= FRESH]


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _divergence(prices: Sequence[float]) -> float | None:
    if len(prices) < 2:
        return None
    middle = median(prices)
    # A price can be zero or so small that its distance overflows.
    return min(max(abs(price - middle) for price in prices) / middle * 100, 1e12) if middle > 0 else None
