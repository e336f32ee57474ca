"""The limit of time that all operations share."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from graphql_schema.time_limit import TimeLimit


async def take(limit: TimeLimit, seconds: float) -> str:
    try:
        with limit.held():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "ended"
    return "done"


async def test_what_takes_longer_is_ended_and_nothing_else() -> None:
    limit = TimeLimit(0.05)
    found = await asyncio.gather(take(limit, 5), take(limit, 0), take(limit, 5))
    assert list(found) == ["ended", "done", "ended"]


async def test_each_has_its_own_time_from_when_it_began() -> None:
    limit = TimeLimit(0.2)
    first = asyncio.create_task(take(limit, 5))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(take(limit, 5))
    assert await first == "ended"
    assert not second.done()
    assert await second == "ended"


async def test_it_holds_again_after_a_time_without_operations() -> None:
    limit = TimeLimit(0.02)
    assert await take(limit, 0) == "done"
    await asyncio.sleep(0.05)
    assert await take(limit, 5) == "ended"


def test_it_holds_in_another_event_loop() -> None:
    limit = TimeLimit(0.02)
    assert [asyncio.run(take(limit, seconds)) for seconds in (0, 5, 5)] == ["done", "ended", "ended"]


async def test_whoever_is_cancelled_by_others_is_cancelled() -> None:
    task = asyncio.create_task(take(TimeLimit(5), 5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_is_what_went_wrong() -> None:
    with pytest.raises(KeyError), TimeLimit(5).held():
        raise KeyError


async def test_a_block_inside_of_another_is_ended_by_its_own_limit() -> None:
    with TimeLimit(5).held():
        assert await take(TimeLimit(0.02), 5) == "ended"
        await asyncio.sleep(0)


async def test_one_that_cannot_be_ended_keeps_no_other_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    limit, told = TimeLimit(0.05), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
    stubborn = asyncio.create_task(take(limit, 5))
    await asyncio.sleep(0)
    (entry,) = limit._until
    monkeypatch.setattr(type(entry), "expire", _failing_for(entry))
    assert await take(limit, 5) == "ended"
    assert [str(what["exception"]) for what in told] == ["it will not end"]
    stubborn.cancel()
    await asyncio.wait([stubborn])


def _failing_for(entry: Any) -> Callable[[Any], None]:
    ended = type(entry).expire

    def expire(each: Any) -> None:
        if each is entry:
            raise RuntimeError("it will not end")
        ended(each)

    return expire


async def test_whoever_is_cancelled_by_others_as_its_time_is_over_is_cancelled() -> None:
    limit = TimeLimit(5)
    task = asyncio.create_task(take(limit, 5))
    await asyncio.sleep(0)
    (entry,) = limit._until
    entry.expire()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
