"""Which rows a list of assets is made of: the assets of now, or what was believed of them at an earlier moment.

What was believed is read from the history by the time of recording, not by the upstream's time: a figure counts from
the transaction on that stored it. Price, market cap, volume and rank are of that moment, as are the times and the
lineage of that point. Names and symbols are today's, because only figures have a history; every other figure is
unknown. Assets that were stored later are not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, cast, func, null, select

from db.aio import AsyncConnection
from db.clock import UtcDateTime
from db.errors import HistoryForgotten
from db.filters import Field, Fields
from db.tables import FIGURES, asset_history, assets, sources

_FOLDED = {name: assets.c[f"{name}_folded"] for name in ("symbol", "name", "external_id")}
_TIMES = tuple(column.name for column in assets.c if isinstance(column.type, UtcDateTime))
# Source names are lower-case words, their own folded form.
_TEXTS: dict[str, ColumnElement[Any]] = {"source": assets.c.source, **_FOLDED}
_CONSTANT = ("id", "source", "external_id", "symbol", "name", "first_seen_at")
_RECORDED = ("rank", "price_usd", "market_cap_usd", "volume_24h_usd", "record_id", "run_id")


@dataclass(frozen=True, slots=True)
class AssetView:
    """The columns of assets and where they are read from; `fields` are what filters and orders may speak of."""

    columns: Mapping[str, ColumnElement[Any]]
    fields: Fields
    rows: FromClause


NOW = AssetView(
    {column.name: column for column in assets.c},
    {
        "id": Field(assets.c.id),
        **{name: Field(column, folded=True) for name, column in _TEXTS.items()},
        **{name: Field(assets.c[name], nullable=bool(assets.c[name].nullable)) for name in ("rank", *FIGURES, *_TIMES)},
    },
    assets,
)


def view_of(as_of: datetime | None) -> AssetView:
    """The assets of now, or of that moment."""
    return NOW if as_of is None else _past(as_of)


async def check(connection: AsyncConnection, as_of: datetime | None) -> None:
    """Raise HistoryForgotten where the points of that moment are not kept any more."""
    if as_of is None:
        return
    kept_since = (await connection.execute(select(func.max(sources.c.history_since)))).scalar()
    if kept_since is not None and as_of < kept_since:
        raise HistoryForgotten(f"history is kept since {kept_since:%Y-%m-%dT%H:%M:%SZ}; `asOf` lies before that")


def _past(as_of: datetime) -> AssetView:
    point = asset_history.alias("point")
    earlier = asset_history.alias("earlier")
    newest = (
        select(earlier.c.id)
        .where(earlier.c.asset_id == assets.c.id, earlier.c.recorded_at <= as_of)
        .order_by(earlier.c.recorded_at.desc(), earlier.c.id.desc())
        .limit(1)
        .correlate(assets)
        .scalar_subquery()
    )
    times: dict[str, ColumnElement[Any]] = {"last_updated": point.c.at, "updated_at": point.c.recorded_at}
    known: dict[str, ColumnElement[Any]] = {
        **{name: assets.c[name] for name in _CONSTANT},
        **{name: point.c[name] for name in _RECORDED},
        **times,
    }
    columns = {c.name: known.get(c.name, cast(null(), c.type)).label(c.name) for c in assets.c}
    fields = {
        name: Field(known[name], nullable=field.nullable) if name in (*_RECORDED, *times) else field
        for name, field in NOW.fields.items()
        if name in known
    }
    return AssetView(columns, fields, assets.join(point, point.c.id == newest))
