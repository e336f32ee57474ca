"""Labelled assets of two sources: which of them are one coin is known because they are made here.

Every coin is written down the way each source would: CoinGecko's ids keep an old name and number their duplicates,
CoinPaprika's begin with a symbol, names gain and lose general words. Among them stand the traps that real lists have.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from db.likeness import Key, Likeness

READ_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
_SYLLABLES = ("ba", "cor", "dex", "el", "fi", "gor", "hy", "in", "ju", "ka", "lo", "mar", "nex", "or", "pul", "qua",
              "ri", "sol", "ter", "um", "ver", "wy", "xen", "yo", "zil", "tra", "gen", "dor", "phi", "lum")  # fmt: skip
_GENERAL = ("Token", "Network", "Protocol", "Coin", "Finance")


@dataclass(slots=True)
class Labelled:
    """Assets, the pairs that are one coin, and pairs that look it and are not (with the trap's name)."""

    assets: list[Likeness] = field(default_factory=list)
    same: set[frozenset[Key]] = field(default_factory=set)
    traps: dict[frozenset[Key], str] = field(default_factory=dict)

    def one_coin(self, one: Likeness, other: Likeness) -> None:
        self.assets += (one, other)
        self.same.add(frozenset((one.key, other.key)))

    def trap(self, name: str, one: Likeness, other: Likeness) -> None:
        self.assets += [asset for asset in (one, other) if asset not in self.assets]
        self.traps[frozenset((one.key, other.key))] = name


def labelled(seed: int = 1, coins: int = 400) -> Labelled:
    """The same for the same seed."""
    rng = random.Random(seed)
    found = Labelled()
    for rank, name in enumerate(_names(rng, coins), 1):
        _add_coin(found, rng, rank, name)
    _add_traps(found, rng)
    return found


def _names(rng: random.Random, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rng.choices(_SYLLABLES, k=rng.choice((2, 3, 4)))).capitalize()] = None
    return list(names)


def _add_coin(found: Labelled, rng: random.Random, rank: int, name: str) -> None:
    symbol = (name[:2] + "".join(rng.choices(name[2:], k=rng.choice((1, 2, 2, 3))))).upper()
    figures = _Figures(rng, rank)
    old_name = f"{name} {rng.choice(_GENERAL)}"
    gecko = _gecko(name, symbol, figures.read(rng))
    paprika = _paprika(name, symbol, figures.read(rng))
    match rng.randrange(10):
        case 0:  # renamed: only the id remembers
            gecko = _gecko(name, symbol, figures.read(rng), slug=_slug(old_name))
            paprika = _paprika(old_name, symbol, figures.read(rng))
        case 1:
            paprika = _paprika(old_name, symbol, figures.read(rng))
        case 2:
            gecko = _gecko(f"{name} {rng.choice(('DAO', 'Protocol'))}", symbol.lower(), figures.read(rng))
        case 3:  # another symbol since the listing
            paprika = _paprika(name, symbol, figures.read(rng), now=symbol[:-1] + "X")
        case 4:  # read years apart: no figure of the moment can be compared
            paprika = _paprika(name, symbol, figures.read(rng, years_ago=3))
        case 5:  # nothing but the contract
            contracts = (("ethereum", f"0x{rng.getrandbits(160):040x}"),)
            gecko = _gecko(name, symbol, {**figures.read(rng), "contracts": contracts})
            paprika = _paprika(f"{name[::-1].capitalize()} Old", symbol, {**figures.read(rng), "contracts": contracts})
    if rng.random() < 0.85:
        found.one_coin(gecko, paprika)
    else:
        found.assets.append(rng.choice((gecko, paprika)))


class _Figures:
    """A coin's true figures, and what a source reads of them."""

    def __init__(self, rng: random.Random, rank: int) -> None:
        self.rank = rank
        self.price = 10 ** rng.uniform(-6, 4)
        self.value = 1e12 / rank**1.5
        self.supply = float(rng.choice((21_000_000, 10**9, rng.randrange(10**6, 10**10))))
        self.high = self.price * rng.uniform(1.2, 40)
        self.high_at = READ_AT - timedelta(days=rng.randrange(20, 2500))

    def read(self, rng: random.Random, years_ago: int = 0) -> dict[str, object]:
        moment = READ_AT - timedelta(days=365 * years_ago, minutes=rng.randrange(20))
        past = rng.uniform(0.1, 10) if years_ago else 1.0
        high_known = self.high_at < moment
        return {
            "rank": max(1, round(self.rank * rng.uniform(0.9, 1.1))),
            "price_usd": self.price * past * rng.uniform(0.995, 1.005),
            "market_cap_usd": self.value * past * rng.uniform(0.97, 1.03) if rng.random() < 0.6 else None,
            "max_supply": self.supply if rng.random() < 0.5 else None,
            "ath_usd": self.high * rng.uniform(0.98, 1.02) if high_known else self.high / 7,
            "ath_at": self.high_at if high_known else moment - timedelta(days=100),
            "last_updated": moment,
        }


