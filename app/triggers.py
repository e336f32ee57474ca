"""Recording the runs that people ask for, each call in one transaction."""

from collections.abc import Collection, Sequence

from app import replays
from db import runs, source_states
from db.engine import Connection, Database
from db.enums import RunMode, RunTrigger
from db.runs import IdempotencyKeyReused
from graphql_schema.operations import Problem, TriggerAnswer


async def trigger(
    database: Database, source: str | None, mode: RunMode, key: str | None, enabled: Collection[str]
) -> TriggerAnswer:
    """Ask for a run of one source, or of all that are enabled."""
    wanted = [source] if source is not None else sorted(enabled)
    asked = f"source={source or '*'} mode={mode}"
    try:
        async with database.write() as connection:
            if key is not None:
                await runs.lock_idempotency_key(connection, key)
            return await _request(connection, dict.fromkeys(wanted), mode, key, asked)
    except IdempotencyKeyReused as reused:
        return TriggerAnswer(problems=[Problem("IDEMPOTENCY_KEY_REUSED", str(reused), ("idempotencyKey",))])


async def replay(
    database: Database, source: str | None, ids: Sequence[str] | None, enabled: Collection[str]
) -> TriggerAnswer:
    """Ask for replays; all or, on a problem with the ids, none of them."""
    async with database.write() as connection:
        wanted: replays.Wanted | list[Problem]
        if ids is not None:
            wanted = await replays.chosen(connection, source, ids)
        elif source is not None:
            wanted = {source: None}
        else:
            wanted = await replays.all_waiting(connection, enabled)
        if isinstance(wanted, list):
            return TriggerAnswer(problems=wanted)
        disabled = sorted(wanted.keys() - set(enabled))
        if disabled:
            return TriggerAnswer(problems=[source_disabled(name, "ids") for name in disabled])
        return await _request(connection, wanted, RunMode.REPLAY)


def source_disabled(source: str, argument: str) -> Problem:
    return Problem("SOURCE_DISABLED", f"{source} is not among ETL_SOURCES", (argument,))


async def _request(
    connection: Connection, wanted: replays.Wanted, mode: RunMode, key: str | None = None, asked: str = ""
) -> TriggerAnswer:
    """Record a run of each wanted source that is not paused."""
    answer = TriggerAnswer()
    paused = await source_states.paused(connection)
    for name, replay_ids in wanted.items():
        if name in paused:
            answer.problems.append(Problem("SOURCE_PAUSED", f"{name} is paused", ("source",)))
            continue
        requested = await runs.request(
            connection, name, mode, RunTrigger.MANUAL, idempotency_key=key, asked=asked, replay_ids=replay_ids
        )
        (answer.started if requested.started else answer.already_active).append(requested.run)
    return answer
