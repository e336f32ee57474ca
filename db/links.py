"""What the linking of assets to coins works on: their facts and keys, the pairs that were compared, and its marks.

Everything here happens inside a pass, in its one transaction, which starts with `lock`.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from db.aio import AsyncConnection
from db.bulk import BulkInsert, among, select_among, slices
from db.likeness import Key, Likeness
from db.tables import asset_contracts, assets, batches, coin_assets, coin_keys, coin_marks, coin_pairs, sources

# The row of coin_marks that is of no source.
_EVERY = ""
# In the order of Likeness.
_FACTS = (
    "source", "external_id", "symbol", "name", "rank", "price_usd", "market_cap_usd", "total_supply", "max_supply",
    "ath_usd", "ath_at", "last_updated",
)  # fmt: skip

_ADD_KEYS = BulkInsert(coin_keys, ("key", "asset_id"), "ON CONFLICT DO NOTHING")
_PUT_PAIRS = BulkInsert(
    coin_pairs,
    ("one_id", "other_id", "weight", "score", "evidence", "contract"),
    """ON CONFLICT (one_id, other_id) DO UPDATE SET weight = excluded.weight, score = excluded.score,
       evidence = excluded.evidence, contract = excluded.contract""",
)
_PUT_MARKS = BulkInsert(
    coin_marks, ("source", "batch_id"), "ON CONFLICT (source) DO UPDATE SET batch_id = excluded.batch_id"
)


class Changed(NamedTuple):
    """What was written since the last pass: by these runs, or by whichever if that is None; and the marks to set.

    `other_rules` tells that the last pass went by other rules, and perhaps was another version's.
    """

    run_ids: frozenset[int] | None
    marks: dict[str, int]
    other_rules: bool


class StoredPair(NamedTuple):
    """Two assets, the one of the lower key first, and what was found of them. Weights are natural logarithms."""

    one_id: int
    other_id: int
    weight: float
    score: float
    evidence: tuple[str, ...]
    contract: bool | None


async def lock(connection: AsyncConnection) -> None:
    """Let passes of all processes queue up: one at a time."""
    statement: Any = postgresql_insert(coin_marks).values(source=_EVERY, batch_id=0).on_conflict_do_nothing()
    if connection.dialect.name == "sqlite":
        statement = insert(coin_marks).prefix_with("OR IGNORE").values(source=_EVERY, batch_id=0)
    await connection.execute(statement)
    await connection.execute(select(coin_marks.c.source).where(coin_marks.c.source == _EVERY).with_for_update())


async def changed(connection: AsyncConnection, rules: int) -> Changed:
    """What the journal says was written since the last pass; everything if that went by other rules, or never was."""
    marks = {row.source: row.batch_id for row in await connection.execute(select(coin_marks))}
    last_rules = marks.pop(_EVERY, 0)
    since = await _since(connection, marks) if last_rules == rules else 0
    query = select(batches.c.source, batches.c.run_id, func.max(batches.c.id).label("last"))
    rows = (await connection.execute(query.where(batches.c.id > since).group_by("source", "run_id"))).all()
    heads = {} if last_rules == rules else {**marks, _EVERY: rules}
    if last_rules == rules:
        rows = [row for row in rows if row.last > marks.get(row.source, 0)]
    for row in rows:
        heads[row.source] = max(row.last, heads.get(row.source, 0))
    run_ids = frozenset(row.run_id for row in rows) if last_rules == rules else None
    return Changed(run_ids, heads, last_rules not in {0, rules})


async def _since(connection: AsyncConnection, marks: Mapping[str, int]) -> int:
    """No batch up to this one is news. A source without a mark can have an old batch that was committed late."""
    rows = await connection.execute(select(sources.c.source).where(sources.c.asset_count > 0))
    return min((marks.get(row.source, 0) for row in rows), default=0)


async def written(connection: AsyncConnection, changed: Changed, behind: int, limit: int) -> list[int]:
    """The changed assets behind an id, in the order of ids: at most `limit`."""
    query = select(assets.c.id).where(assets.c.id > behind).order_by(assets.c.id).limit(limit)
    if changed.run_ids is not None:
        query = query.where(among(connection, assets.c.run_id, changed.run_ids))
    return list((await connection.execute(query)).scalars())


async def remember(connection: AsyncConnection, marks: Mapping[str, int]) -> None:
    """Move the marks, so that the next pass begins behind this one."""
    await _PUT_MARKS.run(connection, sorted(marks.items()))


async def likenesses(connection: AsyncConnection, asset_ids: Collection[int]) -> dict[int, Likeness]:
    """The assets' facts as they are stored now."""
    columns = (assets.c[name] for name in _FACTS)
    query = select(assets.c.id, *columns)
    found: dict[int, Likeness] = {}
    for some in slices(asset_ids):
        contracts = await _contracts(connection, some)
        for row in await connection.execute(query.where(among(connection, assets.c.id, some))):
            asset_id, *facts = row
            found[asset_id] = Likeness(*(*facts, contracts.get(asset_id, ())))
    return found


