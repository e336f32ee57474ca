"""Draws the coins of a market from a seed: the first n coins are the same whatever the market's size."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from math import log
from random import Random
from typing import Final

from .coins import Coin, Cycle, Listing, Quirk, Walk
from .naming import Namer
from .specimens import SPECIMENS, Specimen
from .words import CHAINS, KNOWN, Known

_SECOND: Final = 1000
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 24 * _HOUR
_BIRTHS: Final = (1_325_376_000 * _SECOND, 1_735_689_600 * _SECOND)
"""Coins are born between 2012 and 2025."""

_SHARES: Final = {
    # Shares of rows as seen in real lists; rare ones are also in specimens.py, so that they always occur.
    Quirk.DEAD: 0.015,
    Quirk.YOUNG: 0.25,
    Quirk.NO_CAP: 0.005,
    Quirk.ZERO_CAP: 0.005,
    Quirk.NO_FDV: 0.002,
    Quirk.NO_VOLUME: 0.005,
    Quirk.NO_TOTAL: 0.002,
    Quirk.NO_MAX: 0.24,
    Quirk.ZERO_CIRCULATING: 0.001,
    Quirk.OVER_TOTAL: 0.023,
    Quirk.OVER_MAX: 0.003,
    Quirk.ROI: 0.06,
    Quirk.ABOVE_ATH: 0.001,
    Quirk.ZERO_ATL: 0.0005,
    Quirk.UNKNOWN_SUPPLY: 0.5,
    Quirk.UNKNOWN_TOTAL: 0.37,
    Quirk.UNKNOWN_MAX: 0.73,
    Quirk.INT64_MAX: 0.002,
    Quirk.RANK_ZERO: 0.005,
    Quirk.NO_ATH: 0.0003,
    Quirk.NO_FIRST_DATA: 0.01,
    Quirk.WILD: 0.001,
    Quirk.BLANK_TAIL: 0.005,
}
_SHARED: Final = 0.55
"""Share of CoinGecko's coins that CoinPaprika has too."""


@lru_cache(maxsize=8)
def coins(size: int, seed: int, churn: float) -> tuple[Coin, ...]:
    """All coins of a market with `size` coins on CoinGecko; kept, because tests ask for the same ones."""
    mint = _Mint(Random(f"coins {seed}"), churn)
    return tuple(coin for number in range(size) for coin in mint.around(number))


@dataclass(slots=True)
class _Mint:
    random: Random
    churn: float
    namer: Namer = field(init=False)
    specimens: Iterator[Specimen] = field(init=False)

    def __post_init__(self) -> None:
        self.namer = Namer(self.random)
        self.specimens = iter(SPECIMENS)

    def around(self, number: int) -> Iterator[Coin]:
        """The coin of this number, and now and then one that only CoinPaprika has."""
        if number < len(KNOWN):
            yield self._known(number, KNOWN[number])
        elif number % 4 == 0 and (specimen := next(self.specimens, None)):
            yield self._specimen(number, specimen)
        else:
            yield self._invented(number)
        if number % 5 == 4:
            yield self._drawn(number, None, self.namer.paprika_only())
        if number % 3 == 2:
            yield self._drawn(number, None, self.namer.paprika_only(), active=False)

    def _known(self, number: int, known: Known) -> Coin:
        gecko = self.namer.keep(Listing(known.gecko_id, known.symbol, known.name))
        paprika = self.namer.keep_paprika(Listing(known.paprika_id, known.symbol.upper(), known.name))
        volatility = 0.0005 if known.price == 1.0 else 0.012
        walk = self._walk(known.price, volatility)
        return self._coin(number, gecko, paprika, walk, known.supply, frozenset())

    def _specimen(self, number: int, specimen: Specimen) -> Coin:
        price, supply = self._figures(number)
        walk = self._walk(specimen.price or price, 0.02)
        gecko = self.namer.keep(specimen.gecko)
        paprika = specimen.paprika and self.namer.keep_paprika(specimen.paprika)
        return self._coin(number, gecko, paprika, walk, specimen.supply or supply, specimen.quirks)

    def _invented(self, number: int) -> Coin:
        gecko = self.namer.gecko()
        paprika = self.namer.paprika(gecko) if self.random.random() < _SHARED else None
        return self._drawn(number, gecko, paprika)

    def _drawn(self, number: int, gecko: Listing | None, paprika: Listing | None, *, active: bool = True) -> Coin:
        price, supply = self._figures(number)
        walk = self._walk(price, self.random.choice((0.0005, 0.03, 0.05, 0.05, 0.08, 0.15)))
        away = self._absences() if self.random.random() < self.churn else None
        quirks = frozenset(quirk for quirk, share in _SHARES.items() if self.random.random() < share)
        return self._coin(number, gecko, paprika, walk, supply, quirks, away=away, active=active)

    def _coin(
        self,
        number: int,
        gecko: Listing | None,
        paprika: Listing | None,
        walk: Walk,
        supply: float,
        quirks: frozenset[Quirk],
        *,
        away: Cycle | None = None,
        active: bool = True,
    ) -> Coin:
        return Coin(
            number=number,
            gecko=gecko,
            paprika=paprika,
            walk=walk,
            supply=supply,
            turnover=self.random.lognormvariate(-3.5, 1.5),
            updates=self._updates(dead=Quirk.DEAD in quirks),
            born=self.random.randint(*_BIRTHS),
            ath_ratio=self.random.uniform(1.0, 6.0),
            away=away,
            active=active,
            platform=self.random.choice((None, *CHAINS)),
            quirks=quirks,
        )

    def _figures(self, number: int) -> tuple[float, float]:
        """Price in USD and supply such that market caps fall with the number, as in a real ranking."""
        cap = 2e12 * (number + 1) ** -1.6 * self.random.lognormvariate(0, 0.3)
        supply = float(f"{10 ** self.random.triangular(4, 13, 9):.{self.random.choice((1, 2, 15))}g}")
        return cap / supply, supply

    def _walk(self, price: float, volatility: float) -> Walk:
        random = self.random.random
        phases = (6.3 * random(), 6.3 * random(), 6.3 * random(), 6.3 * random(), 6.3 * random())
        return Walk(price, volatility, 0.7 + 0.6 * random(), phases)

    def _updates(self, *, dead: bool) -> Cycle:
        length = self.random.randint(60, 120) * _DAY if dead else self.random.randint(60, 420) * _SECOND
        return Cycle(length, self.random.randrange(length))

    def _absences(self) -> Cycle:
        length = int(2.718281828 ** self.random.uniform(log(_HOUR), log(10 * _DAY)))
        return Cycle(length, self.random.randrange(length))


def stems(count: int, seed: int) -> tuple[str, ...]:
    """`count` invented coin names, for files that need names but no market."""
    namer = Namer(Random(f"stems {seed}"))
    namer.keep(Listing("bitcoin", "btc", "Bitcoin"))
    return tuple(listing.name for listing in islice(iter(namer.gecko, None), count))
