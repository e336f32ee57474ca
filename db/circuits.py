"""Circuit breakers, one a source: an upstream that keeps failing is left alone for a while, then probed once.

Closed until FAILURES_TO_OPEN calls in a row failed; then open for a minute, doubling with every failed probe up
to half an hour. `retry_at` also holds what the upstream itself asked for with a long Retry-After.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from db.aio import AsyncConnection
from db.clock import now
from db.enums import CircuitState
from db.tables import circuits

FAILURES_TO_OPEN = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is remembered of one source. `failures` counts failed calls since the last good one."""

    source: str
    state: CircuitState
    failures: int
    retry_at: datetime | None
    last_error: str | None


async def every(connection: AsyncConnection) -> dict[str, Circuit]:
    """What is remembered of each source, by source; a source nobody had to remember is missing."""
    found = select(circuits.c.source, circuits.c.state, circuits.c.failures, circuits.c.retry_at, circuits.c.last_error)
    rows = await connection.execute(found)
    return {row[0]: Circuit(row[0], CircuitState(row[1]), *row[2:]) for row in rows}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Until when a source is left alone, and what went wrong last."""

    until: datetime
    last_error: str | None


async def refusal(connection: AsyncConnection, source: str) -> Refusal | None:
    """Why the source must not be asked now; None if it may be. An open circuit then lets one probe through."""
    found = select(circuits.c.state, circuits.c.retry_at, circuits.c.last_error, circuits.c.updated_at, now())
    row = (await connection.execute(found.where(circuits.c.source == source))).first()
    if row is None:
        return None
    state, retry_at, last_error, noted_at, moment = row
    # What was noted in the future was noted before the clock was set back.
    if retry_at is not None and retry_at > moment >= noted_at:
        return Refusal(retry_at, last_error)
    if state != CircuitState.CLOSED:
        # Whoever else asks while the probe is under way has to wait for what becomes of it.
        await _keep(connection, source, state=CircuitState.HALF_OPEN, retry_at=moment + FIRST_PAUSE)
    return None


async def succeeded(connection: AsyncConnection, source: str) -> None:
    """A call was answered: forget what was held against the source."""
    known = (await every(connection)).get(source)
    if known is not None and (known.failures or known.state is not CircuitState.CLOSED or known.retry_at):
        await _keep(
            connection, source, state=CircuitState.CLOSED, failures=0, opened_at=None, retry_at=None, last_error=None
        )


async def failed(connection: AsyncConnection, source: str, error: str) -> Circuit:
    """A call failed in a way that may pass; returns what is remembered now."""
    known = (await every(connection)).get(source)
    failures = 1 + (known.failures if known else 0)
    # The call was let through, so an earlier "not before" is over (or was noted by a clock that was ahead).
    state, retry_at = CircuitState.CLOSED, None
    if failures >= FAILURES_TO_OPEN:
        moment: datetime = (await connection.execute(select(now()))).scalar_one()
        state, retry_at = CircuitState.OPEN, moment + pause_after(failures)
    await _keep(connection, source, state=state, failures=failures, retry_at=retry_at, last_error=error)
    return Circuit(source, state, failures, retry_at, error)


async def let_one_through(connection: AsyncConnection, source: str) -> None:
    """Let the next call be the probe, since a person asks. What the upstream itself asked for stays."""
    open_circuit = (circuits.c.source == source) & (circuits.c.state != CircuitState.CLOSED)
    await connection.execute(update(circuits).where(open_circuit).values(retry_at=None, updated_at=now()))


async def remember(connection: AsyncConnection, source: str, retry_at: datetime) -> None:
    """Keep a time before which the upstream asked not to be called."""
    await _keep(connection, source, retry_at=retry_at)


def pause_after(failures: int) -> timedelta:
    """How long a source is left alone after so many failures in a row."""
    doublings = min(max(failures - FAILURES_TO_OPEN, 0), 10)
    return min(FIRST_PAUSE * int(2**doublings), LONGEST_PAUSE)


async def _keep(connection: AsyncConnection, source: str, **kept: object) -> None:
    values = {**kept, "updated_at": now()}
    if kept.get("state") == CircuitState.OPEN:
        values["opened_at"] = now()
    done = await connection.execute(update(circuits).where(circuits.c.source == source).values(values))
    if done.rowcount == 0:
        first = {"state": CircuitState.CLOSED, "failures": 0}
        await connection.execute(insert(circuits).values(source=source, **first | values))
