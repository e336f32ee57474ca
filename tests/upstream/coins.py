"""What never changes about a generated coin: its names on both upstreams, supplies, quirks and price path."""

import enum
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, sin, sqrt, tau
from typing import Final

_DAY: Final = 86_400.0
_PERIODS: Final = (40 * 60.0, 5 * 3600.0, 1.5 * _DAY, 11 * _DAY, 70 * _DAY)
# Amplitudes grow with the square root of the period, which is what makes a path look like a random walk.
_SWINGS: Final = tuple(sqrt(period / _DAY) for period in _PERIODS)
_RATES: Final = tuple(tau / period for period in _PERIODS)


class Quirk(enum.StrEnum):
    """One way in which real rows differ from tidy ones."""

    DEAD = "dead"  # CoinGecko: high, low and changes null together, last_updated up to months old
    YOUNG = "young"  # no history of 200 days and a year: null (CoinGecko), 0 (CoinPaprika)
    NO_CAP = "no-cap"  # CoinGecko: unranked, market_cap null
    ZERO_CAP = "zero-cap"  # CoinGecko: unranked, market_cap 0
    NO_FDV = "no-fdv"  # CoinGecko: fully_diluted_valuation null
    NO_VOLUME = "no-volume"  # volume 0.0 (CoinGecko), 0 (CoinPaprika)
    NO_TOTAL = "no-total"  # CoinGecko: total_supply null
    NO_MAX = "no-max"  # CoinGecko: max_supply null
    ZERO_CIRCULATING = "zero-circulating"  # CoinGecko: circulating_supply 0.0
    OVER_TOTAL = "over-total"  # circulating above total
    OVER_MAX = "over-max"  # circulating above max
    ROI = "roi"  # CoinGecko: roi is an object; times may be negative
    ABOVE_ATH = "above-ath"  # price above the all-time high (a race inside the upstream)
    ZERO_ATL = "zero-atl"  # CoinGecko: atl 0.0, atl_change_percentage beyond 1e36
    UNKNOWN_SUPPLY = "unknown-supply"  # CoinPaprika: circulating_supply and market_cap 0
    UNKNOWN_TOTAL = "unknown-total"  # CoinPaprika: total_supply 0
    UNKNOWN_MAX = "unknown-max"  # CoinPaprika: max_supply 0
    INT64_MAX = "int64-max"  # CoinPaprika: max_supply 9223372036854775807
    RANK_ZERO = "rank-zero"  # CoinPaprika: rank 0 = unranked
    NO_ATH = "no-ath"  # CoinPaprika: ath_price, ath_date and percent_from_price_ath null together
    NO_FIRST_DATA = "no-first-data"  # CoinPaprika: first_data_at 1970-01-01T00:00:00Z
    WILD = "wild"  # CoinPaprika: absurd beta, percentages and all-time high
    BLANK_TAIL = "blank-tail"  # CoinPaprika: a trailing blank in name and symbol


@dataclass(frozen=True, slots=True)
class Listing:
    """What one upstream calls a coin."""

    id: str
    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A price path in USD that can be asked at any moment without its history.

    A sum of five sines in the logarithm: random access, deterministic, and rough on every time scale.
    """

    price: float
    volatility: float
    pace: float
    phases: tuple[float, float, float, float, float]

    def at(self, moment: float) -> float:
        """The price in USD at `moment` (Unix seconds)."""
        time = moment * self.pace
        (r0, r1, r2, r3, r4), (s0, s1, s2, s3, s4) = _RATES, _SWINGS
        p0, p1, p2, p3, p4 = self.phases
        swing = s0 * sin(r0 * time + p0) + s1 * sin(r1 * time + p1) + s2 * sin(r2 * time + p2)
        swing += s3 * sin(r3 * time + p3) + s4 * sin(r4 * time + p4)
        return self.price * exp(self.volatility * swing)

    def bound(self) -> float:
        """The factor above (and, inverted, below) the middle price that the path never leaves."""
        return exp(self.volatility * sum(_SWINGS))


@dataclass(frozen=True, slots=True)
class Cycle:
    """Something that comes round every `length` milliseconds, `shift` after the Unix epoch."""

    length: int
    shift: int

    def since(self, moment: int) -> int:
        """How long ago, at `moment`, the cycle last began."""
        return (moment - self.shift) % self.length


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin of the generated market; times in milliseconds since 1970, supplies in coins."""

    number: int
    gecko: Listing | None
    paprika: Listing | None
    walk: Walk
    supply: float
    """Coins in circulation; total and maximum are derived from it."""
    turnover: float
    """Daily volume as a share of the market cap."""
    updates: Cycle
    """last_updated is the start of this cycle's current turn, on both upstreams."""
    born: int
    ath_ratio: float
    """All-time high over the highest price the path can reach."""
    away: Cycle | None = None
    """Delisted during the first fifth of each turn; None: always listed."""
    active: bool = True
    """False: only in CoinPaprika's list of coins, without a ticker."""
    platform: str | None = None
    quirks: frozenset[Quirk] = field(default_factory=frozenset)

    @property
    def contract(self) -> str:
        """The token's address on its platform; whoever lists the token lists this one."""
        return "0x" + sha256(f"contract {self.gecko} {self.paprika}".encode()).hexdigest()[:40]

    def listed(self, moment: int) -> bool:
        """Whether upstreams show the coin at `moment`."""
        return self.away is None or self.away.since(moment) * 5 >= self.away.length

    @property
    def total(self) -> float:
        """Total supply; below the circulating one for coins that have that quirk."""
        return self.supply * (0.9 if Quirk.OVER_TOTAL in self.quirks else 1.0 + self.number % 4 / 10)

    @property
    def maximum(self) -> float:
        """Maximum supply; below the circulating one for coins that have that quirk."""
        return self.supply * (0.5 if Quirk.OVER_MAX in self.quirks else 1.0 + self.number % 5 / 5)
