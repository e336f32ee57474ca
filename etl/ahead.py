"""Working ahead: the next item is made while the last one is being used."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
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


async def _next(items: AsyncGenerator[T, None]) -> tuple[T] | None:
    try:
        return (await anext(items),)
    except StopAsyncIteration:
        return None
