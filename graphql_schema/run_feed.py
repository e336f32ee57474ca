"""What subscriptions need from the process around the graph, stated as a protocol that `app` fulfils."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from db.run_event_reader import Place, RunEvent
from db.runs import Run

# Done once nobody wants to be told any more.
Leaving = asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and the place behind it, from which a follower can go on later."""

    event: RunEvent
    place: Place


class RunFeed(Protocol):
    """The log of what happens to runs, whichever process does the work."""

    async def ends(self) -> Place:
        """Where the log of each source ends now."""
        ...

    async def check(self, source: str | None, place: Place) -> None:
        """Raises InvalidCursor for a place that the log never came to, CursorExpired for one it cannot be told from."""
        ...

    async def standing(self, run_id: int) -> tuple[Run, Place] | None:
        """A run and the place in its source's log it was read at; None when there is no such run."""
        ...

    def follow(self, source: str | None, place: Place, leaving: Leaving | None = None) -> AsyncGenerator[Told, None]:
        """Everything behind a place, of one source or of all, and whatever comes, until the follower is leaving.

        In the order of the log within a source. Raises CursorExpired when something it has to tell is forgotten.
        """
        ...
