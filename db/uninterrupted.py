"""Transactions are not cancelled half-way: a driver interrupted inside a statement leaves its fate open."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end even if the caller is cancelled meanwhile, however often; then the cancellation goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await ended(task)
        if not task.cancelled():
            task.exception()
        raise


async def ended(task: asyncio.Future[Any]) -> None:
    """Wait until `task` has ended. A process that is asked to stop a second time must not leave it half-way either."""
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            continue
