"""What is known of an asset that can tell which coin it is."""

from datetime import datetime
from typing import NamedTuple

import msgspec

Contract = tuple[str, str]
# Whose id and name a coin is known by where it has several.
PRIORITY = ("coingecko", "coinpaprika", "csv")


class Key(NamedTuple):
    """An asset as its source knows it: the same whenever and wherever it is stored."""

    source: str
    external_id: str


def seniority(key: Key) -> tuple[int, Key]:
    """What sorts assets by who names their coin."""
    return (PRIORITY.index(key.source) if key.source in PRIORITY else len(PRIORITY), key)


class Likeness(msgspec.Struct, frozen=True, gc=False):
    """One asset's facts. Figures are as the source last reported them, US dollars and coins; None is unknown.

    `contracts` are pairs of platform and address, both in the form of `contracts.normalized`.
    """

    source: str
    external_id: str
    symbol: str
    name: str
    rank: int | None = None
    price_usd: float | None = None
    market_cap_usd: float | None = None
    total_supply: float | None = None
    max_supply: float | None = None
    ath_usd: float | None = None
    ath_at: datetime | None = None
    last_updated: datetime | None = None
    contracts: tuple[Contract, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.source, self.external_id)
