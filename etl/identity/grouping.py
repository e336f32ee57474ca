"""From judged pairs to coins. Decisions by hand come first, then the strongest evidence.

A pair is linked if it is probable enough, no contract speaks against it, and nothing else of the same source is
about as probable. Coins grow link by link, the strongest first, and never hold two assets of one source. The result
depends on the assets, pairs and decisions alone, not on their order, and each connected part of it on that part
alone, so that parts can be worked out anew by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from db.likeness import Key, seniority
from etl.identity.pairs import Pair

# The lowest score of an automatic link, and of a pair worth a person's look. From the curve in docs/identity.md.
LINKED, DOUBTFUL = 0.9, 0.25
# By how much (natural logarithm of odds) a link must beat its rivals.
MARGIN = 1.5
# Evidence this much against a pair keeps it apart even where a third asset would join the two.
AGAINST = -2.0

Couple = tuple[Key, Key]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided of pairs (the lower key first), with their reasons."""

    links: Mapping[Couple, str] = field(default_factory=dict)
    cuts: frozenset[Couple] = frozenset()


class Member(NamedTuple):
    """An asset of a coin: how sure that is (0 to 1), why, and whether a person said so."""

    key: Key
    confidence: float
    evidence: tuple[str, ...]
    manual: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """Coins, each with its anchor first, and the pairs that a person should look at with what keeps them apart."""

    coins: tuple[tuple[Member, ...], ...]
    doubtful: Mapping[Couple, str]


def couple(one: Key, other: Key) -> Couple:
    return (one, other) if one < other else (other, one)


def named_after(key: Key, *, manual: bool = False) -> Member:
    """The asset as the anchor of its coin; as all of it, if nothing connects it with any other."""
    return Member(key, 1.0, ("the coin is named after it",), manual)


def group(assets: Iterable[Key], pairs: Sequence[Pair], decisions: Decisions = Decisions()) -> Grouping:
    """Group assets into coins. Pairs and decisions about other assets are ignored."""
    return _Groups(set(assets), pairs, decisions).result()


class _Groups:
    def __init__(self, assets: set[Key], pairs: Sequence[Pair], decisions: Decisions) -> None:
        self._members = {key: [key] for key in sorted(assets)}
        self._cuts = decisions.cuts
        self._by_hand = {c: why for c, why in sorted(decisions.links.items()) if assets.issuperset(c)}
        self._pairs = {(pair.one, pair.other): pair for pair in pairs if assets.issuperset((pair.one, pair.other))}
        self._doubtful: dict[Couple, str] = {}

    def result(self) -> Grouping:
        for one, other in self._by_hand:
            if self._fits(one, other):
                self._unite(one, other)
        self._link()
        coins = {id(members): members for members in self._members.values()}
        ordered = sorted((sorted(members, key=seniority) for members in coins.values()), key=lambda m: seniority(m[0]))
        settled = {c: why for c, why in self._doubtful.items() if self._is_open(*c)}
        return Grouping(tuple(tuple(self._described(members)) for members in ordered), settled)

    def _link(self) -> None:
        """Link what the evidence says, the strongest first."""
        possible = [pair for pair in self._pairs.values() if self._is_possible(pair)]
        best = _Rivals(possible)
        for pair in sorted(possible, key=lambda pair: (-pair.judgement.weight, pair.one, pair.other)):
            why = self._objection(pair, best)
            if why is None:
                self._unite(pair.one, pair.other)
            elif pair.judgement.score >= DOUBTFUL:
                self._doubtful[pair.one, pair.other] = why

    def _is_possible(self, pair: Pair) -> bool:
        """Whether people's decisions leave room for the pair at all."""
        return (
            (pair.one, pair.other) not in self._by_hand
            and self._members[pair.one] is not self._members[pair.other]
            and self._fits(pair.one, pair.other)
        )

    def _objection(self, pair: Pair, rivals: "_Rivals") -> str | None:
        """Why the pair is not linked; None if it is to be."""
        if pair.judgement.contract is False:
            return "the contracts contradict the rest"
        if pair.judgement.score < LINKED:
            return f"the evidence gives {pair.judgement.score:.2f}, a link needs {LINKED:.2f}"
        if (rival := rivals.of(pair)) is not None:
            return f"{rival.external_id} of {rival.source} is about as probable"
        if self._members[pair.one] is self._members[pair.other]:
            return None
        if not self._fits(pair.one, pair.other) or self._speaks_against(pair.one, pair.other):
            return "their other links stand against it"
        return None

    def _fits(self, one: Key, other: Key) -> bool:
        """Whether the two assets' coins can be one: no source twice, nothing that people keep apart."""
        mine, theirs = self._members[one], self._members[other]
        if mine is theirs:
            return True
        if {key.source for key in mine} & {key.source for key in theirs}:
            return False
        return not any(couple(a, b) in self._cuts for a in mine for b in theirs)

    def _speaks_against(self, one: Key, other: Key) -> bool:
        across = (
            self._pairs.get(couple(a, b))
            for a in self._members[one]
            for b in self._members[other]
            if couple(a, b) not in self._by_hand
        )
        return any(p.judgement.contract is False or p.judgement.weight < AGAINST for p in across if p is not None)

    def _unite(self, one: Key, other: Key) -> None:
        mine, theirs = self._members[one], self._members[other]
        if mine is theirs:
            return
        mine += theirs
        for key in theirs:
            self._members[key] = mine

    def _is_open(self, one: Key, other: Key) -> bool:
        """Whether a person could still link the two: both places are free."""
        return (
            self._members[one] is not self._members[other]
            and (one, other) not in self._cuts
            and (not {key.source for key in self._members[one]} & {key.source for key in self._members[other]})
        )

    def _described(self, members: list[Key]) -> Iterable[Member]:
        anchor, *others = members
        said = {key: why for c, why in self._by_hand.items() if set(c) <= set(members) for key in c}
        yield named_after(anchor, manual=anchor in said)
        for key in others:
            yield self._member(key, members, said.get(key))

    def _member(self, key: Key, members: list[Key], said: str | None) -> Member:
        if said is not None:
            return Member(key, 1.0, (f"linked by hand: {said}" if said else "linked by hand",), manual=True)
        known = [self._pairs[c] for m in members if (c := couple(key, m)) in self._pairs]
        # Its likeness to the anchor tells most; where it shares nothing with that, what joined it to the coin does.
        linked = [pair for pair in known if pair.judgement.score >= LINKED]
        by = next((pair for pair in linked if members[0] in {pair.one, pair.other}), None)
        strongest = by or max(linked, key=lambda pair: pair.judgement.weight)
        return Member(key, strongest.judgement.score, strongest.judgement.evidence)


class _Rivals:
    """For each asset and other source, its most probable partners."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._by_place: dict[tuple[Key, str], list[tuple[float, Key]]] = defaultdict(list)
        for pair in pairs:
            if pair.judgement.contract is not False:
                self._by_place[pair.one, pair.other.source].append((pair.judgement.weight, pair.other))
                self._by_place[pair.other, pair.one.source].append((pair.judgement.weight, pair.one))

    def of(self, pair: Pair) -> Key | None:
        """The strongest partner of either asset that is about as probable as this pair, or more."""
        found = [
            (weight, rival)
            for place, partner in (
                ((pair.one, pair.other.source), pair.other),
                ((pair.other, pair.one.source), pair.one),
            )
            for weight, rival in self._by_place[place]
            if rival != partner and weight > pair.judgement.weight - MARGIN
        ]
        return max(found)[1] if found else None
