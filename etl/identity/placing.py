"""Writing what a pass found: coins with their figures, and which assets they hold."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from hashlib import blake2b

from db import coins, links
from db.coins import Coin, Place
from db.consensus import DIVERGENT, consensus
from db.engine import Connection
from db.likeness import Key, Likeness, seniority
from db.turns import in_turns, made
from etl.identity.grouping import Member
from etl.identity.names import slug_base

# An asset's coin, by its anchor, and what says so.
Where = tuple[Key, Member]
# Names of coins whose sources contradict each other, and by how many percent.
Divergent = tuple[tuple[str, float], ...]


async def write(
    connection: Connection,
    known: Mapping[int, Likeness],
    changed: set[int],
    renamed: set[int],
    unseen: set[int],
    placed: Mapping[int, Where],
) -> Divergent:
    """Write the coins of assets that were placed anew, and the figures of those that only changed.

    Returns the coins that contradict themselves since now. `known` are the facts of all these assets, of which the
    `unseen` have no coin yet. Of the placed ones only the `renamed` have new keys; the others' names may have changed
    as well: their turn is yet to come.
    """
    before = await coins.coins_of(connection, (changed | placed.keys()) - unseen)
    only_figures = {before[asset_id] for asset_id in changed - placed.keys()}
    unmoved = await coins.members_of(connection, only_figures)
    assets = {**known, **await links.likenesses(connection, unmoved.keys() - known.keys())}
    written, fresh = await _figures(assets, _groups(placed, unmoved))
    left = {before[asset_id] for asset_id in placed if asset_id in before}
    known_coins = left | only_figures
    kept: list[Coin] = []
    new: list[Coin] = []
    async for coin in in_turns(written):
        (kept if coins.id_of(coin.anchor) in known_coins else new).append(coin)
    diverged = await coins.divergences(connection, [coin.anchor for coin in kept])
    await coins.put(connection, kept)
    contested = await coins.put_new(connection, new)
    held = await links.traits(connection, placed.keys() - renamed)
    held.update(await made((i, traits(known[i])) for i in renamed & placed.keys()))
    places = await made(_place(i, held.get(i, ""), where, fresh=i in fresh) for i, where in placed.items())
    await coins.place(connection, places, likely_new=not before)
    await coins.freshen(connection, {i: i in fresh for i, (_, was) in unmoved.items() if (i in fresh) != was})
    dropped = await coins.drop_empty(connection, left - {coins.id_of(anchor) for anchor, _ in placed.values()})
    await coins.name_slugs(connection, contested.union(slug for _, slug in dropped))
    counted = Counter(coin.anchor.source for coin in new)
    counted.subtract(source for source, _ in dropped)
    await coins.count(connection, counted)
    return _newly_divergent(written, diverged)


def traits(asset: Likeness) -> str:
    """What the asset's keys follow from, in short."""
    text = repr((asset.symbol, asset.name, asset.contracts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _groups(placed: Mapping[int, Where], unmoved: Mapping[int, tuple[int, bool]]) -> Collection[list[int]]:
    """The assets of each coin. A coin's assets are placed anew together or not at all."""
    members: dict[Key | int, list[int]] = defaultdict(list)
    for asset_id, (anchor, _) in placed.items():
        members[anchor].append(asset_id)
    for asset_id, (coin_id, _) in unmoved.items():
        members[coin_id].append(asset_id)
    return members.values()


async def _figures(known: Mapping[int, Likeness], groups: Collection[list[int]]) -> tuple[list[Coin], set[int]]:
    """The coins as rows, and the assets that count as fresh."""
    fresh: set[int] = set()

    def figures(asset_ids: list[int]) -> Coin:
        if len(asset_ids) > 1:
            asset_ids = sorted(asset_ids, key=lambda asset_id: seniority(known[asset_id].key))
        members = [known[asset_id] for asset_id in asset_ids]
        anchor, said = members[0], consensus(members)
        fresh.update(asset_id for asset_id, asset in zip(asset_ids, members, strict=True) if asset.key in said.fresh)
        return Coin(
            anchor.key, slug_base(anchor), anchor.symbol, anchor.name, said.rank, said.price_usd,
            said.divergence_percent, said.market_cap_usd,
        )  # fmt: skip

    return await made(map(figures, groups)), fresh


def _place(asset_id: int, held: str, where: Where, *, fresh: bool) -> Place:
    anchor, member = where
    return Place(asset_id, member.key, anchor, held, member.confidence, member.evidence, member.manual, fresh)


def _newly_divergent(written: Collection[Coin], before: Mapping[Key, float]) -> Divergent:
    """Names of the coins that contradict themselves and did not before, with their divergence, the largest first."""
    found = [
        (coin.name, coin.divergence_percent)
        for coin in written
        if coin.divergence_percent is not None and coin.divergence_percent > DIVERGENT >= before.get(coin.anchor, 0.0)
    ]
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))
