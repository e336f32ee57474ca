"""The pass: brings the coins, and the words that search knows, up to the assets: what changed, and what that touches.

A pass ends with the marks that say how far it came, in the transaction of its last part; most have just one. One that
finds assets changed in nothing but their figures compares only what was compared before; one that finds new names
looks for new partners. Either way what it leaves is what a pass over everything would leave.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

import structlog

from db import coins, decisions, links, statistics, words
from db.decisions import LINK
from db.engine import Connection, Database
from db.likeness import Likeness
from db.links import StoredPair
from db.turns import in_turns, made
from etl.identity import placing
from etl.identity.evidence import Judgement, judge
from etl.identity.grouping import DOUBTFUL, Decisions, group, named_after
from etl.identity.names import Profile, profile
from etl.identity.pairs import Pair, keys
from etl.identity.placing import Divergent, Where, traits

# Raise it with every change of the rules: the next pass then goes over everything.
RULES = 4
# Assets linked in one transaction: some megabytes, and letting go of them keeps the event loop for 2 or 3 ms.
AT_ONCE = 1000
Couple = tuple[int, int]
_log = structlog.get_logger()


class Linked(NamedTuple):
    """What a pass did: assets it found changed, pairs it judged, assets it placed anew.

    `divergent` are coins whose sources contradict each other since.
    """

    changed: int = 0
    judged: int = 0
    placed: int = 0
    divergent: Divergent = ()

    def plus(self, other: "Linked") -> "Linked":
        """Both together."""
        return Linked(
            self.changed + other.changed,
            self.judged + other.judged,
            self.placed + other.placed,
            (*self.divergent, *other.divergent),
        )


async def catch_up(database: Database) -> Linked:
    """Link everything that was ingested since the last pass. Raises DatabaseUnavailable.

    Many assets are linked in parts, each in a transaction of its own, so that memory is bounded and others can write
    in between. The marks come with the last part: a pass that dies is begun again, and finds less to do.
    """
    linked = Linked()
    changed: links.Changed | None = None
    behind: int | None = 0
    while behind is not None:
        await statistics.refresh(database)
        async with database.write() as connection:
            await links.lock(connection)
            changed = changed or await links.changed(connection, RULES)
            part, behind = await _link_part(connection, changed, behind)
        linked = linked.plus(part)
    if linked != Linked():
        _log.info("coins.linked", **linked._replace(divergent=linked.divergent[:5])._asdict())
    return linked


async def catch_up_within(connection: Connection) -> None:
    """The same within a transaction that holds the lock."""
    changed = await links.changed(connection, RULES)
    behind: int | None = 0
    while behind is not None:
        _, behind = await _link_part(connection, changed, behind)


async def _link_part(connection: Connection, changed: links.Changed, behind: int) -> tuple[Linked, int | None]:
    """Link the next of the changed assets; returns behind which id to go on, None at the end."""
    if not changed.marks:
        return Linked(), None
    asset_ids = await links.written(connection, changed, behind, AT_ONCE)
    linked = await relink(connection, asset_ids)
    if len(asset_ids) == AT_ONCE:
        return linked, asset_ids[-1]
    await links.remember(connection, changed.marks)
    if changed.other_rules:
        await coins.recount(connection)
    return linked, None


async def relink(connection: Connection, changed: Collection[int], decided: Collection[int] = frozenset()) -> Linked:
    """Bring the coins of the changed assets, and of those that people decided on, up to date. The lock is held."""
    return await _Pass(connection).run(set(changed), set(decided))


class _Pass:
    """One pass and the facts it has read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._assets: dict[int, Likeness] = {}
        self._profiles: dict[int, Profile] = {}

    async def run(self, changed: set[int], decided: set[int]) -> Linked:
        await self._read(changed)
        changed &= self._assets.keys()
        stored = await links.traits(self._connection, changed)
        now = await made((asset_id, traits(self._assets[asset_id])) for asset_id in changed)
        renamed = {asset_id for asset_id, said in now if stored.get(asset_id) != said}
        await self._learn(renamed)
        unseen = renamed - stored.keys()
        parted, new = await self._look_for_partners(renamed, unseen)
        differing = await self._judge_again(changed - unseen, new)
        judged = {asset_id for pair in new | differing for asset_id in pair}
        placed = await self._group(renamed | parted | judged | decided, unseen - judged)
        divergent = await placing.write(self._connection, self._assets, changed, renamed, unseen, placed)
        return Linked(len(changed), len(new | differing), len(placed), divergent)

    async def _learn(self, renamed: set[int]) -> None:
        """Tell the search what the assets are called now."""
        known = (self._assets[asset_id] for asset_id in renamed)
        await words.learn(self._connection, [text for a in known for text in (a.symbol, a.name, a.external_id)])

    async def _read(self, asset_ids: Collection[int]) -> None:
        missing = set(asset_ids) - self._assets.keys()
        if missing:
            self._assets |= await links.likenesses(self._connection, missing)

    def _profile(self, asset_id: int) -> Profile:
        if asset_id not in self._profiles:
            self._profiles[asset_id] = profile(self._assets[asset_id])
        return self._profiles[asset_id]

    async def _look_for_partners(self, renamed: set[int], unseen: set[int]) -> tuple[set[int], set[Couple]]:
        """Replace the keys and pairs of assets with new names; returns those who lost a pair, and the new pairs.

        The `unseen` have neither yet.
        """
        if not renamed:
            return set(), set()
        held = dict(await made((asset_id, keys(self._profile(asset_id))) for asset_id in renamed))
        await links.replace_keys(self._connection, held, unseen)
        parted = await links.forget_pairs(self._connection, renamed - unseen)
        new = await self._candidates(held)
        await links.put_pairs(self._connection, await self._judged(sorted(new)))
        return parted, new

    async def _candidates(self, held: Mapping[int, frozenset[str]]) -> set[Couple]:
        """The assets with each one of another source that has one of their keys."""
        holders = await self._by_source(held)
        shared = {source: await links.sharing(self._connection, keys, but=source) for source, keys in holders.items()}
        couples = (
            (asset_id, partner)
            for source, rows in shared.items()
            for key, partner in rows
            for asset_id in holders[source][key]
        )
        found = set(await made(couples))
        await self._read({partner for _, partner in found})
        return set(await made(self._ordered(*pair) for pair in found))

    async def _by_source(self, held: Mapping[int, frozenset[str]]) -> dict[str, dict[str, list[int]]]:
        """Which of the assets have each key, source by source."""
        found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        async for asset_id in in_turns(held):
            holders = found[self._assets[asset_id].source]
            for key in held[asset_id]:
                holders[key].append(asset_id)
        return found

    def _ordered(self, one: int, other: int) -> tuple[int, int]:
        return (one, other) if self._assets[one].key < self._assets[other].key else (other, one)

    async def _judged(self, couples: Collection[Couple]) -> list[StoredPair]:
        return await made(self._judge(*pair) for pair in couples)

    def _judge(self, one: int, other: int) -> StoredPair:
        judgement = judge(self._profile(one), self._profile(other))
        return StoredPair(one, other, judgement.weight, judgement.score, judgement.evidence, judgement.contract)

    async def _judge_again(self, changed: set[int], but: set[Couple]) -> set[Couple]:
        """Judge what the changed assets were compared with before; returns the pairs that look otherwise now."""
        stored = await links.pairs_touching(self._connection, changed)
        before = {(pair.one_id, pair.other_id): pair for pair in stored if (pair.one_id, pair.other_id) not in but}
        await self._read({asset_id for pair in before for asset_id in pair})
        judged = await self._judged(before)
        differing = [now for was, now in zip(before.values(), judged, strict=True) if was != now]
        await links.put_pairs(self._connection, differing)
        return {(pair.one_id, pair.other_id) for pair in differing}

    async def _group(self, touched: set[int], unpaired: set[int]) -> dict[int, Where]:
        """Group all that is connected with the touched assets anew: each asset's coin (its anchor) and membership.

        The `unpaired` are in no pair, and need not be looked for in any.
        """
        if not touched:
            return {}
        stand = await decisions.every(self._connection)
        ids = await links.ids_of(self._connection, {key for d in stand for key in (d.one, d.other)})
        linked = [(ids[d.one], ids[d.other]) for d in stand if d.decision == LINK and {d.one, d.other} <= ids.keys()]
        part = await self._connected(touched, unpaired, linked)
        await self._read(part)
        stored = await links.pairs_within(self._connection, part - unpaired)
        said = Decisions(
            {(d.one, d.other): d.reason for d in stand if d.decision == LINK},
            frozenset((d.one, d.other) for d in stand if d.decision != LINK),
        )
        placed, doubts = await self._grouped(part, stored, said)
        await links.set_doubts(self._connection, part - unpaired, doubts)
        return placed

    async def _connected(self, touched: set[int], unpaired: set[int], linked: list[Couple]) -> set[int]:
        """The assets and all that probable pairs or links by hand connect with them, over however many steps."""
        part: set[int] = set()
        border = set(touched)
        while border:
            part |= border
            reached = await links.neighbours(self._connection, border - unpaired, DOUBTFUL)
            reached |= {asset_id for pair in linked if border & set(pair) for asset_id in pair}
            border = reached - part
        return part

    async def _grouped(
        self, part: set[int], stored: list[StoredPair], said: Decisions
    ) -> tuple[dict[int, Where], dict[Couple, str]]:
        ids = dict(await made((self._assets[asset_id].key, asset_id) for asset_id in part))
        pairs = await made(
            Pair(self._assets[p.one_id].key, self._assets[p.other_id].key, Judgement(p.weight, p.evidence, p.contract))
            for p in stored
        )
        entangled = {key for couple in said.links for key in couple} & ids.keys()
        entangled.update(key for pair in pairs for key in (pair.one, pair.other))
        # Most have nothing to do with any other.
        alone = await made((ids[key], (key, named_after(key))) for key in ids.keys() - entangled)
        grouping = await asyncio.to_thread(group, entangled, pairs, said)
        linked = [(ids[member.key], (coin[0].key, member)) for coin in grouping.coins for member in coin]
        return dict(alone + linked), {(ids[one], ids[other]): why for (one, other), why in grouping.doubtful.items()}
