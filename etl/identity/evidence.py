"""What speaks for and against two assets being one coin, each with a weight and in words.

A weight is the natural logarithm of how much more often the observation is made of one coin than of two different
ones (Fellegi and Sunter, 1969); weights of independent observations add up. They are rounded from counts in recorded
lists of two sources (docs/identity.md) and kept here, in one table, so that they can be argued with.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import exp, log
from typing import NamedTuple

from rapidfuzz import fuzz

from db.likeness import Likeness
from etl.identity.names import GENERIC, Profile

# Two assets that share a symbol, a form of their name or a contract, before anything else is known of them.
PRIOR = -2.0
SAME_CONTRACT, OTHER_CONTRACT = 14.0, -5.0
SAME_SYMBOL, OTHER_SYMBOL = 1.0, -4.5
SAME_NAME, SAME_FORM, SAME_CORE, LIKE_NAME, PART_OF_NAME, OTHER_NAME = 5.0, 4.5, 3.5, 3.0, 2.0, -3.0
# Where what the names share is the symbol and nothing else, they say little that the symbol does not.
OLD_SYMBOL, SYMBOL_AND_WORDS, SYMBOL_IN_NAME = 3.0, 1.5, 0.0
OTHER_KIND, NUMBERED, OLD = -8.0, -3.0, -2.0
SAME_HIGH, NEAR_HIGH, OTHER_HIGH = 5.5, 3.0, -2.3
SAME_SUPPLY, SAME_ROUND_SUPPLY, OTHER_SUPPLY = 3.0, 1.0, -2.5
SAME_PRICE, NEAR_PRICE, SAME_PEG, OTHER_PRICE = 4.0, 2.5, 0.7, -7.0
SAME_VALUE, OTHER_VALUE = 1.0, -2.0
NEAR_RANK, BOTH_AT_THE_TOP, FAR_RANK = 0.7, 2.0, -1.0

# Figures are compared only where both were read at about the same time.
SAME_TIME = timedelta(hours=1)
SAME_DAYS = timedelta(days=7)
# Ranks drift over the years, but few coins ever come this far.
TOP = 200
LIKE_ENOUGH = 88.0


class Evidence(NamedTuple):
    """One observation: its weight, and what was seen, for people."""

    weight: float
    text: str


class Judgement(NamedTuple):
    """All that was observed of a pair. `contract` is whether a contract says it: True, False or None for neither."""

    weight: float
    evidence: tuple[str, ...]
    contract: bool | None

    @property
    def score(self) -> float:
        """How probable it is that the two are one coin, 0 to 1."""
        return round(1 / (1 + exp(-max(-50.0, min(50.0, self.weight)))), 6)


def judge(one: Profile, other: Profile) -> Judgement:
    """Weigh everything that is known of two assets; the same whichever comes first."""
    one, other = sorted((one, other), key=lambda profile: profile.asset.key)
    contract = _contract(one.asset, other.asset)
    same = None if not contract else contract[0].weight > 0
    kinds = [] if same else list(_kind(one, other))
    # A copy costs what the original costs: their figures say nothing.
    figures = () if any(each.weight == OTHER_KIND for each in kinds) else _figures(one.asset, other.asset)
    found = [*contract, *_names(one, other), *figures, *kinds]
    return Judgement(round(PRIOR + sum(each.weight for each in found), 6), tuple(each.text for each in found), same)


def _contract(one: Likeness, other: Likeness) -> list[Evidence]:
    shared = sorted(set(one.contracts) & set(other.contracts))
    if shared:
        platform, address = shared[0]
        return [Evidence(SAME_CONTRACT, f"same contract {address} on {platform}")]
    theirs = dict(other.contracts)
    for platform, address in sorted(one.contracts):
        if platform in theirs:
            return [Evidence(OTHER_CONTRACT, f"other contract on {platform}: {address} and {theirs[platform]}")]
    return []


def _names(one: Profile, other: Profile) -> Iterator[Evidence]:
    if one.symbol == other.symbol:
        yield Evidence(SAME_SYMBOL, "symbol equal")
    else:
        yield Evidence(OTHER_SYMBOL, f"symbols differ: {one.asset.symbol} and {other.asset.symbol}")
    yield _name(one, other)


def _kind(one: Profile, other: Profile) -> Iterator[Evidence]:
    """Copies, shares of companies and later coins of a name are other things than the first coin of that name."""
    if one.copies != other.copies or one.company != other.company:
        words = ", ".join(sorted(one.copies ^ other.copies)) or "a company's share"
        yield Evidence(OTHER_KIND, f"another kind of asset: {words}")
    if one.numbered or other.numbered:
        numbered = one if one.numbered else other
        yield Evidence(NUMBERED, f"not the first of its name: {numbered.asset.external_id}")
    if one.old != other.old:
        yield Evidence(OLD, "one is called old")


def _name(one: Profile, other: Profile) -> Evidence:
    names = f"{one.asset.name} and {other.asset.name}"
    # An asset can be called nothing at all, which is no name.
    if one.name and one.name == other.name:
        return Evidence(SAME_NAME, "name equal")
    if one.forms & other.forms:
        form = min(one.forms & other.forms)
        # An id that is the symbol and a general word fits many a name that has nothing to do with it.
        told_by_symbol = not one.words & other.words and form.removeprefix(one.symbol) in GENERIC
        return Evidence(OLD_SYMBOL if told_by_symbol else SAME_FORM, f"names equal in one form: {form}")
    if one.cores & other.cores:
        return Evidence(_of_cores(one, other), f"names equal but for general words: {names}")
    likeness = max((fuzz.ratio(mine, theirs) for mine in one.forms for theirs in other.forms), default=0.0)
    if likeness >= LIKE_ENOUGH:
        return Evidence(LIKE_NAME, f"names alike to {likeness:.0f} %: {names}")
    if one.words and other.words and (one.words <= other.words or other.words <= one.words):
        is_symbol = one.words & other.words <= {one.symbol, other.symbol}
        return Evidence(SYMBOL_IN_NAME if is_symbol else PART_OF_NAME, f"one name is a part of the other: {names}")
    return Evidence(OTHER_NAME, f"names differ: {names}")


def _of_cores(one: Profile, other: Profile) -> float:
    if one.cores & other.cores <= {one.symbol}:
        return SYMBOL_AND_WORDS
    # `Mars` and `Mars Network` are one name, `Mars Protocol` and `Mars Network` may well be two.
    told_apart = not (one.cores & other.forms or one.forms & other.cores)
    return PART_OF_NAME if told_apart else SAME_CORE


def _figures(one: Likeness, other: Likeness) -> Iterator[Evidence]:
    yield from _high(one, other)
    yield from _supply(one, other)
    values: list[Evidence] = []
    if _apart(one.last_updated, other.last_updated, SAME_TIME):
        yield from _price(one.price_usd, other.price_usd)
        values = list(_value(one.market_cap_usd, other.market_cap_usd))
    # A rank is the place of the market value: the two say one thing.
    yield from values or _rank(one, other)


def _high(one: Likeness, other: Likeness) -> Iterator[Evidence]:
    """A coin has one all-time high, so it is evidence however far apart the two were read."""
    ratio = _ratio(one.ath_usd, other.ath_usd)
    if ratio is None or one.ath_at is None or other.ath_at is None:
        return
    days = abs(one.ath_at - other.ath_at) / timedelta(days=1)
    if ratio <= 1.08 and days <= 2.5:
        yield Evidence(SAME_HIGH, f"all-time high within {_percent(ratio)} and {days:.0f} days")
    elif ratio <= 1.4 and days <= 7:
        yield Evidence(NEAR_HIGH, f"all-time high within {_percent(ratio)} and {days:.0f} days")
    elif _forgotten(one, other) or _forgotten(other, one):
        yield Evidence(OTHER_HIGH, f"all-time highs {_times(ratio)} apart")


def _forgotten(earlier: Likeness, later: Likeness) -> bool:
    """Whether the later reading lacks a high that the earlier one had: highs only rise."""
    if earlier.last_updated is None or later.last_updated is None or earlier.last_updated > later.last_updated:
        return False
    return (later.ath_usd or 0) * 3 < (earlier.ath_usd or 0)


def _supply(one: Likeness, other: Likeness) -> Iterator[Evidence]:
    mine = {value for value in (one.max_supply, one.total_supply) if value}
    theirs = {value for value in (other.max_supply, other.total_supply) if value}
    equal = [a for a in mine for b in theirs if abs(a - b) <= 1e-6 * max(a, b)]
    if equal:
        odd = [value for value in equal if not _is_round(value)]
        weight = SAME_SUPPLY if odd else SAME_ROUND_SUPPLY
        yield Evidence(weight, f"same supply of {max(odd or equal):,.0f}")
    elif mine and theirs and min(max(a / b, b / a) for a in mine for b in theirs) > 100:
        yield Evidence(OTHER_SUPPLY, "supplies more than 100 times apart")


def _price(one: float | None, other: float | None) -> Iterator[Evidence]:
    ratio = _ratio(one, other)
    if ratio is None:
        return
    if ratio > 2:
        yield Evidence(OTHER_PRICE, f"price {_times(ratio)} apart at the same time")
    elif ratio <= 1.05:
        # Everything that is pegged to the dollar costs the same.
        pegged = 0.97 < (one or 0) < 1.03
        weight = SAME_PEG if pegged else SAME_PRICE if ratio <= 1.02 else NEAR_PRICE
        yield Evidence(weight, f"price within {_percent(ratio)} at the same time")


def _value(one: float | None, other: float | None) -> Iterator[Evidence]:
    ratio = _ratio(one, other)
    if ratio is not None and ratio <= 1.1:
        yield Evidence(SAME_VALUE, f"market value within {_percent(ratio)}")
    elif ratio is not None and ratio > 10:
        yield Evidence(OTHER_VALUE, f"market value {_times(ratio)} apart")


def _rank(one: Likeness, other: Likeness) -> Iterator[Evidence]:
    ratio = _ratio(one.rank, other.rank)
    if ratio is None:
        return
    at_the_top = min(one.rank or TOP, other.rank or TOP) <= TOP
    if at_the_top and ratio <= 4:
        yield Evidence(BOTH_AT_THE_TOP, f"both among the first {4 * TOP}")
    elif at_the_top and ratio > 10:
        yield Evidence(FAR_RANK, "ranks far apart")
    elif ratio <= 1.5 and _apart(one.last_updated, other.last_updated, SAME_DAYS):
        yield Evidence(NEAR_RANK, "ranks near")


def _apart(one: datetime | None, other: datetime | None, most: timedelta) -> bool:
    return one is not None and other is not None and abs(one - other) <= most


def _ratio(one: float | None, other: float | None) -> float | None:
    """How many times the larger is the smaller; None where one is unknown or not positive."""
    if one is None or other is None or one <= 0 or other <= 0:
        return None
    return exp(abs(log(one) - log(other)))


# In steps, so that what is said of a pair stays the same while its figures move.
_PERCENTS = (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 25, 50)
_TIMES = (1000, 100, 30, 10, 5, 3, 2)


def _percent(ratio: float) -> str:
    return f"{next(step for step in _PERCENTS if (ratio - 1) * 100 <= step)} %"


def _times(ratio: float) -> str:
    return f"more than {next(step for step in _TIMES if ratio > step)} times"


def _is_round(value: float) -> bool:
    """Whether the number is one that people choose: 21,000,000 or 1e9 rather than 140,245,398."""
    return len(f"{value:.0f}".rstrip("0")) <= 3
