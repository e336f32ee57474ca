"""The version of all data: two equal versions, read one after the other, mean that nothing was committed in between.

Nobody has to keep it, because both databases do. On PostgreSQL it is the snapshot a statement would get: which
transactions are over. On SQLite it is the counter that a connection keeps of other connections' commits. Whoever
commits, in this process, in another or by hand, the version has moved before they are told of it.
"""

import asyncio
from collections.abc import Hashable
from typing import Any

from sqlalchemy import text

from db.direct import Direct, NotDirect

# Without the version there is an answer, too, only a slower one.
PATIENCE_SECONDS = 0.5
_STATEMENTS = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}


class DataVersion:
    """Reads the version. Those who ask while it is being read share the next reading: theirs must begin after they ask,
    or it could be older than something they know of."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._statement = direct.statement("data version", lambda: text(_STATEMENTS[direct.kind]))
        self._waiting: list[asyncio.Future[Hashable]] = []
        self._reading: asyncio.Task[None] | None = None

    async def current(self) -> Hashable:
        """The version now; None where it can't be told, or not soon."""
        if self._direct.kind == "sqlite":
            # Costs less than waiting for it, and waits for nobody.
            return await self._read()
        asked: asyncio.Future[Hashable] = asyncio.get_running_loop().create_future()
        self._waiting.append(asked)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_on(), name="data version")
        return await asked

    async def _read_on(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                found = await self._read_soon()
                for each in asked:
                    if not each.done():
                        each.set_result(found)
        finally:
            self._reading = None

    async def _read_soon(self) -> Hashable:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read()
        except TimeoutError:
            return None

    async def _read(self) -> Hashable:
        try:
            rows: Any = await self._direct.fetch(self._statement, {})
        except NotDirect:
            return None
        found: Hashable = rows[0][0]
        return found
