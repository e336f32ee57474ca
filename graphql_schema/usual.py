"""What is usual, and what is not: robust statistics of a few figures. Pure.

The centre is the median and the spread comes from the median absolute deviation (MAD), so that up to half of the
past may be odd without making something odd look usual. A figure is unusual when it lies more than THRESHOLD
spreads from the centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Of normally distributed figures the MAD is this part of the standard deviation: with it, spreads read as sigmas.
MAD_OF_NORMAL = 0.6745
# Iglewicz and Hoaglin's bound for modified z-scores.
THRESHOLD = 3.5
# Fewer figures say nothing about what is usual.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Usual:
    """The centre of past figures, and how far they usually are from it."""

    centre: float
    spread: float

    def is_unusual(self, figure: float) -> bool:
        return abs(figure - self.centre) > THRESHOLD * self.spread


def usual(past: Sequence[float], least_spread: float) -> Usual | None:
    """What is usual after these figures; None where they are too few.

    `least_spread` (above 0) keeps the smallest step from being unusual where the past never changed.
    """
    if len(past) < FEWEST:
        return None
    centre = median(past)
    deviation = median(abs(figure - centre) for figure in past)
    return Usual(centre, max(deviation / MAD_OF_NORMAL, least_spread))


def change_percent(base: float | None, other: float | None) -> float | None:
    """By how much `other` differs from `base`, as a share of `base`; None where that has no meaning."""
    if base is None or other is None:
        return None
    if base == other:
        return 0.0
    return 100 * (other - base) / abs(base) if base else None
