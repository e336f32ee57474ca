"""Virtual time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.upstream import START
from tests.upstream.clock import Clock

NOON = datetime(2026, 1, 1, 12, 0, 7, tzinfo=UTC)


def test_a_frozen_clock_moves_on_command_only() -> None:
    clock = Clock(real_now=lambda: NOON)
    assert clock.moment() == START
    clock.tick = 5
    assert clock.moment() == START + timedelta(minutes=5)
    assert clock.moment(ticks_back=2) == START + timedelta(minutes=3)


def test_a_live_clock_moves_in_whole_ticks() -> None:
    now = [NOON]
    clock = Clock(live=True, real_now=lambda: now[0])
    assert clock.moment() == NOON.replace(second=0)
    now[0] += timedelta(seconds=120)
    assert (clock.tick, clock.moment()) == (2, NOON.replace(minute=2, second=0))


def test_it_is_never_later_than_the_real_time() -> None:
    clock = Clock(real_now=lambda: NOON)
    clock.tick = 10**7
    assert clock.moment() == NOON


def test_a_tick_takes_time() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Clock(tick_seconds=0)
