"""One batch, one transaction: fence, raw records, assets, history, quarantine, journal, checkpoint, counters.

Either all of it is committed or nothing. What became of each record is decided from what is stored, under the
fence, so nobody else can change it in between; the upsert still carries its own guard against older data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from db import assets, batches, checkpoints, history, holdings, leases, quarantine, raw, runs
from db.assets import Known
from db.checkpoints import Checkpoint
from db.engine import Connection, Database
from db.enums import Outcome, RunMode
from db.holdings import Holdings
from db.records import AcceptedRecord, RejectedRecord, WindowRecord
from db.runs import Run
from db.turns import made
from etl.replay import id_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """A committed batch: where the checkpoint stands now, what became of the records, and whether to go on."""

    checkpoint: Checkpoint
    outcomes: list[Outcome]
    cancel_requested: bool


@dataclass(slots=True)
class Changes:
    """What a batch writes, folded to one row an asset."""

    outcomes: list[Outcome] = field(default_factory=list)
    raw: list[AcceptedRecord] = field(default_factory=list)
    upserts: dict[str, AcceptedRecord] = field(default_factory=dict)
    points: list[AcceptedRecord] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    all_new: bool = False


async def load_batch(database: Database, run: Run, before: Checkpoint, records: Sequence[WindowRecord]) -> Loaded:
    """Save one batch and move the checkpoint behind it, or do neither. Raises Fenced or DatabaseUnavailable."""
    async with database.write() as connection:
        at = await leases.hold(connection, run.source, run.epoch or 0)
        changes = await _decide(connection, run, records)
        if run.mode is RunMode.REPLAY:
            changes.replayed = [id_of(record.key) for record in records if isinstance(record, AcceptedRecord)]
        raw_inserted = await _write(connection, run, before.window_id, changes, at)
        await holdings.add(connection, run.source, _added(changes, raw_inserted, at))
        last = records[-1]
        last_record_id = last.asset.external_id if isinstance(last, AcceptedRecord) else last.external_id or last.key
        await batches.append(
            connection,
            before,
            changes.outcomes,
            run_id=run.id,
            epoch=run.epoch or 0,
            raw_inserted=raw_inserted,
            last_record_id=last_record_id,
        )
        checkpoint = await checkpoints.advance(
            connection,
            before,
            run_id=run.id,
            position=before.position + len(records),
            last_key=last.key,
            last_record_id=last_record_id,
        )
        cancel = await runs.count(connection, run.id, len(records), batches.tally(changes.outcomes))
    return Loaded(checkpoint, changes.outcomes, cancel)


async def _decide(connection: Connection, run: Run, records: Sequence[WindowRecord]) -> Changes:
    ids = {record.asset.external_id for record in records if isinstance(record, AcceptedRecord)}
    known = await assets.known(connection, run.source, ids)
    if run.mode is RunMode.REPLAY:
        records = [_undated_is_old(record, known) for record in records]
    if run.mode is RunMode.FULL:
        known = await _forget_changed(connection, run.source, records, known)
    return await decide(records, known)


def _undated_is_old(record: WindowRecord, known: dict[str, Known]) -> WindowRecord:
    """A replayed record was refused some time ago: without a time of its own it is older than what is stored."""
    if isinstance(record, RejectedRecord) or record.asset.last_updated is not None:
        return record
    return replace(record, superseded=record.asset.external_id in known)


async def _forget_changed(
    connection: Connection, source: str, records: Sequence[WindowRecord], known: dict[str, Known]
) -> dict[str, Known]:
    """Let a full run rewrite assets whose stored values are not what their payload gives today."""
    stored = await assets.values(connection, source, known)
    differing = {
        record.asset.external_id
        for record in records
        if isinstance(record, AcceptedRecord)
        and not record.superseded
        and stored.get(record.asset.external_id) != assets.value_tuple(record.asset)
    }
    return {key: assets.forget_version(state) if key in differing else state for key, state in known.items()}


async def decide(records: Sequence[WindowRecord], known: dict[str, Known]) -> Changes:
    """What becomes of each record, given the stored state of its asset."""
    changes = Changes(all_new=not known)
    changes.outcomes = await made(_outcomes(records, dict(known), changes))
    return changes


def _outcomes(records: Sequence[WindowRecord], state: dict[str, Known], changes: Changes) -> Iterator[Outcome]:
    for record in records:
        if isinstance(record, RejectedRecord):
            changes.rejected.append(record)
            yield Outcome.QUARANTINED
        else:
            yield _place(record, state, changes)


def _place(record: AcceptedRecord, state: dict[str, Known], changes: Changes) -> Outcome:
    asset = record.asset
    current = state.get(asset.external_id)
    if current is not None and current.record_id == record.record_id and not record.superseded:
        return Outcome.UNCHANGED
    changes.raw.append(record)
    if record.superseded or (current is not None and _is_older(asset.last_updated, current.last_updated)):
        return Outcome.STALE
    newest = asset.last_updated or (current.last_updated if current else None)
    if newest != asset.last_updated:
        # A record without a time can't take away the time that is known.
        record = replace(record, asset=replace(asset, last_updated=newest))
    quote = assets.quote_of(asset)
    changes.upserts[asset.external_id] = record
    if current is None or current.quote != quote:
        changes.points.append(record)
    state[asset.external_id] = Known(record.record_id, newest, quote)
    return Outcome.INSERTED if current is None else Outcome.UPDATED


def _is_older(new: datetime | None, stored: datetime | None) -> bool:
    return new is not None and stored is not None and new < stored


def _added(changes: Changes, raw_inserted: int, at: datetime) -> Holdings:
    times = [record.asset.last_updated for record in changes.upserts.values() if record.asset.last_updated]
    return Holdings(
        asset_count=changes.outcomes.count(Outcome.INSERTED),
        raw_count=raw_inserted,
        newest_last_updated=max(times, default=None),
        newest_updated_at=at if changes.upserts else None,
    )


async def _write(connection: Connection, run: Run, window_id: int, changes: Changes, at: datetime) -> int:
    """Write everything a batch changes except its journal and checkpoint; returns the number of new raw records."""
    lineage = {"run_id": run.id, "window_id": window_id}
    named = {record.header for record in changes.raw} | {record.header for record in changes.rejected}
    headers = await raw.header_ids(connection, named)
    inserted = await raw.insert_new(
        connection, run.source, changes.raw, headers, **lineage, at=at, likely_new=changes.all_new
    )
    await assets.upsert(
        connection, run.source, list(changes.upserts.values()), **lineage, at=at, likely_new=changes.all_new
    )
    await history.append(connection, run.source, changes.points, run_id=run.id, at=at)
    if run.mode is RunMode.REPLAY:
        await quarantine.mark_replayed(connection, changes.replayed, run_id=run.id, at=at)
    else:
        await quarantine.insert_new(connection, run.source, changes.rejected, headers, **lineage, at=at)
    return inserted
