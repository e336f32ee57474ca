"""The permission to ask an upstream: its call budget and its circuit breaker, both kept in the database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from db import calls, circuits
from db.calls import CallBudget, Granted
from db.engine import Database
from db.enums import CircuitState
from db.text import escaped
from db.uninterrupted import uninterrupted
from etl.errors import SourceUnavailable

_log = structlog.get_logger()


class CallGate:
    """Counts every call of one source, across restarts and processes."""

    def __init__(
        self,
        database: Database,
        source: str,
        budget: CallBudget,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._source = source
        self._budget = budget
        self._sleep = sleep

    async def permit(self) -> None:
        """Wait until a call fits the minute. Raises SourceUnavailable when the month is used up or it is too soon."""
        while True:
            granted = await uninterrupted(self._take())
            if granted.allowed or granted.retry_at is None:
                return
            if granted.spent == "month":
                message = f"the {self._budget.per_month} calls of this month are used up"
                raise SourceUnavailable(message, granted.retry_at)
            wait = _seconds(granted.at, granted.retry_at)
            _log.info("http.waiting_for_budget", wait_seconds=round(wait, 1), per_minute=self._budget.per_minute)
            await self._sleep(wait)

    async def observe(self, error: str | None) -> None:
        """Tell what became of a call (None: answered); failures in a row open the circuit."""
        await uninterrupted(self._observe(error))

    async def _observe(self, error: str | None) -> None:
        async with self._database.write() as connection:
            if error is None:
                await circuits.succeeded(connection, self._source)
                return
            circuit = await circuits.failed(connection, self._source, escaped(error)[:500])
        if circuit.state is CircuitState.OPEN:
            _log.warning("http.circuit_opened", failures=circuit.failures, retry_at=str(circuit.retry_at))

    async def _take(self) -> Granted:
        async with self._database.write() as connection:
            refusal = await circuits.refusal(connection, self._source)
            if refusal is not None:
                because = f"; last: {refusal.last_error}" if refusal.last_error else ""
                raise SourceUnavailable(f"left alone until {refusal.until:%Y-%m-%d %H:%M:%S} UTC{because}")
            return await calls.take(connection, self._source, self._budget)


def _seconds(now: datetime, then: datetime) -> float:
    return max((then - now).total_seconds(), 0.05)
