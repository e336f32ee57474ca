"""What people decide of coins: link assets, take one away, undo. Stronger than any evidence, and kept for ever.

A decision is about two assets. So that no two decisions contradict each other, a link is made between every two assets
that are thereby one coin, takes back whatever cuts stand between their coins, and is refused where it would bring two
assets of one source together.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import structlog

from db import coins, decisions, links
from db.cursors import storable
from db.decisions import CUT, LINK, UNDO, Decision
from db.engine import Connection, Database
from db.likeness import Key
from etl.identity import linking
from etl.identity.grouping import Couple, couple

LONGEST_REASON = 1000
_log = structlog.get_logger()


class Refusal(NamedTuple):
    """Why nothing was changed: a constant code, and what to do about it for people."""

    code: str
    message: str


Change = Callable[[Connection], Awaitable["int | Refusal"]]


async def link(database: Database, asset_ids: Sequence[int], reason: str = "") -> int | Refusal:
    """Take assets of different sources for one coin; returns its id. Raises DatabaseUnavailable.

    Where only an earlier `unlink` keeps them apart, that is taken back and the evidence holds again as before.
    """
    return await _changed(database, lambda connection: _link(connection, asset_ids, reason), reason)


async def unlink(database: Database, asset_id: int, reason: str = "") -> int | Refusal:
    """Take an asset away from its coin; returns the id of the coin it is now. Raises DatabaseUnavailable."""
    return await _changed(database, lambda connection: _unlink(connection, asset_id, reason), reason)


async def keep_apart(database: Database, asset_ids: Sequence[int], reason: str = "") -> int | Refusal:
    """Let no evidence make one coin of these assets; returns the coin of the first. Raises DatabaseUnavailable."""
    return await _changed(database, lambda connection: _keep_apart(connection, asset_ids, reason), reason)


async def undo(database: Database) -> int | Refusal:
    """Take back the last change by hand that still has an effect; returns the coin of the first of its assets.

    Everything is then as if that change had never been made. Raises DatabaseUnavailable.
    """
    return await _changed(database, _undo)


async def _changed(database: Database, change: Change, reason: str = "") -> int | Refusal:
    if len(reason) > LONGEST_REASON or not storable(reason):
        return Refusal("BAD_REASON", f"a reason has at most {LONGEST_REASON} characters, and none that is no text")
    # In parts, and what comes meanwhile in the transaction: nobody else waits long for it.
    await linking.catch_up(database)
    async with database.write() as connection:
        await links.lock(connection)
        # Decisions are about what there is now, not what there was at the last pass.
        await linking.catch_up_within(connection)
        return await change(connection)


async def _link(connection: Connection, asset_ids: Sequence[int], reason: str) -> int | Refusal:
    keys = await links.keys_of(connection, asset_ids)
    chosen = set(keys.values())
    stand = await decisions.every(connection)
    joined = _linked_with(chosen, stand)
    around = await _companions(connection, keys)
    withdrawn = [d for d in stand if d.decision == CUT and {d.one, d.other} <= around]
    refusal = _refusal(keys, asset_ids, joined)
    if refusal is not None:
        return refusal
    await decisions.exchange(connection, (), withdrawn)
    decided = around | joined
    await _relink(connection, decided)
    made: list[Decision] = []
    if not withdrawn or await _coin_of(connection, keys) is None:
        made = _decisions(combinations(joined, 2), LINK, reason, but=stand)
        await decisions.exchange(connection, made, ())
        await _relink(connection, decided)
    return await _told(connection, "link", sorted(chosen), reason, made, withdrawn)


async def _unlink(connection: Connection, asset_id: int, reason: str) -> int | Refusal:
    keys = await links.keys_of(connection, [asset_id])
    if not keys:
        return Refusal("UNKNOWN_ASSET", "there is no such asset")
    (key,) = keys.values()
    companions = await _companions(connection, keys)
    if companions == {key}:
        return Refusal("NOT_LINKED", f"{_name(key)} is the only asset of its coin")
    return await _cut(connection, "unlink", [key], {couple(key, other) for other in companions - {key}}, reason)


async def _keep_apart(connection: Connection, asset_ids: Sequence[int], reason: str) -> int | Refusal:
    keys = await links.keys_of(connection, asset_ids)
    refusal = _refusal(keys, asset_ids, set())
    if refusal is not None:
        return refusal
    if len(set((await coins.coins_of(connection, keys)).values())) < len(keys):
        return Refusal("LINKED", "they are one coin now; unlink the one that does not belong to it")
    ordered = sorted(keys.values())
    return await _cut(connection, "keep apart", ordered, set(combinations(ordered, 2)), reason)


async def _cut(connection: Connection, action: str, keys: Sequence[Key], couples: set[Couple], reason: str) -> int:
    stand = await decisions.every(connection)
    withdrawn = [d for d in stand if d.decision == LINK and (d.one, d.other) in couples]
    made = _decisions(couples, CUT, reason, but=stand)
    ids = await links.ids_of(connection, {key for each in couples for key in each})
    around = await _companions(connection, {asset_id: key for key, asset_id in ids.items()})
    await decisions.exchange(connection, made, withdrawn)
    await _relink(connection, around)
    return await _told(connection, action, keys, reason, made, withdrawn)


async def _undo(connection: Connection) -> int | Refusal:
    last = await decisions.to_undo(connection)
    if last is None:
        return Refusal("NOTHING_TO_UNDO", "nothing was changed by hand, or all of it is undone")
    concerned = {key for d in (*last.made, *last.withdrawn) for key in (d.one, d.other)}
    ids = await links.ids_of(connection, concerned)
    around = await _companions(connection, {asset_id: key for key, asset_id in ids.items()})
    await decisions.exchange(connection, last.withdrawn, last.made)
    await _relink(connection, around)
    return await _told(connection, UNDO, last.assets, last.reason, last.withdrawn, last.made, last.id)


async def _relink(connection: Connection, keys: Collection[Key]) -> None:
    ids = await links.ids_of(connection, keys)
    await linking.relink(connection, (), set(ids.values()))


async def _companions(connection: Connection, keys: dict[int, Key]) -> set[Key]:
    """The assets, and those that share a coin with one of them."""
    held = await coins.coins_of(connection, keys)
    members = await coins.members_of(connection, set(held.values()))
    return {*keys.values(), *(await links.keys_of(connection, members)).values()}


async def _coin_of(connection: Connection, asset_ids: Collection[int]) -> int | None:
    """The one coin that the assets are; None if they are several."""
    held = set((await coins.coins_of(connection, asset_ids)).values())
    return held.pop() if len(held) == 1 else None


async def _told(
    connection: Connection,
    action: str,
    assets: Sequence[Key],
    reason: str,
    made: Sequence[Decision],
    withdrawn: Sequence[Decision],
    undoes: int | None = None,
) -> int:
    """Note the action for ever and in the log; returns the coin of its first asset."""
    await decisions.record(connection, action, assets, reason, made=made, withdrawn=withdrawn, undoes=undoes)
    _log.info("coins.changed_by_hand", action=action, assets=[_name(key) for key in assets], reason=reason)
    ids = await links.ids_of(connection, assets)
    return (await coins.coins_of(connection, [ids[assets[0]]]))[ids[assets[0]]]


def _refusal(keys: dict[int, Key], asset_ids: Sequence[int], joined: set[Key]) -> Refusal | None:
    if set(asset_ids) - keys.keys():
        return Refusal("UNKNOWN_ASSET", "one of the assets does not exist")
    if len(keys) < 2:
        return Refusal("TOO_FEW_ASSETS", "a link needs two assets or more, each of another source")
    twice = _twice(keys.values())
    if twice:
        return Refusal("SAME_SOURCE", f"{twice[0]} and {twice[1]} are of one source: a coin has one asset of each")
    twice = _twice(joined)
    if twice:
        message = f"links by hand would bring {twice[0]} and {twice[1]} together, both of one source; unlink one first"
        return Refusal("LINKED_OTHERWISE", message)
    return None


def _linked_with(keys: Iterable[Key], stand: Collection[Decision]) -> set[Key]:
    """The assets, and all that links by hand connect with them, over however many steps."""
    found = set(keys)
    links_by_hand = [{d.one, d.other} for d in stand if d.decision == LINK]
    while more := {key for each in links_by_hand if each & found for key in each} - found:
        found |= more
    return found


def _decisions(couples: Iterable[Couple], decision: str, reason: str, but: Iterable[Decision] = ()) -> list[Decision]:
    wanted = {couple(*each) for each in couples} - {(d.one, d.other) for d in but if d.decision == decision}
    return [Decision(*each, decision, reason) for each in sorted(wanted)]


def _twice(keys: Iterable[Key]) -> tuple[str, str] | None:
    """Two of the assets that are of one source."""
    neighbours = pairwise(sorted(keys))
    return next(((_name(one), _name(other)) for one, other in neighbours if one.source == other.source), None)


def _name(key: Key) -> str:
    return f"{key.source}:{key.external_id}"
