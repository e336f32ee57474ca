"""Reading what happened to runs: where each source's log ends, and what comes behind a place in it.

A place is a number for each source: the last event that was seen of it. A cursor is a place as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from db import cursors, runs
from db.aio import AsyncConnection
from db.cursors import INT64, KeyPart
from db.errors import CursorExpired, InvalidCursor
from db.runs import Run
from db.tables import leases, run_events

# By source; none seen yet where a source is missing.
Place = Mapping[str, int]
_run = msgspec.json.Decoder(Run)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened to a run, which stood as `run` afterwards."""

    source: str
    sequence: int
    kind: str
    message: str
    run: Run
    at: datetime


async def ends(connection: AsyncConnection) -> dict[str, int]:
    """The number of each source's last event; 0 for one without events. Cheap enough to be asked all the time."""
    last = select(func.max(run_events.c.sequence)).where(run_events.c.source == leases.c.source).scalar_subquery()
    rows = await connection.execute(select(leases.c.source, func.coalesce(last, 0)))
    return {row[0]: row[1] for row in rows}


async def behind(connection: AsyncConnection, source: str, sequence: int, limit: int) -> list[RunEvent]:
    """The next events of a source, in order. Raises CursorExpired when the first of them is forgotten."""
    wanted = (
        select(run_events)
        .where(run_events.c.source == source, run_events.c.sequence > sequence)
        .order_by(run_events.c.sequence)
        .limit(limit)
    )
    found = [_event(row) for row in await connection.execute(wanted)]
    if found and found[0].sequence != sequence + 1:
        raise CursorExpired("events behind this cursor are no longer kept; start without one")
    return found


async def check(connection: AsyncConnection, source: str | None, place: Place) -> None:
    """Raises InvalidCursor for a place that the log never came to, CursorExpired for one it cannot be told from."""
    last = await ends(connection)
    if any(number > last.get(name, 0) for name, number in place.items()):
        raise InvalidCursor("the cursor is ahead of the log; it is another database's")
    for name in [source] if source else last:
        await behind(connection, name, place.get(name, 0), 1)


async def standing(connection: AsyncConnection, run_id: int) -> tuple[Run, Place] | None:
    """A run and the place in its source's log it was read at, in one snapshot."""
    run = await runs.get(connection, run_id)
    return None if run is None else (run, {run.source: (await ends(connection)).get(run.source, 0)})


def cursor(source: str | None, place: Place) -> str:
    """The cursor of a place in the log of one source, or of all."""
    return cursors.encode(_scope(source), [" ".join(f"{name}:{place[name]}" for name in sorted(place) if place[name])])


def place(source: str | None, cursor: str) -> dict[str, int]:
    """What `cursor` was made of. Raises InvalidCursor."""
    (text,) = cursors.decode(_scope(source), [KeyPart(str)], cursor)
    found: dict[str, int] = {}
    for part in text.split():
        name, _, number = part.rpartition(":")
        if not (number.isascii() and number.isdecimal() and len(number) < len(str(INT64.stop))):
            raise InvalidCursor("the cursor is malformed")
        found[name] = int(number)
    return found


def _scope(source: str | None) -> str:
    return f"run_events {source or '*'}"


def _event(row: Any) -> RunEvent:
    return RunEvent(row.source, row.sequence, row.kind, row.message, _run.decode(row.run), row.at)
