"""Call budgets: how often each upstream was asked, kept across restarts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update

from db.aio import AsyncConnection
from db.clock import now
from db.tables import call_months, calls

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CallBudget:
    """How many calls an upstream allows; None is no limit."""

    per_minute: int | None = None
    per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """Whether a call may be made now. If not: when to ask again, and which budget is spent."""

    allowed: bool
    at: datetime
    retry_at: datetime | None = None
    spent: str | None = None


async def take(connection: AsyncConnection, source: str, budget: CallBudget) -> Granted:
    """Count one call if the rolling minute and the calendar month (UTC) allow it."""
    moment: datetime = (await connection.execute(select(now()))).scalar_one()
    # Calls from the future were counted before the clock was set back.
    elsewhen = or_(calls.c.called_at <= moment - MINUTE, calls.c.called_at > moment)
    await connection.execute(delete(calls).where(calls.c.source == source, elsewhen))
    recent = select(func.count(), func.min(calls.c.called_at)).where(calls.c.source == source)
    used, oldest = (await connection.execute(recent)).one()
    if budget.per_minute is not None and used >= budget.per_minute:
        return Granted(False, moment, oldest + MINUTE, "minute")
    if budget.per_month is not None and await _month(connection, source, moment) >= budget.per_month:
        return Granted(False, moment, _next_month(moment), "month")
    await connection.execute(insert(calls).values(source=source, called_at=moment))
    await _count_month(connection, source, moment)
    return Granted(True, moment)


async def _month(connection: AsyncConnection, source: str, moment: datetime) -> int:
    found = select(call_months.c.calls).where(call_months.c.source == source, call_months.c.month == f"{moment:%Y-%m}")
    return (await connection.execute(found)).scalar() or 0


async def _count_month(connection: AsyncConnection, source: str, moment: datetime) -> None:
    month = f"{moment:%Y-%m}"
    counted = await connection.execute(
        update(call_months)
        .where(call_months.c.source == source, call_months.c.month == month)
        .values(calls=call_months.c.calls + 1)
    )
    if counted.rowcount == 0:
        await connection.execute(insert(call_months).values(source=source, month=month, calls=1))


def _next_month(moment: datetime) -> datetime:
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
