"""Whole tables for people to take away, as rows of one snapshot, never more than a part of them in memory."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, case, func, select

from db.aio import AsyncConnection
from db.keyset import AnyRow
from db.tables import FIGURES, asset_history, assets, coin_assets, coins

Kind = Literal["text", "integer", "number", "time", "boolean"]
_KINDS: dict[type, Kind] = {str: "text", int: "integer", float: "number", datetime: "time", bool: "boolean"}
# Rows that are in memory at once.
PART = 5000


@dataclass(frozen=True, slots=True)
class Export:
    """What can be exported: columns and rows in their order, and what `source` and `since` speak of."""

    columns: tuple[ColumnElement[Any], ...]
    rows: FromClause
    order: tuple[ColumnElement[int], ...]
    source: ColumnElement[str]
    time: ColumnElement[datetime]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(column.key) for column in self.columns)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What each column holds, if it is not unknown."""
        return tuple(_KINDS[column.type.python_type] for column in self.columns)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows: of one source, stored at or after `since`; without either, all."""

    source: str | None = None
    since: datetime | None = None


ASSETS = Export(
    columns=tuple(
        assets.c[name]
        for name in (
            "id", "source", "external_id", "symbol", "name", "rank", *FIGURES, "ath_at", "last_updated",
            "first_seen_at", "updated_at",
        )
    ),
    rows=assets,
    order=(assets.c.id,),
    source=assets.c.source,
    time=assets.c.updated_at,
)  # fmt: skip
HISTORY = Export(
    columns=(
        assets.c.source,
        assets.c.external_id,
        *(
            asset_history.c[name]
            for name in ("at", "price_usd", "market_cap_usd", "volume_24h_usd", "rank", "recorded_at", "run_id",
                         "record_id")
        ),
    ),
    rows=asset_history.join(assets, assets.c.id == asset_history.c.asset_id),
    order=(asset_history.c.id,),
    source=assets.c.source,
    time=asset_history.c.recorded_at,
)  # fmt: skip
# A row for each asset of a coin: the coin's figures, then what this source says.
COINS = Export(
    columns=(
        *(
            coins.c[name]
            for name in (
                "slug", "symbol", "name", "rank", "price_usd", "divergence_percent", "market_cap_usd",
            )
        ),
        assets.c.source,
        assets.c.external_id,
        assets.c.price_usd.label("source_price_usd"),
        assets.c.market_cap_usd.label("source_market_cap_usd"),
        assets.c.last_updated.label("source_last_updated"),
        coin_assets.c.confidence,
        case((coin_assets.c.manual, "manual"), else_="automatic").label("linked_by"),
        coin_assets.c.fresh,
    ),
    rows=coin_assets.join(coins, coins.c.id == coin_assets.c.coin_id).join(
        assets, assets.c.id == coin_assets.c.asset_id
    ),
    order=(coin_assets.c.coin_id, coin_assets.c.asset_id),
    source=assets.c.source,
    time=assets.c.updated_at,
)  # fmt: skip
EXPORTS = {"assets": ASSETS, "coins": COINS, "history": HISTORY}


async def parts(connection: AsyncConnection, export: Export, chosen: Chosen) -> AsyncIterator[Sequence[AnyRow]]:
    """The rows in the order of the export, PART at a time."""
    wanted = (
        select(*export.columns).select_from(export.rows).where(*_conditions(export, chosen)).order_by(*export.order)
    )
    async with connection.stream(wanted, execution_options={"yield_per": PART}) as found:
        async for part in found.partitions():
            yield part


async def count(connection: AsyncConnection, export: Export, chosen: Chosen) -> int:
    """How many rows there are to come."""
    counted = select(func.count()).select_from(export.rows).where(*_conditions(export, chosen))
    return int((await connection.execute(counted)).scalar_one())


def _conditions(export: Export, chosen: Chosen) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.source is not None:
        conditions.append(export.source == chosen.source)
    if chosen.since is not None:
        conditions.append(export.time >= chosen.since)
    return conditions
