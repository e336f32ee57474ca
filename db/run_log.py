"""What happened to each run, for those who look later. Following it as it happens is in `run_event_reader`."""

from collections.abc import Sequence

from sqlalchemy import select

from db import grouped, keyset
from db.aio import AsyncConnection
from db.enums import RunEventKind
from db.keyset import Ordering, Page, Slice, Term
from db.tables import run_events

_ENTRIES = select(run_events.c.kind, run_events.c.message, run_events.c.at)


def check(run_id: int, wanted: Slice) -> None:
    """Raise InvalidCursor unless the slice's cursors were taken from this run's log."""
    keyset.keys(_ordering(run_id), wanted)


async def pages(connection: AsyncConnection, run_ids: Sequence[int], wanted: Slice) -> dict[int, Page]:
    """The same slice of what is still kept of each run's log, in order. Raises InvalidCursor."""
    return await grouped.fetch(connection, _ENTRIES, run_events.c.run_id, run_ids, wanted, _ordering)


async def counts(connection: AsyncConnection, run_ids: Sequence[int]) -> dict[int, int]:
    """How many entries are kept of each run's log."""
    return await grouped.count(connection, _ENTRIES, run_events.c.run_id, run_ids)


async def anomalies(connection: AsyncConnection, run_id: int) -> list[str]:
    """What was odd about what the run brought, as far as its log is still kept."""
    table = run_events.c
    odd = select(table.message).where(table.run_id == run_id, table.kind == RunEventKind.ANOMALY)
    return list((await connection.execute(odd.order_by(table.sequence))).scalars())


def _ordering(run_id: int) -> Ordering:
    sequence = run_events.c.sequence
    return Ordering((Term(sequence),), sequence, f"log of run {run_id}")
