"""What is known of a coin, now or at an earlier moment: what the graph's `Coin` shows.

It knows nothing of assets' types, so that `Asset` can lead to its coin and `Coin` to its assets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import strawberry

from db import coin_catalog
from db.coin_catalog import Membership
from db.consensus import consensus
from db.keyset import AnyRow
from db.likeness import Likeness
from graphql_schema import ids
from graphql_schema.loaders import Loaders

# What the consensus follows from.
_COLUMNS = ("id", "source", "external_id", "symbol", "name", "rank", "price_usd", "market_cap_usd", "last_updated")


@dataclass(frozen=True, slots=True)
class CoinFigures:
    """A coin at a moment; None is now. `members` are those of that moment; of now, they are read when asked for."""

    id: strawberry.ID
    row_id: int
    as_of: datetime | None
    members: tuple[Membership, ...]
    slug: str
    symbol: str
    name: str
    rank: int | None
    price_usd: float | None
    divergence_percent: float | None
    market_cap_usd: float | None


def of_row(row: AnyRow) -> CoinFigures:
    """The coin as it is now."""
    values = {name: getattr(row, name) for name in coin_catalog.COLUMNS if name != "id"}
    return CoinFigures(id=ids.encode("Coin", row.id), row_id=row.id, as_of=None, members=(), **values)


async def at(loaders: Loaders, row: AnyRow | None, moment: datetime | None) -> CoinFigures | None:
    """The coin at the moment; None where there is none, or none of its assets was stored by then."""
    if row is None or moment is None:
        return None if row is None else of_row(row)
    members = await loaders.coin_members.load(row.id) or []
    found = await loaders.asset_by_id.load_many((member.asset_id, (_COLUMNS, moment)) for member in members)
    stored = [(member, asset) for member, asset in zip(members, found, strict=True) if asset is not None]
    return _believed(of_row(row), stored, moment) if stored else None


def _believed(now: CoinFigures, stored: Sequence[tuple[Membership, AnyRow]], moment: datetime) -> CoinFigures:
    said = consensus(
        [Likeness(**cast("Any", {name: getattr(asset, name) for name in _COLUMNS[1:]})) for _, asset in stored]
    )
    members = tuple(member._replace(fresh=member.key in said.fresh) for member, _ in stored)
    return replace(now, as_of=moment, members=members, **said.figures)
