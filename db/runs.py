"""Runs: asking for one, starting it, counting, ending it. Query functions never commit.

A request is answered with the active run of its source if there is one, and with a new queued run
otherwise. Requests are kept, so that a schedule slot or an idempotency key is answered once and for all.

Every change is told in `run_events`, in the same transaction: whoever calls holds the source's lease row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, case, func, insert, select, text, update

from db import leases, run_counts, run_events
from db.aio import AsyncConnection
from db.clock import now
from db.enums import ACTIVE, RunEventKind, RunMode, RunStatus, RunTrigger
from db.id_list import Ids
from db.run_counts import RunCount
from db.tables import IS_ACTIVE, OUTCOME_COUNTS, requests, runs, sources
from db.tables import leases as lease_table


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at (the rest of) a window. Counts are records; times are UTC.

    `replay_ids` are the quarantined records a replay was asked for; None for all of them.
    Events keep it as JSON, so a field that is added later needs a default.
    """

    id: int
    source: str
    mode: RunMode
    trigger: RunTrigger
    status: RunStatus
    window_id: int | None
    epoch: int | None
    records_processed: int
    inserted: int
    updated: int
    unchanged: int
    stale: int
    missing: int
    quarantined: int
    total: int | None
    injected_failure: bool
    fail_after: int | None
    error: str | None
    resumed_after: str | None
    start_position: int
    requested_at: datetime
    run_started_at: datetime | None
    run_finished_at: datetime | None
    cancel_requested_at: datetime | None
    replay_ids: Ids | None = None

    @classmethod
    def from_row(cls, row: Any) -> "Run":
        values = dict(row._mapping)
        values["mode"] = RunMode(values["mode"])
        values["trigger"] = RunTrigger(values["trigger"])
        values["status"] = RunStatus(values["status"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Requested:
    """The answer to a request: the run, and whether this request brought it into being."""

    run: Run
    started: bool


class IdempotencyKeyReused(Exception):
    """The key was used before with other arguments."""


async def request(
    connection: AsyncConnection,
    source: str,
    mode: RunMode,
    trigger: RunTrigger,
    *,
    slot: datetime | None = None,
    idempotency_key: str | None = None,
    asked: str = "",
    replay_ids: Ids | None = None,
) -> Requested:
    """Record that a run of `source` is wanted. `asked` names the arguments an idempotency key stands for.

    `replay_ids` are the quarantined records that a replay is to be of, None for all. A queued run takes them on;
    a running one does not.

    Raises IdempotencyKeyReused.
    """
    await leases.lock(connection, source)
    earlier = await _answered(connection, source, slot, idempotency_key, asked)
    if earlier is not None:
        return earlier
    await abandon_dead(connection, source)
    run = await active(connection, source)
    if run is not None and run.status is RunStatus.QUEUED and mode is not RunMode.INCREMENTAL:
        run = await _change(connection, run, mode, replay_ids)
    if run is not None:
        answer = Requested(run, started=False)
    else:
        answer = Requested(await _queue(connection, source, mode, trigger, replay_ids), started=True)
    await connection.execute(
        insert(requests).values(
            source=source, mode=mode, trigger=trigger, slot=slot, idempotency_key=idempotency_key,
            asked=asked, run_id=answer.run.id, started=answer.started, requested_at=now(),
        )
    )  # fmt: skip
    return answer


async def lock_idempotency_key(connection: AsyncConnection, key: str) -> None:
    """Let calls with the same key wait for each other; SQLite's writers already do."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": key})


async def _answered(
    connection: AsyncConnection, source: str, slot: datetime | None, key: str | None, asked: str
) -> Requested | None:
    if slot is None and key is None:
        return None
    same = requests.c.idempotency_key == key if key is not None else (
        (requests.c.source == source) & (requests.c.slot == slot)
    )  # fmt: skip
    rows = (await connection.execute(select(requests).where(same))).all()
    if key is not None and any(row.asked != asked for row in rows):
        raise IdempotencyKeyReused(f"idempotency key {key!r} was used before with other arguments")
    for row in rows:
        if row.source == source:
            run = await get(connection, row.run_id)
            return Requested(run, row.started) if run else None
    return None


async def _queue(
    connection: AsyncConnection, source: str, mode: RunMode, trigger: RunTrigger, replay_ids: Ids | None
) -> Run:
    row = await connection.execute(
        insert(runs)
        .values(
            source=source, mode=mode, trigger=trigger, status=RunStatus.QUEUED, requested_at=now(),
            replay_ids=replay_ids,
        )
        .returning(runs)
    )  # fmt: skip
    return await _told(connection, row.one(), RunEventKind.QUEUED, f"asked for: {trigger}")


async def _change(connection: AsyncConnection, queued: Run, mode: RunMode, replay_ids: Ids | None) -> Run:
    """Let a queued run read what somebody asked for in particular before it began."""
    if queued.mode is mode is RunMode.REPLAY:
        replay_ids = _both(queued.replay_ids, replay_ids)
    row = await connection.execute(
        update(runs).where(runs.c.id == queued.id).values(mode=mode, replay_ids=replay_ids).returning(runs)
    )
    return await _told(connection, row.one(), RunEventKind.MODE_CHANGED, f"{mode} instead of {queued.mode}")


def _both(some: Ids | None, others: Ids | None) -> Ids | None:
    """All that either asked for."""
    return None if some is None or others is None else (*some, *others)


async def abandon_dead(connection: AsyncConnection, source: str) -> Run | None:
    """Mark the running run of a lapsed lease as abandoned and fence its process off; returns that run."""
    if not await leases.revoke_expired(connection, source):
        return None
    dead = await connection.execute(
        update(runs)
        .where(runs.c.source == source, runs.c.status == RunStatus.RUNNING)
        .values(
            status=RunStatus.ABANDONED,
            run_finished_at=now(),
            error="its process stopped answering and the lease ran out",
        )
        .returning(runs)
    )
    row = dead.first()
    if row is None:
        return None
    return await _told(connection, row, RunEventKind.ABANDONED, "found dead: its process stopped answering")


async def requeue(connection: AsyncConnection, source: str, *, give_up_after: int = 3) -> Run | None:
    """Abandon a dead run and queue its continuation, unless the last `give_up_after` runs all died."""
    await leases.lock(connection, source)
    dead = await abandon_dead(connection, source)
    if dead is None:
        return None
    last = select(runs.c.status).where(runs.c.source == source).order_by(runs.c.id.desc()).limit(give_up_after)
    statuses = (await connection.execute(last)).scalars().all()
    if len(statuses) == give_up_after and set(statuses) == {RunStatus.ABANDONED}:
        return None
    return await _queue(connection, source, dead.mode, dead.trigger, dead.replay_ids)


async def start(
    connection: AsyncConnection,
    run_id: int,
    *,
    mode: RunMode,
    replay_ids: Ids | None,
    epoch: int,
    window_id: int,
    total: int | None,
    start_position: int,
    resumed_after: str | None,
    fail_after: int | None,
) -> Run:
    """Turn a queued run into a running one, in the mode of the window it works on and of the same records."""
    started = await connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.status == RunStatus.QUEUED)
        .values(
            status=RunStatus.RUNNING, mode=mode, replay_ids=replay_ids, epoch=epoch, window_id=window_id, total=total,
            start_position=start_position, resumed_after=resumed_after, fail_after=fail_after,
            run_started_at=now(),
        )
        .returning(runs)
    )  # fmt: skip
    where = "at the start of a window" if resumed_after is None else f"behind record {start_position} of its window"
    return await _told(connection, started.one(), RunEventKind.STARTED, f"began {where}")


async def staged(connection: AsyncConnection, run_id: int, first: int, records: Sequence[int]) -> bool:
    """Tell that pages of the run's window were kept, from page `first` (counted from 1) on, and how many records each
    holds; returns whether a user asked to cancel the run."""
    row = (await connection.execute(select(runs).where(runs.c.id == run_id))).one()
    said = (f"page {page} kept: {count} records" for page, count in enumerate(records, first))
    run = await _told(connection, row, RunEventKind.PAGE_STAGED, *said)
    return run.cancel_requested_at is not None


async def count(connection: AsyncConnection, run_id: int, seen: int, counts: dict[str, int]) -> bool:
    """Add a batch to the run's counters; returns whether a user asked to cancel the run."""
    added = {runs.c[name]: runs.c[name] + counts[name] for name in OUTCOME_COUNTS}
    added[runs.c.records_processed] = runs.c.records_processed + seen
    result = await connection.execute(update(runs).where(runs.c.id == run_id).values(added).returning(runs))
    row = result.one()
    done = f"{seen} records committed, {row.start_position + row.records_processed} of {row.total}"
    run = await _told(connection, row, RunEventKind.BATCH_LOADED, done)
    return run.cancel_requested_at is not None


async def plan(connection: AsyncConnection, run_id: int, total: int) -> None:
    """Record how many records the run's window holds."""
    result = await connection.execute(update(runs).where(runs.c.id == run_id).values(total=total).returning(runs))
    await _told(connection, result.one(), RunEventKind.PLANNED, f"the window holds {total} records")


async def tell_anomaly(connection: AsyncConnection, run_id: int, message: str) -> None:
    """Tell that something is odd about what the run brought. The caller has held the fence in this transaction."""
    row = (await connection.execute(select(runs).where(runs.c.id == run_id))).one()
    await _told(connection, row, RunEventKind.ANOMALY, message)


async def finish(connection: AsyncConnection, run: Run, status: RunStatus, error: str | None, *, injected: bool) -> Run:
    """Record how a run ended and give its lease back. The caller has held the fence in this transaction."""
    result = await connection.execute(
        update(runs)
        .where(runs.c.id == run.id)
        .values(status=status, error=error, injected_failure=injected, run_finished_at=now())
        .returning(runs)
    )
    ended = await _told(connection, result.one(), RunEventKind.ENDED, f"{status}: {error}" if error else status)
    await leases.release(connection, run.source, run.epoch or 0)
    return ended


async def request_cancel(connection: AsyncConnection, run_id: int) -> Run | None:
    """Ask an active run to end: a queued one ends at once, a running one at its next batch boundary.

    None when the run is not active (or does not exist).
    """
    known = await get(connection, run_id)
    if known is None:
        return None
    await leases.lock(connection, known.source)
    first = not await cancel_requested(connection, run_id)
    queued = runs.c.status == RunStatus.QUEUED
    result = await connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.status.in_(ACTIVE))
        .values(
            cancel_requested_at=func.coalesce(runs.c.cancel_requested_at, now()),
            status=case((queued, RunStatus.CANCELLED), else_=runs.c.status),
            run_finished_at=case((queued, now()), else_=None),
        )
        .returning(runs)
    )
    row = result.first()
    if row is None:
        return None
    if row.status == RunStatus.CANCELLED:
        return await _told(connection, row, RunEventKind.ENDED, "cancelled before it began")
    if first:
        return await _told(connection, row, RunEventKind.CANCEL_REQUESTED, "a user asked it to end")
    return Run.from_row(row)


