"""Work in turns: everything is made, in order, and the event loop goes on meanwhile."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from db import turns
from db.turns import made


def slowly(count: int) -> Iterator[int]:
    """One after the other, each of which takes a while."""
    for n in range(count):
        time.sleep(0.002)
        yield n


async def test_others_have_their_turn_while_it_lasts() -> None:
    work = asyncio.create_task(made(slowly(50)))
    turned = 0
    while not work.done():
        turned += 1
        await asyncio.sleep(0)
    assert await work == list(range(50))
    assert turned >= 6


async def test_what_is_quick_is_made_in_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE_SECONDS", 60.0)
    turned = asyncio.create_task(asyncio.sleep(0))
    assert await made(range(1000)) == list(range(1000))
    assert not turned.done()


async def test_an_error_on_the_way_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await made(1 / n for n in (1, 0))


async def test_clients_that_wait_have_several_turns_and_the_work_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def turns_during(work: Iterator[int]) -> int:
        made_ = asyncio.create_task(made(work))
        turned = 0
        while not made_.done():
            turned += 1
            await asyncio.sleep(0)
        return turned

    without = await turns_during(slowly(50))
    with turns.give_way.to(lambda: 1):
        monkeypatch.setattr(turns, "FOR_CLIENTS_SECONDS", 60.0)
        assert await turns_during(slowly(50)) >= 3 * without
        # Where turns are long, one is enough.
        monkeypatch.setattr(turns, "FOR_CLIENTS_SECONDS", 0.0)
        assert await turns_during(slowly(50)) <= 2 * without
    assert await turns_during(slowly(50)) <= 2 * without
