"""Time-outs and places: what takes too long is given up, and what is too much at once waits or is sent away."""

import asyncio

import pytest
from graphql import GraphQLError

from graphql_schema import places
from graphql_schema.places import Places


async def occupy(room: Places, leave: asyncio.Event, *, dear: bool = False) -> None:
    async with room.taken(dear=dear):
        await leave.wait()


async def test_so_many_at_a_time() -> None:
    room, leave, order = Places(2), asyncio.Event(), list[int]()

    async def work(number: int) -> None:
        async with room.taken(dear=False):
            order.append(number)
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(work(number))
        await asyncio.sleep(0.01)
        assert order == [0, 1]
        leave.set()
    assert order == [0, 1, 2, 3, 4]


async def test_of_the_dear_one_at_a_time_and_those_that_wait_hold_no_place() -> None:
    room, leave = Places(2), asyncio.Event()
    dear = [asyncio.create_task(occupy(room, leave, dear=True)) for _ in range(3)]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1), room.taken(dear=False):
        pass
    leave.set()
    await asyncio.gather(*dear)


async def test_whoever_finds_the_waiting_room_full_is_sent_away_at_once() -> None:
    room, leave = Places(1), asyncio.Event()
    inside = [asyncio.create_task(occupy(room, leave)) for _ in range(1 + places.WAITING_PER_PLACE)]
    await asyncio.sleep(0.01)
    with pytest.raises(GraphQLError) as refused:
        await asyncio.wait_for(occupy(room, leave), 1)
    assert refused.value.extensions == {"code": "TOO_BUSY"}
    leave.set()
    await asyncio.gather(*inside)
    await asyncio.wait_for(occupy(room, leave), 1)


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PATIENCE_SECONDS", 0.05)
    room, leave = Places(1), asyncio.Event()
    inside = asyncio.create_task(occupy(room, leave))
    await asyncio.sleep(0.01)
    for dear in (True, False):
        with pytest.raises(GraphQLError):
            await occupy(room, leave, dear=dear)
    leave.set()
    await inside
    for dear in (True, False):
        await asyncio.wait_for(occupy(room, leave, dear=dear), 1)


async def test_whoever_gives_up_waiting_leaves_no_trace() -> None:
    room, leave = Places(1), asyncio.Event()
    inside = asyncio.create_task(occupy(room, leave))
    for dear in (True, False):
        waiting = asyncio.create_task(occupy(room, leave, dear=dear))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait([waiting])
    leave.set()
    await inside
    for dear in (True, False):
        await asyncio.wait_for(occupy(room, leave, dear=dear), 1)


async def test_a_place_that_comes_as_its_owner_leaves_goes_to_the_next() -> None:
    """Whichever of the two came first."""
    for place_first in (True, False):
        room, leave = Places(1), asyncio.Event()
        inside = asyncio.create_task(occupy(room, leave))
        waiting = [asyncio.create_task(occupy(room, leave)) for _ in range(2)]
        await asyncio.sleep(0.01)
        inside.cancel()
        if place_first:
            await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.wait([inside, waiting[0]])
        assert waiting[0].cancelled()
        leave.set()
        await asyncio.wait_for(waiting[1], 1)
        await asyncio.wait_for(occupy(room, leave), 1)


async def test_whoever_is_given_up_without_a_word_leaves_no_trace() -> None:
    """A coroutine that nobody goes on with is closed, not cancelled."""
    room, leave = Places(1), asyncio.Event()
    inside = asyncio.create_task(occupy(room, leave))
    await asyncio.sleep(0.01)
    given_up = room._free.take()
    given_up.send(None)
    given_up.close()
    leave.set()
    await inside
    await asyncio.wait_for(occupy(room, leave), 1)
