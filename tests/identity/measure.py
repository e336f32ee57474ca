"""Precision and recall of the rules on labelled assets, in numbers and by name."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from db.likeness import Key, Likeness
from etl.identity.evidence import judge
from etl.identity.grouping import group
from etl.identity.names import profile
from etl.identity.pairs import Pair, pairs

Couple = frozenset[Key]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was linked of what is labelled. A wrong link is one whose two assets are known not to be one coin."""

    right: int
    wrong: tuple[Couple, ...]
    missed: tuple[Couple, ...]
    doubtful: Counter[str]

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong)) if self.right or self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + len(self.missed)) if self.right or self.missed else 1.0


def linked(assets: Iterable[Likeness]) -> tuple[set[Couple], set[Couple]]:
    """The pairs that share a coin, and those left for a person."""
    profiles = [profile(asset) for asset in assets]
    grouping = group([each.asset.key for each in profiles], pairs(profiles))
    together = {frozenset((one.key, other.key)) for coin in grouping.coins for one, other in combinations(coin, 2)}
    return together, {frozenset(couple) for couple in grouping.doubtful}


def measure(assets: Iterable[Likeness], same: set[Couple], apart: Iterable[Couple] = ()) -> Measured:
    """Judge links of labelled assets: one that is in `same` has no other partner in that partner's source."""
    together, doubtful = linked(assets)
    partner = {(key, other.source): other for couple in same for key in couple for other in couple - {key}}
    known_apart = set(apart)
    wrong = {couple for couple in together if couple in known_apart or _contradicts(couple, same, partner)}
    missed = same - together
    asked = Counter({"right pairs": len(missed & doubtful), "wrong pairs": len(known_apart & doubtful)})
    return Measured(len(same & together), _sorted(wrong), _sorted(missed), asked)


def curve(assets: Iterable[Likeness], same: set[Couple]) -> list[tuple[float, float, float]]:
    """Threshold, precision and recall of single pairs, before rivals and sources are looked at."""
    profiles = [profile(asset) for asset in assets]
    judged = pairs(profiles)
    partner = {(key, other.source): other for couple in same for key in couple for other in couple - {key}}
    return [(threshold, *_at(threshold, judged, same, partner)) for threshold in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)]


def explain(couple: Couple, assets: Iterable[Likeness]) -> str:
    """The couple with all evidence, for a person."""
    one, other = sorted((asset for asset in assets if asset.key in couple), key=lambda asset: asset.key)
    judgement = judge(profile(one), profile(other))
    return f"{one.external_id} = {other.external_id}  {judgement.score:.3f}  {'; '.join(judgement.evidence)}"


def _at(
    threshold: float, judged: Iterable[Pair], same: set[Couple], partner: dict[tuple[Key, str], Key]
) -> tuple[float, float]:
    taken = {frozenset((pair.one, pair.other)) for pair in judged if pair.judgement.score >= threshold}
    right = len(taken & same)
    wrong = sum(_contradicts(couple, same, partner) for couple in taken)
    return right / max(1, right + wrong), right / max(1, len(same))


def _contradicts(couple: Couple, same: set[Couple], partner: dict[tuple[Key, str], Key]) -> bool:
    one, other = couple
    return couple not in same and ((one, other.source) in partner or (other, one.source) in partner)


def _sorted(couples: Iterable[Couple]) -> tuple[Couple, ...]:
    return tuple(sorted(couples, key=sorted))
