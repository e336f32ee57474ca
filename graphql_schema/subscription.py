"""What can be followed. Every event is answered as a request of its own: loaders start afresh."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry
from strawberry import UNSET

from db import run_event_reader, runs
from db.enums import ACTIVE
from db.run_event_reader import Place
from graphql_schema import ids
from graphql_schema.context import Context, Info
from graphql_schema.errors import bad_input
from graphql_schema.fields import followed, given
from graphql_schema.run import Run
from graphql_schema.run_event import RunEvent


@strawberry.type(description="What can be followed, over a WebSocket (graphql-transport-ws).")
class Subscription:
    """The root of following."""

    @followed("A run as it stands, then after every change; ends after its last state.")
    async def run_progress(
        self, info: Info, run_id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id.")]
    ) -> AsyncGenerator[Run, None]:
        standing = await info.context.feed.standing(ids.require_row_id("Run", run_id))
        if standing is None:
            raise bad_input("there is no such run")
        return _progress(info.context, *standing)

    @followed("What happens to runs, whichever process does the work: in order within a source, everything once.")
    async def run_events(
        self,
        info: Info,
        source: Annotated[
            str | None, strawberry.argument(description="Name of the source; without it, all of them.")
        ] = UNSET,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Cursor of the last event you have: everything behind it is told first. "
                "CURSOR_EXPIRED when that is no longer kept. Without it: from now on."
            ),
        ] = UNSET,
    ) -> AsyncGenerator[RunEvent, None]:
        feed, wanted, cursor = info.context.feed, given(source), given(after)
        known = [state.name for state in info.context.operations.source_states()]
        if wanted is not None and wanted not in known:
            raise bad_input(f"unknown source {wanted!r:.80}; known are {', '.join(known)}")
        if cursor is None:
            place = await feed.ends()
        else:
            place = run_event_reader.place(wanted, cursor)
            await feed.check(wanted, place)
        return _events(info.context, wanted, place)


async def _progress(context: Context, run: runs.Run, place: Place) -> AsyncGenerator[Run, None]:
    yield Run.from_run(run)
    if run.status not in ACTIVE:
        return
    async with aclosing(context.feed.follow(run.source, place, context.leaving)) as told:
        async for step in told:
            if step.event.run.id != run.id:
                continue
            context.forget()
            yield Run.from_run(step.event.run)
            if step.event.run.status not in ACTIVE:
                return


async def _events(context: Context, source: str | None, place: Place) -> AsyncGenerator[RunEvent, None]:
    # A cursor names the places it needs: those of the source that is followed.
    place = {name: number for name, number in place.items() if source in {None, name}}
    async with aclosing(context.feed.follow(source, place, context.leaving)) as told:
        async for step in told:
            context.forget()
            yield RunEvent.from_told(source, step)
