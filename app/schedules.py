"""What a schedule means: `90s`, `5m`, `2h`, `1d`, or a cron line in UTC.

Cron lines are read as cron reads them, which APScheduler's own reading is not: there Monday is 0, and a day of month
together with a day of week means both. Slots are aligned: an interval counts from 1970, so that every process names
the same ones.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_LOOK_BACK = timedelta(days=7)
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_INTERVAL = re.compile(r"(\d{1,6})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAY_PART = re.compile(r"(?:\*|([a-z]{3}|\d)(?:-([a-z]{3}|\d))?)(?:/(\d))?")


def interval_seconds(text: str) -> int | None:
    """Seconds of an interval; None when it is none (or shorter than 1 s)."""
    match = _INTERVAL.fullmatch(text.strip().lower())
    return (int(match[1]) * _SECONDS[match[2]] or None) if match else None


@lru_cache(maxsize=64)
def trigger_of(schedule: str) -> BaseTrigger:
    """The APScheduler trigger of a schedule. Raises ValueError saying what is wrong."""
    seconds = interval_seconds(schedule)
    if seconds is not None:
        return IntervalTrigger(seconds=seconds, start_date=EPOCH, timezone=UTC)
    fields = schedule.lower().split()
    if len(fields) != 5:
        raise ValueError("a cron line has five fields: minute hour day-of-month month day-of-week")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise ValueError("a day of month together with a day of week is not supported; use two of them as *")
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC
    )  # fmt: skip


def check(schedule: str) -> None:
    """Raise ValueError unless the schedule can be read and comes at all."""
    trigger_of(schedule)
    if slot_after(schedule, datetime.now(UTC)) is None:
        raise ValueError("this never comes")


def slot_after(schedule: str, moment: datetime) -> datetime | None:
    """The first slot later than `moment`; None for a cron line that never comes again."""
    trigger: Any = trigger_of(schedule)
    slot = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
    return slot.astimezone(UTC) if slot else None


def missed_slot(schedule: str, last: datetime | None, now: datetime) -> datetime | None:
    """The latest slot that passed after `last` without being recorded; None when nothing was missed.

    A source that was never scheduled before has missed nothing.
    """
    if last is None:
        return None
    moment = max(last, now - min(LONGEST_LOOK_BACK, 1000 * period_of(schedule, now)))
    due: datetime | None = None
    while (following := slot_after(schedule, moment)) and following <= now:
        due = moment = following
    return due


def period_of(schedule: str, now: datetime) -> timedelta:
    """The time between the next two slots."""
    first = slot_after(schedule, now)
    second = slot_after(schedule, first) if first else None
    return second - first if first and second else LONGEST_LOOK_BACK


def _weekdays(field: str) -> str:
    """Cron's days (0 and 7 are Sunday) as APScheduler's names."""
    if field == "*":
        return field
    chosen: set[int] = set()
    for part in field.split(","):
        match = _DAY_PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no day of week; cron's are 0 to 7 or sun to sat")
        first, last, step = match.groups()
        begin = _day(first) if first else 0
        end = _day(last) if last else (begin if first and not step else 6)
        end += 7 if end < begin else 0
        chosen.update(day % 7 for day in range(begin, end + 1, int(step or 1)))
    return ",".join(DAYS[day] for day in sorted(chosen))


def _day(name: str) -> int:
    if name in DAYS:
        return DAYS.index(name)
    if not name.isdigit() or int(name) > 7:
        raise ValueError(f"{name!r} is no day of week; cron's are 0 to 7 or sun to sat")
    return int(name)
