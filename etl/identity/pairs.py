"""Candidates: only assets of two sources that share a key are compared, so that the work grows with the assets."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from db.likeness import Key
from etl.identity.evidence import Judgement, judge
from etl.identity.names import Profile


@dataclass(frozen=True, slots=True)
class Pair:
    """Two assets of different sources, the lower key first, and what is known of their being one coin."""

    one: Key
    other: Key
    judgement: Judgement


def keys(profile: Profile) -> frozenset[str]:
    """What an asset must share with another to be compared with it: symbol, a form of the name, or a contract."""
    contracts = (f"contract:{platform}:{address}" for platform, address in profile.asset.contracts)
    names = (f"name:{form}" for form in profile.forms | profile.cores)
    return frozenset({f"symbol:{profile.symbol}", *names, *contracts})


def pair(one: Profile, other: Profile) -> Pair:
    first, second = sorted((one, other), key=lambda profile: profile.asset.key)
    return Pair(first.asset.key, second.asset.key, judge(first, second))


def pairs(profiles: Iterable[Profile]) -> list[Pair]:
    """Every candidate pair of the assets, judged, in the order of their keys."""
    known = {profile.asset.key: profile for profile in profiles}
    found = {couple for block in _blocks(known.values()) for couple in _couples(block)}
    return [pair(known[one], known[other]) for one, other in sorted(found)]


def _blocks(profiles: Iterable[Profile]) -> Iterable[list[Key]]:
    blocks: dict[str, list[Key]] = defaultdict(list)
    for profile in profiles:
        for key in keys(profile):
            blocks[key].append(profile.asset.key)
    return blocks.values()


def _couples(block: list[Key]) -> Iterator[tuple[Key, Key]]:
    ordered = sorted(block)
    for n, one in enumerate(ordered):
        for other in ordered[n + 1 :]:
            if one.source != other.source:
                yield one, other
