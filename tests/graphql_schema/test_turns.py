"""Much work at once is spread over turns of the event loop."""

import asyncio
import time

from graphql_schema.turns import SLICE_SECONDS, Turns


async def test_whoever_waits_is_served_in_between() -> None:
    turns, started, beats = Turns(), asyncio.Event(), 0

    async def work() -> None:
        await started.wait()
        await turns.next()
        time.sleep(SLICE_SECONDS * 0.6)  # noqa: ASYNC251  stands for the building of an answer

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    working = [asyncio.create_task(work()) for _ in range(20)]
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0.01)
    beats = 0
    started.set()
    await asyncio.gather(*working)
    beating.cancel()
    assert beats >= 5


async def test_little_work_is_done_at_once() -> None:
    turns, order = Turns(), list[int]()

    async def work(number: int) -> None:
        await turns.next()
        order.append(number)

    await asyncio.gather(*(work(number) for number in range(50)))
    assert order == list(range(50))
