"""Coins and which assets they hold. Writing; passes alone do it, in their transaction."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from db.aio import AsyncConnection
from db.bulk import BulkInsert, among, select_among, slices
from db.likeness import Key, seniority
from db.tables import coin_assets, coin_marks, coins

_COIN_COLUMNS = (
    "id", "source", "external_id", "slug_base", "slug", "symbol", "name", "rank", "price_usd", "divergence_percent",
    "market_cap_usd", "symbol_folded", "name_folded", "own_slug",
)  # fmt: skip
_FIGURES = (
    "symbol",
    "name",
    "rank",
    "price_usd",
    "divergence_percent",
    "market_cap_usd",
    "symbol_folded",
    "name_folded",
)
_PUT_COINS = BulkInsert(
    coins,
    _COIN_COLUMNS,
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _FIGURES)}",
)
_MEMBER_COLUMNS = ("asset_id", "coin_id", "own_coin_id", "traits", "confidence", "evidence", "manual", "fresh")
_PUT_MEMBERS = BulkInsert(
    coin_assets,
    _MEMBER_COLUMNS,
    f"ON CONFLICT (asset_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _MEMBER_COLUMNS[1:])}",
)
# A mark is of something only once the pass is through.
_COUNT = BulkInsert(
    coin_marks,
    ("source", "batch_id", "coin_count"),
    "ON CONFLICT (source) DO UPDATE SET coin_count = coin_marks.coin_count + excluded.coin_count",
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Coin(NamedTuple):
    """A coin's row, but for what follows from its anchor, the asset it is named after. `slug_base` is a wish."""

    anchor: Key
    slug_base: str
    symbol: str
    name: str
    rank: int | None
    price_usd: float | None
    divergence_percent: float | None
    market_cap_usd: float | None


class Place(NamedTuple):
    """Where an asset is, how sure that is (0 to 1), and why. `traits` is what its keys were worked out from."""

    asset_id: int
    key: Key
    anchor: Key
    traits: str
    confidence: float
    evidence: tuple[str, ...]
    manual: bool
    fresh: bool


# Asked for again in every table that names the coin.
@lru_cache(maxsize=10_000)
def id_of(anchor: Key) -> int:
    """The id of the coin that is named after the asset: the same in every database."""
    digest = blake2b("\x00".join(anchor).encode(), digest_size=8).digest()
    # Within what a double, and so every JSON reader, holds exactly.
    return int.from_bytes(digest) >> 11


async def coins_of(connection: AsyncConnection, asset_ids: Collection[int]) -> dict[int, int]:
    """The coin of each asset that has one."""
    query = select(coin_assets.c.asset_id, coin_assets.c.coin_id)
    rows = await select_among(connection, query, coin_assets.c.asset_id, asset_ids)
    return {row.asset_id: row.coin_id for row in rows}


