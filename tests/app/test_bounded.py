"""Looks that may hang: shared, given up in time, and begun anew."""

import asyncio

import pytest

from app.web.bounded import Bounded


async def test_the_answer_comes_through() -> None:
    async def look() -> str:
        return "seen"

    assert await Bounded(look, 1)() == "seen"


async def test_so_does_an_exception() -> None:
    async def look() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await Bounded(look, 1)()


async def test_those_who_ask_together_share_one_look() -> None:
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)
        return looks

    bounded = Bounded(look, 1)
    assert list(await asyncio.gather(bounded(), bounded(), bounded())) == [1, 1, 1]
    assert await bounded() == 2


async def test_a_hanging_look_is_given_up_by_all_and_begun_anew() -> None:
    hanging = True

    async def look() -> str:
        if hanging:
            await asyncio.sleep(60)
        return "seen"

    bounded = Bounded(look, 0.01)
    found = await asyncio.gather(bounded(), bounded(), return_exceptions=True)
    assert [type(one) for one in found] == [TimeoutError, TimeoutError]
    hanging = False
    await asyncio.sleep(0)
    assert await bounded() == "seen"


async def test_whoever_leaves_takes_nobody_along() -> None:
    async def look() -> str:
        await asyncio.sleep(0.02)
        return "seen"

    bounded = Bounded(look, 1)
    leaving = asyncio.create_task(bounded())
    staying = asyncio.create_task(bounded())
    await asyncio.sleep(0.001)
    leaving.cancel()
    assert await staying == "seen"


async def test_what_was_seen_a_moment_ago_still_counts() -> None:
    pauses = [0.0, 0.05, 0.0]
    seen = iter(("first", "second", "third"))

    async def look() -> str:
        await asyncio.sleep(pauses.pop(0))
        return next(seen)

    bounded = Bounded(look, 0.01, longest=60, remembered=60)
    assert [await bounded(), await bounded()] == ["first", "first"]
    await asyncio.sleep(0.1)
    assert await bounded() == "third"
    assert pauses == []


async def test_but_not_what_was_seen_long_ago() -> None:
    pauses = [0.0, 60.0]

    async def look() -> str:
        await asyncio.sleep(pauses.pop(0))
        return "seen"

    bounded = Bounded(look, 0.01, remembered=0.02)
    await bounded()
    await asyncio.sleep(0.03)
    with pytest.raises(TimeoutError):
        await bounded()
