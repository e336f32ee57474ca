"""Forgetting what is old: raw records, journal, quarantine and requests of windows closed long ago, and run events.

Whole windows are forgotten, oldest first, so that everything behind `etl_sources.retained_after` (a run id) can still
be proven. The raw record that an asset came from is never forgotten. Work is done in small transactions under the
source's lease row: a batch that goes back to an old record can't lose it in between.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import case, delete, func, insert, select, update

from db import leases
from db.aio import AsyncConnection
from db.clock import now
from db.engine import Database
from db.tables import assets, batches, quarantine, raw_assets, requests, run_events, runs, sources, windows
from db.uninterrupted import uninterrupted

CHUNK = 2000
SECONDS_A_DAY = 86_400
Forget = Callable[[AsyncConnection, str, int], Awaitable[int]]


async def prune(database: Database, source: str, days: int) -> int:
    """Forget what belongs to windows closed more than `days` ago; returns how many rows went."""
    async with database.write() as connection:
        boundary = await _boundary(connection, source, days)
        if boundary is None:
            return 0
        await _move_boundary(connection, source, boundary)
    gone = 0
    for forget in (_forget_raw, _forget_batches, _forget_quarantine, _forget_requests):
        while deleted := await uninterrupted(_one_chunk(database, source, boundary, forget)):
            gone += deleted
    return gone


async def prune_events(database: Database, source: str, days: int) -> int:
    """Forget events that are older than `days`; returns how many went.

    A source's last event stays: it tells where the log stands, and whether a cursor is too old.
    """
    async with database.read() as connection:
        old = run_events.c.at < now(-days * SECONDS_A_DAY)
        found = select(func.max(run_events.c.sequence)).where(run_events.c.source == source)
        last = (await connection.execute(found)).scalar()
        boundary = (await connection.execute(found.where(old, run_events.c.sequence != last))).scalar()
    gone = 0
    while boundary and (deleted := await uninterrupted(_one_chunk(database, source, boundary, _forget_events))):
        gone += deleted
    return gone


async def _one_chunk(database: Database, source: str, boundary: int, forget: Forget) -> int:
    async with database.write() as connection:
        await leases.lock(connection, source)
        return await forget(connection, source, boundary)


async def _boundary(connection: AsyncConnection, source: str, days: int) -> int | None:
    """The last run of the last window that is old enough."""
    old = windows.c.closed_at < now(-days * SECONDS_A_DAY)
    found = (
        select(func.max(runs.c.id)).join(windows, windows.c.id == runs.c.window_id).where(runs.c.source == source, old)
    )
    boundary: int | None = (await connection.execute(found)).scalar()
    return boundary


async def _move_boundary(connection: AsyncConnection, source: str, boundary: int) -> None:
    # It only ever rises: what is gone stays gone when more days are allowed later.
    before = func.coalesce(sources.c.retained_after, 0)
    raised = case((before > boundary, before), else_=boundary)
    done = await connection.execute(update(sources).where(sources.c.source == source).values(retained_after=raised))
    if done.rowcount == 0:
        await connection.execute(insert(sources).values(source=source, retained_after=boundary))


async def _forget_raw(connection: AsyncConnection, source: str, boundary: int) -> int:
    shown = (
        select(assets.c.id)
        .where(
            assets.c.source == raw_assets.c.source,
            assets.c.external_id == raw_assets.c.external_id,
            assets.c.record_id == raw_assets.c.record_id,
        )
        .exists()
    )
    old = select(raw_assets.c.id).where(raw_assets.c.source == source, raw_assets.c.run_id <= boundary, ~shown)
    deleted = await connection.execute(delete(raw_assets).where(raw_assets.c.id.in_(old.limit(CHUNK))))
    counted = update(sources).where(sources.c.source == source)
    await connection.execute(counted.values(raw_count=sources.c.raw_count - deleted.rowcount))
    return deleted.rowcount


async def _forget_batches(connection: AsyncConnection, source: str, boundary: int) -> int:
    old = select(batches.c.id).where(batches.c.source == source, batches.c.run_id <= boundary)
    return (await connection.execute(delete(batches).where(batches.c.id.in_(old.limit(CHUNK))))).rowcount


async def _forget_quarantine(connection: AsyncConnection, source: str, boundary: int) -> int:
    old = select(quarantine.c.id).where(quarantine.c.source == source, quarantine.c.run_id <= boundary)
    return (await connection.execute(delete(quarantine).where(quarantine.c.id.in_(old.limit(CHUNK))))).rowcount


async def _forget_requests(connection: AsyncConnection, source: str, boundary: int) -> int:
    old = select(requests.c.id).where(requests.c.source == source, requests.c.run_id <= boundary)
    return (await connection.execute(delete(requests).where(requests.c.id.in_(old.limit(CHUNK))))).rowcount


async def _forget_events(connection: AsyncConnection, source: str, boundary: int) -> int:
    # The oldest first, so that what is left has no gap whenever this ends.
    old = run_events.c.source == source, run_events.c.sequence <= boundary
    chunk = select(run_events.c.sequence).where(*old).order_by(run_events.c.sequence).limit(CHUNK).subquery()
    end = select(func.max(chunk.c.sequence)).scalar_subquery()
    return (await connection.execute(delete(run_events).where(*old, run_events.c.sequence <= end))).rowcount