async def _contracts(connection: AsyncConnection, asset_ids: Collection[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    query = (
        select(assets.c.id, asset_contracts.c.platform, asset_contracts.c.address)
        .join(
            asset_contracts,
            (asset_contracts.c.source == assets.c.source) & (asset_contracts.c.external_id == assets.c.external_id),
        )
        .where(among(connection, assets.c.id, asset_ids))
        .order_by(assets.c.id, asset_contracts.c.platform, asset_contracts.c.address)
    )
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for asset_id, platform, address in await connection.execute(query):
        found[asset_id] = (*found.get(asset_id, ()), (platform, address))
    return found


async def traits(connection: AsyncConnection, asset_ids: Collection[int]) -> dict[int, str]:
    """What the assets' keys were worked out from; assets that no pass has seen are missing."""
    query = select(coin_assets.c.asset_id, coin_assets.c.traits)
    rows = await select_among(connection, query, coin_assets.c.asset_id, asset_ids)
    return {row.asset_id: row.traits for row in rows}


async def replace_keys(connection: AsyncConnection, keys: Mapping[int, Iterable[str]], new: Collection[int]) -> None:
    """Give assets other keys; those that are `new` have none yet."""
    for some in slices(asset_id for asset_id in keys if asset_id not in new):
        await connection.execute(delete(coin_keys).where(among(connection, coin_keys.c.asset_id, some)))
    for held in slices(keys.items()):
        rows = [(key, asset_id) for asset_id, each in held for key in sorted(each)]
        await _ADD_KEYS.run(connection, rows, likely_new=True)


async def sharing(connection: AsyncConnection, keys: Collection[str], but: str) -> list[tuple[str, int]]:
    """Every asset that has one of the keys, with the key; but none of the source `but`."""
    query = select(coin_keys.c.key, coin_keys.c.asset_id).join(assets, assets.c.id == coin_keys.c.asset_id)
    found = await select_among(connection, query.where(assets.c.source != but), coin_keys.c.key, keys)
    return [tuple(row) for row in found]


async def forget_pairs(connection: AsyncConnection, asset_ids: Collection[int]) -> set[int]:
    """Drop every pair of the assets; returns the assets that were in one."""
    dropped = delete(coin_pairs).returning(coin_pairs.c.one_id, coin_pairs.c.other_id)
    parted: set[int] = set()
    for some in slices(asset_ids):
        parted.update(*(tuple(row) for row in await connection.execute(dropped.where(_touching(connection, some)))))
    return parted


async def pairs_touching(connection: AsyncConnection, asset_ids: Collection[int]) -> list[StoredPair]:
    """Every pair with one of the assets or both."""
    found = {
        pair[:2]: pair for some in slices(asset_ids) for pair in await _pairs(connection, _touching(connection, some))
    }
    return list(found.values())


async def pairs_within(connection: AsyncConnection, asset_ids: Collection[int]) -> list[StoredPair]:
    """Every pair of two of the assets."""
    within = set(asset_ids)
    # Looking both sides up in SQL makes SQLite try every two of them.
    return [
        pair
        for some in slices(within)
        for pair in await _pairs(connection, among(connection, coin_pairs.c.one_id, some))
        if pair.other_id in within
    ]


async def _pairs(connection: AsyncConnection, condition: Any) -> list[StoredPair]:
    columns = (coin_pairs.c[name] for name in StoredPair._fields)
    rows = await connection.execute(select(*columns).where(condition))
    return [
        StoredPair(row.one_id, row.other_id, row.weight, row.score, tuple(json.loads(row.evidence)), row.contract)
        for row in rows
    ]


def _touching(connection: AsyncConnection, asset_ids: Collection[int]) -> Any:
    return or_(among(connection, coin_pairs.c.one_id, asset_ids), among(connection, coin_pairs.c.other_id, asset_ids))


async def put_pairs(connection: AsyncConnection, pairs: Iterable[StoredPair]) -> None:
    for some in slices(pairs):
        await _PUT_PAIRS.run(connection, [(*pair[:4], json.dumps(pair.evidence), pair.contract) for pair in some])


async def set_doubts(
    connection: AsyncConnection, within: Collection[int], doubts: Mapping[tuple[int, int], str]
) -> None:
    """Which pairs of these assets a person should look at, and why they are not linked; no others are doubtful."""
    query = select(coin_pairs.c.one_id, coin_pairs.c.other_id, coin_pairs.c.doubt).where(
        coin_pairs.c.doubt.is_not(None)
    )
    rows = await select_among(connection, query, coin_pairs.c.one_id, within)
    kept = set(within)
    before = {(row.one_id, row.other_id): row.doubt for row in rows if row.other_id in kept}
    changed = [
        {"one": pair[0], "other": pair[1], "why": doubts.get(pair)}
        for pair in sorted(before.keys() | doubts.keys())
        if before.get(pair) != doubts.get(pair)
    ]
    of_them = (coin_pairs.c.one_id == bindparam("one")) & (coin_pairs.c.other_id == bindparam("other"))
    for some in slices(changed):
        await connection.execute(update(coin_pairs).where(of_them).values(doubt=bindparam("why")), some)


async def neighbours(connection: AsyncConnection, asset_ids: Collection[int], score: float) -> set[int]:
    """The assets, and all that are in a pair with one of them that scores so much or more."""
    query = select(coin_pairs.c.one_id, coin_pairs.c.other_id).where(coin_pairs.c.score >= score)
    found = set(asset_ids)
    for some in slices(asset_ids):
        found.update(*(tuple(row) for row in await connection.execute(query.where(_touching(connection, some)))))
    return found


async def ids_of(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, int]:
    """The ids of those of the assets that exist."""
    if not keys:
        return {}
    query = select(assets.c.source, assets.c.external_id, assets.c.id)
    rows = await connection.execute(query.where(among(connection, assets.c.external_id, {k.external_id for k in keys})))
    found = {Key(row.source, row.external_id): row.id for row in rows}
    return {key: found[key] for key in keys if key in found}


async def keys_of(connection: AsyncConnection, asset_ids: Collection[int]) -> dict[int, Key]:
    """The keys of those of the assets that exist."""
    query = select(assets.c.id, assets.c.source, assets.c.external_id)
    rows = await connection.execute(query.where(among(connection, assets.c.id, asset_ids)))
    return {row.id: Key(row.source, row.external_id) for row in rows}