async def _told(connection: AsyncConnection, row: Any, kind: RunEventKind, *messages: str) -> Run:
    """The run of this row, after telling those who follow what happened to it."""
    run = Run.from_row(row)
    if kind in {RunEventKind.ENDED, RunEventKind.ABANDONED}:
        ended = RunCount(run.source, run.status, 1, run.records_processed, run.run_finished_at)
        await run_counts.add(connection, ended)
    snapshot = msgspec.json.encode(run).decode()
    await run_events.append(connection, run.source, run.id, kind, messages, snapshot)
    return run


async def get(connection: AsyncConnection, run_id: int) -> Run | None:
    row = (await connection.execute(select(runs).where(runs.c.id == run_id))).first()
    return Run.from_row(row) if row else None


async def active(connection: AsyncConnection, source: str) -> Run | None:
    """The queued or running run of a source."""
    found = select(runs).where(runs.c.source == source, IS_ACTIVE)
    row = (await connection.execute(found)).first()
    return Run.from_row(row) if row else None


async def waiting(connection: AsyncConnection) -> tuple[list[Run], list[str]]:
    """What a dispatcher should look at: queued runs that may start, and sources whose running run's lease has lapsed.

    The queued run of a paused source waits until the source is resumed.
    """
    queued = select(runs).where(IS_ACTIVE, runs.c.status == RunStatus.QUEUED, ~_paused(runs.c.source))
    running = (runs.c.source == lease_table.c.source) & IS_ACTIVE & (runs.c.status == RunStatus.RUNNING)
    lapsed = select(lease_table.c.source).join(runs, running).where(leases.has_lapsed())
    # Put in order here: SQLite would go through all runs for the sake of it.
    found = sorted((Run.from_row(row) for row in await connection.execute(queued)), key=lambda run: run.id)
    return found, list((await connection.execute(lapsed)).scalars())


def _paused(source: ColumnElement[str]) -> ColumnElement[bool]:
    return select(sources.c.source).where(sources.c.source == source, sources.c.paused_at.is_not(None)).exists()


async def latest(connection: AsyncConnection, source: str | None = None) -> Run | None:
    """The run asked for last, of one source or of any."""
    wanted = select(runs).order_by(runs.c.id.desc()).limit(1)
    if source is not None:
        wanted = wanted.where(runs.c.source == source)
    row = (await connection.execute(wanted)).first()
    return Run.from_row(row) if row else None


async def last_slot(connection: AsyncConnection, source: str) -> datetime | None:
    """The latest schedule slot that was recorded for a source."""
    found = select(func.max(requests.c.slot)).where(requests.c.source == source)
    slot: datetime | None = (await connection.execute(found)).scalar()
    return slot


async def cancel_requested(connection: AsyncConnection, run_id: int) -> bool:
    found = select(runs.c.cancel_requested_at).where(runs.c.id == run_id)
    return (await connection.execute(found)).scalar() is not None
