"""What happened to runs: an append-only log, numbered without gaps within each source.

An event is written in the transaction that changes the run, which holds the source's lease row. So the events of one
source are committed in the order of their numbers, and whoever has read number n has seen all before it; without
the row, two writers would meet at the primary key. Numbers of different sources say nothing about each other.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select

from db.aio import AsyncConnection
from db.clock import now
from db.enums import RunEventKind
from db.tables import run_events


async def append(
    connection: AsyncConnection, source: str, run_id: int, kind: RunEventKind, messages: Sequence[str], run: str
) -> None:
    """Number and keep an event for each message. `run` is the run as it is now, in JSON.

    The caller holds the source's lease row.
    """
    last = select(func.coalesce(func.max(run_events.c.sequence), 0)).where(run_events.c.source == source)
    await connection.execute(
        insert(run_events).values(
            source=source, sequence=last.scalar_subquery() + 1, run_id=run_id, kind=kind, message=bindparam("said"),
            run=run, at=now(),
        ),
        [{"said": message} for message in messages],
    )  # fmt: skip
