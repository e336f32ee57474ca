"""Thinning history out and forgetting it, by age of recording, in small transactions.

Of an hour (or a day) that is thinned out, an asset's last point by the upstream's time stays and its last one by time
of recording, so that neither a history by hours nor what was believed at a full hour changes. Of what is forgotten, the
point stays that was still believed at the boundary: what is asked of later moments has an answer. Boundaries are
midnights, and only ever move on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from db.aio import AsyncConnection
from db.buckets import Bucket, bucket
from db.bulk import among
from db.clock import now
from db.engine import Database
from db.tables import asset_history, assets, sources
from db.uninterrupted import uninterrupted

# Points that are deleted in one transaction, and that are looked up at once.
CHUNK, FOUND_AT_ONCE = 2000, 50_000
ASSETS_AT_ONCE = 100
DAY = timedelta(days=1)
_point = asset_history.c


@dataclass(frozen=True, slots=True)
class Keeping:
    """After how many days one point an hour is kept, one a day, and none; None is never."""

    hourly_after: int | None = None
    daily_after: int | None = None
    forget_after: int | None = None


async def prune(database: Database, source: str, keeping: Keeping) -> int:
    """Do what is due; returns how many points went. Raises DatabaseUnavailable."""
    gone = 0
    if keeping.forget_after is not None:
        gone += await _forget(database, source, await _midnight(database, keeping.forget_after))
    if keeping.daily_after is not None:
        gone += await _thin(database, source, "day", await _midnight(database, keeping.daily_after))
    if keeping.hourly_after is not None:
        gone += await _thin(database, source, "hour", await _midnight(database, keeping.hourly_after))
    return gone


async def _midnight(database: Database, days: int) -> datetime:
    """The last midnight (UTC) that lies so many days back."""
    async with database.read() as connection:
        moment: datetime = (await connection.execute(select(now(-days * 86_400)))).scalar_one()
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


async def _forget(database: Database, source: str, until: datetime) -> int:
    """Forget points recorded before `until`, but for each asset's last of them."""
    gone = 0
    for some in _parts(await _assets(database, source)):
        while found := await _superfluous(database, some, [_point.recorded_at < until], ()):
            # Told before it is so: nobody gets an answer from points that go meanwhile.
            await _move(database, source, sources.c.history_since, until)
            gone += await _delete(database, found)
    return gone


async def _thin(database: Database, source: str, size: Bucket, until: datetime) -> int:
    """Keep the last points of each hour or day of what was recorded before `until`, day by day."""
    mark = sources.c.history_hourly_until if size == "hour" else sources.c.history_daily_until
    start = await _start(database, source, mark)
    gone = 0
    known = await _assets(database, source)
    for day in _days(start, until):
        for some in _parts(known):
            recorded = [_point.recorded_at >= day, _point.recorded_at < day + DAY]
            while found := await _superfluous(database, some, recorded, (size,)):
                gone += await _delete(database, found)
        await _move(database, source, mark, day + DAY)
    return gone


async def _superfluous(
    database: Database, asset_ids: Sequence[int], recorded: list[ColumnElement[bool]], sizes: Sequence[Bucket]
) -> Sequence[int]:
    """Points of the assets that are the last of none of the buckets, neither by time nor by recording."""
    async with database.read() as connection:
        by_recording = _place(connection, _point.recorded_at, sizes)
        places = [by_recording, *(_place(connection, _point.at, sizes) for _ in sizes)]
        columns = [place.label(f"place_{n}") for n, place in enumerate(places)]
        among_assets = among(connection, _point.asset_id, asset_ids)
        ranked = select(_point.id, *columns).where(among_assets, *recorded).subquery()
        behind = [ranked.c[column.name] > 1 for column in columns]
        return (await connection.execute(select(ranked.c.id).where(*behind).limit(FOUND_AT_ONCE))).scalars().all()


def _place(connection: AsyncConnection, at: ColumnElement[datetime], sizes: Sequence[Bucket]) -> ColumnElement[int]:
    """Which one a point is, from the last, of its asset in its bucket."""
    buckets = [bucket(connection.dialect.name, size, at) for size in sizes]
    return func.row_number().over(partition_by=(_point.asset_id, *buckets), order_by=(at.desc(), _point.id.desc()))


async def _delete(database: Database, point_ids: Sequence[int]) -> int:
    for start in range(0, len(point_ids), CHUNK):
        await uninterrupted(_delete_some(database, point_ids[start : start + CHUNK]))
    return len(point_ids)


async def _delete_some(database: Database, point_ids: Sequence[int]) -> None:
    async with database.write() as connection:
        await connection.execute(delete(asset_history).where(among(connection, _point.id, point_ids)))


async def _move(database: Database, source: str, mark: ColumnElement[datetime], to: datetime) -> None:
    """Move a mark of the source on; never back."""

    async def move() -> None:
        async with database.write() as connection:
            behind = or_(mark.is_(None), mark < to)
            moved = update(sources).where(sources.c.source == source, behind).values({mark: to})
            await connection.execute(moved)

    await uninterrupted(move())


async def _start(database: Database, source: str, mark: ColumnElement[datetime]) -> datetime:
    """The midnight from which on nothing is thinned out yet."""
    async with database.read() as connection:
        found = (await connection.execute(select(mark).where(sources.c.source == source))).scalar()
        if found is None:
            # Points are numbered as they are recorded, but for clocks that are set back.
            found = (await connection.execute(select(_point.recorded_at).order_by(_point.id).limit(1))).scalar()
    return (found or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)


async def _assets(database: Database, source: str) -> Sequence[int]:
    async with database.read() as connection:
        return (await connection.execute(select(assets.c.id).where(assets.c.source == source))).scalars().all()


def _days(start: datetime, until: datetime) -> Iterator[datetime]:
    while start < until:
        yield start
        start += DAY


def _parts(asset_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (asset_ids[n : n + ASSETS_AT_ONCE] for n in range(0, len(asset_ids), ASSETS_AT_ONCE))