async def members_of(connection: AsyncConnection, coin_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """The assets of the coins: asset id to coin id and whether it counted as fresh."""
    query = select(coin_assets.c.asset_id, coin_assets.c.coin_id, coin_assets.c.fresh)
    rows = await select_among(connection, query, coin_assets.c.coin_id, coin_ids)
    return {row.asset_id: (row.coin_id, row.fresh) for row in rows}


async def divergences(connection: AsyncConnection, anchors: Iterable[Key]) -> dict[Key, float]:
    """How far the sources of those coins differ by what is stored, in percent; those with one price are missing."""
    ids = {id_of(anchor): anchor for anchor in anchors}
    known = select(coins.c.id, coins.c.divergence_percent).where(coins.c.divergence_percent.is_not(None))
    rows = await connection.execute(known.where(among(connection, coins.c.id, ids)))
    return {ids[row.id]: row.divergence_percent for row in rows}


async def put(connection: AsyncConnection, written: Iterable[Coin]) -> None:
    """Write the figures of coins that exist."""
    for some in slices(written):
        await _PUT_COINS.run(connection, [_coin_row(coin, "") for coin in some])


async def put_new(connection: AsyncConnection, written: Collection[Coin]) -> set[str]:
    """Write coins that are not there yet. Returns the slugs that several wish for, which is for `name_slugs` to settle:
    until then they have slugs of their own."""
    wishes = Counter(coin.slug_base for coin in written)
    contested = {base for base, count in wishes.items() if count > 1} | await _wished(connection, wishes)
    for some in slices(written):
        rows = [_coin_row(coin, "" if coin.slug_base in contested else coin.slug_base) for coin in some]
        await _PUT_COINS.run(connection, rows, likely_new=True)
    return contested


async def _wished(connection: AsyncConnection, bases: Iterable[str]) -> set[str]:
    """Those of the slugs that coins wish for already."""
    rows = await select_among(connection, select(coins.c.slug_base), coins.c.slug_base, bases)
    return {row.slug_base for row in rows}


def _coin_row(coin: Coin, slug: str) -> tuple[Any, ...]:
    coin_id = id_of(coin.anchor)
    slug = slug or _own_slug(coin.slug_base, coin_id)
    folded = coin.symbol.casefold(), coin.name.casefold()
    return coin_id, *coin.anchor, coin.slug_base, slug, *coin[2:], *folded, _is_own(slug, coin.anchor.external_id)


def _is_own(slug: str, external_id: str) -> bool:
    return slug != external_id.casefold()


async def place(connection: AsyncConnection, places: Iterable[Place], *, likely_new: bool) -> None:
    """Put assets into their coins, which exist. Nothing depends on `likely_new`, in no coin yet, but speed."""
    for some in slices(places):
        await _PUT_MEMBERS.run(connection, [_member_row(place) for place in some], likely_new=likely_new)


def _member_row(p: Place) -> tuple[Any, ...]:
    evidence = _as_text(p.evidence)
    return p.asset_id, id_of(p.anchor), id_of(p.key), p.traits, p.confidence, evidence, p.manual, p.fresh


# Most coins have one asset, and the same to say of it.
@lru_cache(maxsize=1000)
def _as_text(evidence: tuple[str, ...]) -> str:
    return json.dumps(evidence)


async def freshen(connection: AsyncConnection, fresh: Mapping[int, bool]) -> None:
    """Note which assets count as fresh."""
    changed = update(coin_assets).where(coin_assets.c.asset_id == bindparam("id")).values(fresh=bindparam("now"))
    for some in slices(fresh.items()):
        await connection.execute(changed, [{"id": asset_id, "now": now} for asset_id, now in some])


async def drop_empty(connection: AsyncConnection, coin_ids: Collection[int]) -> list[tuple[str, str]]:
    """Drop those of the coins that hold no asset any more: their sources, and the slugs that others may now have."""
    held = select(coin_assets.c.asset_id).where(coin_assets.c.coin_id == coins.c.id).exists()
    dropped = delete(coins).where(~held).returning(coins.c.source, coins.c.slug_base)
    found: list[tuple[str, str]] = []
    for some in slices(coin_ids):
        rows = await connection.execute(dropped.where(among(connection, coins.c.id, some)))
        found.extend((row.source, row.slug_base) for row in rows)
    return found


async def name_slugs(connection: AsyncConnection, bases: Collection[str]) -> None:
    """Give each wished slug to the coin of the most trusted source, then of the lower external id; others keep theirs
    with a number. So slugs depend on the coins there are, not on who came first."""
    for some in slices(bases):
        await _name_slugs(connection, some)


async def _name_slugs(connection: AsyncConnection, bases: Collection[str]) -> None:
    query = select(coins.c.id, coins.c.slug_base, coins.c.slug, coins.c.source, coins.c.external_id)
    rows = (await connection.execute(query.where(among(connection, coins.c.slug_base, bases)))).all()
    ranked = sorted(rows, key=lambda row: seniority(Key(row.source, row.external_id)))
    winners = {row.slug_base: row.id for row in reversed(ranked)}
    right = {
        row.id: row.slug_base if winners[row.slug_base] == row.id else _own_slug(row.slug_base, row.id) for row in rows
    }
    wrong = [
        {"coin": row.id, "right": right[row.id], "own": _is_own(right[row.id], row.external_id)}
        for row in rows
        if row.slug != right[row.id]
    ]
    # Those that lose a slug first: it is unique.
    losing = [change for change in wrong if "." in change["right"]]
    winning = [change for change in wrong if "." not in change["right"]]
    for changes in (losing, winning):
        if changes:
            renamed = update(coins).where(coins.c.id == bindparam("coin"))
            values: dict[str, Any] = {"slug": bindparam("right"), "own_slug": bindparam("own")}
            await connection.execute(renamed.values(values), changes)


async def count(connection: AsyncConnection, more: Mapping[str, int]) -> None:
    """Note that there are so many more coins (or fewer) that are named after an asset of each source."""
    await _COUNT.run(connection, [(source, 0, number) for source, number in sorted(more.items()) if number])


async def recount(connection: AsyncConnection) -> None:
    """Work out anew what is noted of coins: how many there are, and which have a slug of their own. Reads them all."""
    has_own = coins.c.slug != func.lower(coins.c.external_id)
    await connection.execute(update(coins).where(coins.c.own_slug != has_own).values(own_slug=has_own))
    counted = select(func.count()).where(coins.c.source == coin_marks.c.source).scalar_subquery()
    await connection.execute(update(coin_marks).values(coin_count=counted))


def _own_slug(base: str, coin_id: int) -> str:
    """A slug that no other coin can have: the letters of a wish never hold a full stop."""
    text = ""
    while coin_id:
        coin_id, digit = divmod(coin_id, 36)
        text = _DIGITS[digit] + text
    return f"{base}.{text}"
