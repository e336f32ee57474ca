"""A host clock that was set back leaves times of the future behind; none of them holds a source up."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from db import calls, circuits, leases, runs
from db.calls import CallBudget
from db.engine import Database
from db.enums import CircuitState, RunMode, RunStatus, RunTrigger
from db.errors import LeaseHeld
from db.tables import calls as call_table
from db.tables import circuits as circuit_table
from db.tables import leases as lease_table
from db.tables import runs as run_table
from tests.etl.conftest import Query

FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


async def hold_until(database: Database, moment: datetime) -> int:
    async with database.write() as connection:
        await leases.lock(connection, "csv")
        epoch = await leases.take(connection, "csv", "somebody")
        await connection.execute(update(lease_table).values(expires_at=moment))
    return epoch


async def test_a_lease_far_into_the_future_is_taken(database: Database) -> None:
    first = await hold_until(database, FUTURE)
    async with database.write() as connection:
        assert await leases.take(connection, "csv", "another") > first


async def test_a_lease_of_normal_length_is_not(database: Database) -> None:
    await hold_until(database, datetime.now(UTC) + timedelta(seconds=leases.LEASE_SECONDS + 2))
    with pytest.raises(LeaseHeld):
        async with database.write() as connection:
            await leases.take(connection, "csv", "another")


async def test_a_run_under_such_a_lease_is_found_dead(database: Database, query: Query) -> None:
    async with database.write() as connection:
        await runs.request(connection, "csv", RunMode.INCREMENTAL, RunTrigger.MANUAL)
        await connection.execute(update(run_table).values(status=RunStatus.RUNNING))
    await hold_until(database, FUTURE)
    async with database.write() as connection:
        assert await runs.waiting(connection) == ([], ["csv"])
        await runs.requeue(connection, "csv")
    assert await query("SELECT status FROM etl_runs ORDER BY id") == [("abandoned",), ("queued",)]


async def test_calls_counted_in_the_future_do_not_use_up_the_minute(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(call_table), [{"source": "csv", "called_at": FUTURE} for _ in range(5)])
        granted = [await calls.take(connection, "csv", CallBudget(per_minute=2)) for _ in range(3)]
    assert [grant.allowed for grant in granted] == [True, True, False]


@pytest.mark.parametrize("state", [CircuitState.OPEN, CircuitState.CLOSED])
async def test_a_circuit_noted_in_the_future_lets_a_call_through(database: Database, state: CircuitState) -> None:
    async with database.write() as connection:
        await circuits.remember(connection, "csv", FUTURE + timedelta(minutes=1))
        assert await circuits.refusal(connection, "csv") is not None
        await connection.execute(update(circuit_table).values(state=state, updated_at=FUTURE))
        assert await circuits.refusal(connection, "csv") is None


async def test_nor_does_it_hold_up_the_calls_after_one_that_failed(database: Database) -> None:
    async with database.write() as connection:
        await circuits.remember(connection, "csv", FUTURE + timedelta(minutes=1))
        await connection.execute(update(circuit_table).values(updated_at=FUTURE))
        await circuits.failed(connection, "csv", "HTTP 500")
        assert await circuits.refusal(connection, "csv") is None
