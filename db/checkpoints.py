"""Where each source's window stands: the key and position of the last committed record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from db.aio import AsyncConnection
from db.clock import now
from db.errors import Fenced
from db.tables import checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`position` counts the window's committed records, `sequence` its batches; both start at 0."""

    source: str
    window_id: int
    run_id: int | None
    last_record_id: str | None
    last_key: str | None
    position: int
    sequence: int
    total: int | None
    complete: bool
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> "Checkpoint":
        return cls(**row._mapping)


async def get(connection: AsyncConnection, source: str) -> Checkpoint | None:
    row = (await connection.execute(select(checkpoints).where(checkpoints.c.source == source))).first()
    return Checkpoint.from_row(row) if row else None


async def every(connection: AsyncConnection) -> list[Checkpoint]:
    rows = await connection.execute(select(checkpoints).order_by(checkpoints.c.source))
    return [Checkpoint.from_row(row) for row in rows]


async def begin(connection: AsyncConnection, source: str, window_id: int) -> Checkpoint:
    """Point the source's checkpoint at the start of a new window."""
    start = {
        "window_id": window_id, "run_id": None, "last_record_id": None, "last_key": None, "position": 0,
        "sequence": 0, "total": None, "complete": False, "updated_at": now(),
    }  # fmt: skip
    if await get(connection, source) is None:
        await connection.execute(insert(checkpoints).values(source=source, **start))
    else:
        await connection.execute(update(checkpoints).where(checkpoints.c.source == source).values(**start))
    row = await connection.execute(select(checkpoints).where(checkpoints.c.source == source))
    return Checkpoint.from_row(row.one())


async def advance(
    connection: AsyncConnection,
    before: Checkpoint,
    *,
    run_id: int,
    position: int,
    last_key: str,
    last_record_id: str,
) -> Checkpoint:
    """Move the checkpoint behind a batch, in the batch's own transaction. Raises Fenced if it stands elsewhere."""
    moved = await connection.execute(
        update(checkpoints)
        .where(
            checkpoints.c.source == before.source,
            checkpoints.c.window_id == before.window_id,
            checkpoints.c.position == before.position,
        )
        .values(
            run_id=run_id, position=position, sequence=before.sequence + 1, last_key=last_key,
            last_record_id=last_record_id, updated_at=now(),
        )
        .returning(checkpoints)
    )  # fmt: skip
    row = moved.first()
    if row is None:
        raise Fenced(f"the checkpoint of {before.source} is not where this batch begins")
    return Checkpoint.from_row(row)


async def plan(connection: AsyncConnection, source: str, total: int) -> Checkpoint:
    """Record how many records the checkpoint's window holds."""
    planned = await connection.execute(
        update(checkpoints)
        .where(checkpoints.c.source == source)
        .values(total=total, updated_at=now())
        .returning(checkpoints)
    )
    return Checkpoint.from_row(planned.one())


async def complete(connection: AsyncConnection, source: str) -> None:
    """Mark the checkpoint's window as finished."""
    await connection.execute(
        update(checkpoints).where(checkpoints.c.source == source).values(complete=True, updated_at=now())
    )
