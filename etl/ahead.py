"""Working ahead: the next items are made while the last ones are being used."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeVar

from db.uninterrupted import ended

T = TypeVar("T")


async def one_ahead(items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The items, each handed out when the one behind it is under way already.

    When nobody wants the rest, the item under way is waited for, not torn apart.
    """
    async with contextlib.aclosing(items):
        upcoming = asyncio.ensure_future(_next(items))
        try:
            while (found := await asyncio.shield(upcoming)) is not None:
                upcoming = asyncio.ensure_future(_next(items))
                yield found[0]
        finally:
            await ended(upcoming)
            if not upcoming.cancelled():
                upcoming.exception()


async def together(
    items: AsyncIterator[T], most: int, is_large: Callable[[T], bool] = lambda item: False
) -> AsyncGenerator[list[T], None]:
    """The items in lists: each holds what came while the last one was being used, at least one item and `most`.

    Behind a large item nothing is read until it is taken. What came before an error is handed out before the error is
    raised. When nobody wants the rest, the item under way is given up.
    """
    waiting: asyncio.Queue[T | None] = asyncio.Queue(most)
    reading = asyncio.ensure_future(_read(items, waiting, is_large))
    try:
        while (item := await waiting.get()) is not None:
            waiting.task_done()
            group = [item]
            while len(group) < most and not waiting.empty() and (item := waiting.get_nowait()) is not None:
                waiting.task_done()
                group.append(item)
            yield group
            if item is None:
                break
        await reading
    finally:
        reading.cancel()
        await ended(reading)
        if not reading.cancelled():
            reading.exception()


async def _read(items: AsyncIterator[T], into: asyncio.Queue[T | None], is_large: Callable[[T], bool]) -> None:
    failure = None
    try:
        async for item in items:
            await into.put(item)
            if is_large(item):
                await into.join()
    except Exception as error:
        failure = error
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
    await into.put(None)
    if failure is not None:
        raise failure


async def _next(items: AsyncGenerator[T, None]) -> tuple[T] | None:
    try:
        return (await anext(items),)
    except StopAsyncIteration:
        return None
