"""Pairs of assets that may be one coin and are left to a person."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from db import keyset, links
from db.aio import AsyncConnection
from db.keyset import AnyRow, Ordering, Page, Slice, Term
from db.likeness import Likeness
from db.tables import coin_pairs

_DOUBTFUL = select(coin_pairs).where(coin_pairs.c.doubt.is_not(None))
_MOST_PROBABLE = Ordering(
    (Term(coin_pairs.c.score, descending=True), Term(coin_pairs.c.one_id)), coin_pairs.c.other_id, "doubtful pairs"
)


class Doubt(NamedTuple):
    """Two assets, how probable it is that they are one coin (0 to 1), why they are not linked, and all evidence."""

    one: Likeness
    other: Likeness
    score: float
    why: str
    evidence: tuple[str, ...]


async def most_probable(connection: AsyncConnection, limit: int) -> list[Doubt]:
    """The doubtful pairs, the most probable first."""
    ordered = _DOUBTFUL.order_by(coin_pairs.c.score.desc(), coin_pairs.c.one_id, coin_pairs.c.other_id).limit(limit)
    rows: Sequence[Any] = (await connection.execute(ordered)).all()
    known = await links.likenesses(connection, {asset_id for row in rows for asset_id in (row.one_id, row.other_id)})
    return [
        Doubt(known[row.one_id], known[row.other_id], row.score, row.doubt, tuple(evidence_of(row))) for row in rows
    ]


async def page(connection: AsyncConnection, wanted: Slice, *, both_ends: bool = True) -> Page:
    """A page of the doubtful pairs, the most probable first. Raises InvalidCursor."""
    return await keyset.fetch(connection, _DOUBTFUL, _MOST_PROBABLE, wanted, both_ends=both_ends)


def evidence_of(row: AnyRow) -> list[str]:
    """What speaks for and against a pair, for people."""
    found: list[str] = json.loads(row.evidence)
    return found


async def count(connection: AsyncConnection) -> int:
    """How many pairs are doubtful."""
    counted = select(func.count()).select_from(coin_pairs).where(coin_pairs.c.doubt.is_not(None))
    return int((await connection.execute(counted)).scalar_one())