def _gecko(name: str, symbol: str, figures: dict[str, object], slug: str = "") -> Likeness:
    return Likeness("coingecko", slug or _slug(name), symbol.lower(), name, **figures)  # type: ignore[arg-type]


def _paprika(name: str, symbol: str, figures: dict[str, object], now: str = "") -> Likeness:
    external_id = f"{symbol.lower()}-{_slug(name)}"
    return Likeness("coinpaprika", external_id, now or symbol, name, **figures)  # type: ignore[arg-type]


def _slug(name: str) -> str:
    return "-".join(name.lower().split())


# Symbol, the real coin, and another thing with its symbol: shapes that are seen in real lists.
_SAME_SYMBOL = (("XRD", "Radiant", "Raven Black"), ("IMX", "Unchangeable X", "Impermanent"),
                ("TIMX", "Wonderful", "Chronos Tech"), ("ANC", "Anchorage Protocol", "Anonymous Coin"),
                ("CRTS", "Kratos", "Tips for Crypto"))  # fmt: skip
_STOCKS = (
    ("DAIX", "Daix", "Daimax AG"),
    ("DASH", "Dashing", "DoorDashing Inc"),
    ("CVX", "Convexity", "Chevronic Corp"),
)
_COPIES = ("Wrapped {}", "Binance-Peg {}", "Bridged {} (Wormhole)", "L2 Standard Bridged {}", "Staked {}")


def _add_traps(found: Labelled, rng: random.Random) -> None:
    for symbol, one, other in _SAME_SYMBOL:
        found.trap("same symbol", *_strangers(rng, symbol, one, other))
    for symbol, one, other in _STOCKS:
        found.trap("stock", *_strangers(rng, symbol, one, other))
    for n, copy in enumerate(_COPIES):
        _add_copy(found, rng, n, copy)
    for gecko, paprika in _clashes(rng):
        found.trap("same name, another coin", gecko, paprika)
    first, second = _strangers(rng, "IDEX", "Idexa", "Idexa")
    moved = _gecko("Idexa", "idex", _read(first), slug="aurora-council")
    found.trap("slug moved", moved, _paprika("Aurora Council", "AURA", _read(second)))
    _add_twins(found, rng)


def _strangers(rng: random.Random, symbol: str, one: str, other: str) -> tuple[Likeness, Likeness]:
    """Two coins that share a symbol and nothing else, both perhaps well known."""
    mine, theirs = _Figures(rng, rng.randrange(50, 250)), _Figures(rng, rng.randrange(1500, 4000))
    return _gecko(one, symbol, mine.read(rng)), _paprika(other, symbol, theirs.read(rng))


def _add_copy(found: Labelled, rng: random.Random, n: int, copy: str) -> None:
    """The original on both sides, and a copy of it that costs the same on one."""
    name, symbol, figures = f"Origin{'abcdefg'[n]}", f"OR{n}", _Figures(rng, 20 + n)
    gecko, paprika = _gecko(name, symbol, figures.read(rng)), _paprika(name, symbol, figures.read(rng))
    found.one_coin(gecko, paprika)
    figures.supply, figures.high_at = figures.supply / 7 + n, figures.high_at - timedelta(days=90)
    found.trap("copy", _gecko(copy.format(name), symbol, figures.read(rng)), paprika)


def _clashes(rng: random.Random) -> Iterator[tuple[Likeness, Likeness]]:
    """Later coins that took a name another had: at the same time their prices tell, else the number in the id."""
    for n, years_ago in enumerate((0, 0, 3, 3)):
        name, symbol = f"Gateway{'wxyz'[n]}", f"GW{n}"
        mine, theirs = _Figures(rng, 900 + n), _Figures(rng, 1100 + n)
        mine.price = theirs.price * 37
        yield (
            _gecko(name, symbol, mine.read(rng), slug=f"{_slug(name)}-2"),
            _paprika(name, symbol, theirs.read(rng, years_ago)),
        )


def _add_twins(found: Labelled, rng: random.Random) -> None:
    """Two coins of one source that both could be a coin of the other: nobody can tell, so neither is linked."""
    figures = _Figures(rng, 700).read(rng, years_ago=3)
    paprika = _paprika("Geminix", "GMX2", figures)
    now = _Figures(rng, 720).read(rng)
    for slug in ("geminix", "geminix-token"):
        found.trap("twins", _gecko("Geminix", "GMX2", now, slug=slug), paprika)


def _read(asset: Likeness) -> dict[str, object]:
    names = ("rank", "price_usd", "market_cap_usd", "max_supply", "ath_usd", "ath_at", "last_updated")
    return {name: getattr(asset, name) for name in names}
