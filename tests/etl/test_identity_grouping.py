"""From judged pairs to coins: whatever the order, part by part, and never against a person."""

from collections import defaultdict
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from db.likeness import Key, Likeness
from etl.identity.evidence import Judgement
from etl.identity.grouping import AGAINST, MARGIN, Decisions, Grouping, couple, group
from etl.identity.names import profile
from etl.identity.pairs import Pair, pairs

A1, A2 = Key("coingecko", "a1"), Key("coingecko", "a2")
B1, B2 = Key("coinpaprika", "b1"), Key("coinpaprika", "b2")
C1, C2 = Key("csv", "c1"), Key("csv", "c2")
KEYS = (A1, A2, B1, B2, C1, C2)
COUPLES = [(one, other) for one, other in combinations(KEYS, 2) if one.source != other.source]


def pair(one: Key, other: Key, weight: float, contract: bool | None = None) -> Pair:
    return Pair(*couple(one, other), Judgement(weight, ("seen",), contract))


def coins(grouping: Grouping) -> set[frozenset[Key]]:
    return {frozenset(member.key for member in coin) for coin in grouping.coins if len(coin) > 1}


weights = st.floats(-6, 12, allow_nan=False).map(lambda weight: round(weight, 2))
some_pairs = st.lists(
    st.builds(lambda c, weight, contract: pair(c[0], c[1], weight, contract), st.sampled_from(COUPLES), weights,
              st.sampled_from([None, None, None, True, False])),
    unique_by=lambda p: (p.one, p.other),
)  # fmt: skip
some_decisions = st.builds(
    lambda links, cuts: Decisions(dict.fromkeys(links - cuts, "said so"), frozenset(cuts)),
    st.sets(st.sampled_from(COUPLES), max_size=2),
    st.sets(st.sampled_from(COUPLES), max_size=3),
)


@given(some_pairs, some_decisions, st.randoms())
def test_the_order_of_arrival_does_not_matter(found: list[Pair], decided: Decisions, random: object) -> None:
    shuffled = sorted(found, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert group(KEYS, found, decided) == group(KEYS[::-1], shuffled, decided)


@given(some_pairs, some_decisions)
def test_no_coin_has_two_assets_of_one_source_or_what_people_keep_apart(found: list[Pair], decided: Decisions) -> None:
    for coin in coins(group(KEYS, found, decided)):
        assert len({key.source for key in coin}) == len(coin)
        assert not {couple(one, other) for one, other in combinations(coin, 2)} & decided.cuts


@given(some_pairs, some_decisions)
def test_connected_parts_are_grouped_by_themselves_as_in_the_whole(found: list[Pair], decided: Decisions) -> None:
    whole = group(KEYS, found, decided)
    part_of = {key: {key} for key in KEYS}
    joined = [(p.one, p.other) for p in found if p.judgement.score >= 0.25] + list(decided.links)
    for one, other in joined:
        union = part_of[one] | part_of[other]
        for key in union:
            part_of[key] = union
    parts = {frozenset(part) for part in part_of.values()}
    assert {coin for part in parts for coin in group(part, found, decided).coins} == set(whole.coins)
    doubtful: dict[tuple[Key, Key], str] = defaultdict(str)
    for part in parts:
        doubtful |= group(part, found, decided).doubtful
    assert doubtful == whole.doubtful


@given(some_pairs)
def test_a_link_by_hand_is_stronger_than_any_evidence(found: list[Pair]) -> None:
    grouping = group(KEYS, found, Decisions({couple(A1, B2): "seen on their site"}))
    (coin,) = (coin for coin in grouping.coins if A1 in {member.key for member in coin})
    linked = next(member for member in coin if member.key == B2)
    assert linked.manual
    assert linked.evidence == ("linked by hand: seen on their site",)


def test_what_has_a_rival_is_left_to_a_person() -> None:
    near = [pair(A1, B1, 5.0), pair(A1, B2, 5.0 - MARGIN / 2)]
    assert coins(group(KEYS, near)) == set()
    assert group(KEYS, near).doubtful[couple(A1, B1)] == "b2 of coinpaprika is about as probable"
    far = [pair(A1, B1, 5.0), pair(A1, B2, 4.0 - MARGIN)]
    assert coins(group(KEYS, far)) == {frozenset({A1, B1})}


def test_a_rival_that_people_cut_off_is_none() -> None:
    near = [pair(A1, B1, 5.0), pair(A1, B2, 4.5)]
    assert coins(group(KEYS, near, Decisions(cuts=frozenset({couple(A1, B2)})))) == {frozenset({A1, B1})}


def test_a_third_asset_does_not_join_what_the_evidence_keeps_apart() -> None:
    through = [pair(A1, C1, 6.0), pair(B1, C1, 5.0)]
    assert coins(group(KEYS, through)) == {frozenset({A1, B1, C1})}
    against = [*through, pair(A1, B1, AGAINST - 1)]
    assert coins(group(KEYS, against)) == {frozenset({A1, C1})}
    contradicted = [*through, pair(A1, B1, 3.0, contract=False)]
    assert coins(group(KEYS, contradicted)) == {frozenset({A1, C1})}


def test_the_coin_is_named_after_its_most_trusted_source() -> None:
    (coin, *_) = group([C1, B1], [pair(B1, C1, 6.0)]).coins
    assert [member.key for member in coin] == [B1, C1]


def test_only_what_shares_a_key_is_compared() -> None:
    assets = [
        Likeness("coingecko", "alpha", "abc", "Alpha"),
        Likeness("coinpaprika", "xyz-alpha", "XYZ", "Alpha Coin"),
        Likeness("coinpaprika", "abc-zebra", "ABC", "Zebra"),
        Likeness("coinpaprika", "foo-bar", "FOO", "Bar"),
        Likeness("coingecko", "abc", "abc", "Abc"),
    ]
    found = {(p.one.external_id, p.other.external_id) for p in pairs(map(profile, assets))}
    assert found == {("alpha", "xyz-alpha"), ("alpha", "abc-zebra"), ("abc", "abc-zebra")}
