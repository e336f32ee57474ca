"""What can be done."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import enums
from graphql_schema import ids as global_ids
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import NOT_AVAILABLE
from graphql_schema.context import Info
from graphql_schema.enums import RunMode
from graphql_schema.errors import unauthenticated
from graphql_schema.fields import action, given
from graphql_schema.operations import Operations, Problem
from graphql_schema.payloads import (
    CancelRunPayload,
    CheckpointPayload,
    CoinPayload,
    SourcePayload,
    TriggerEtlPayload,
    UserError,
)
from graphql_schema.run import Run
from graphql_schema.source import Source

Reason = Annotated[str | None, strawberry.argument(description="Why, for those who look later.")]
_UNKNOWN_RUN = Problem("UNKNOWN_RUN", "there is no such run", ("id",))


@strawberry.type(description="What can be done. Needs `Authorization: Bearer` with the API token.")
class Mutation:
    """The root of writing."""

    @action("Start a run of one source, or of all enabled ones. Answers once the runs are recorded.")
    async def trigger_etl(
        self,
        info: Info,
        source: Annotated[
            str | None, strawberry.argument(description="Name of the source; without it, all enabled ones.")
        ] = UNSET,
        mode: Annotated[RunMode | None, strawberry.argument(description="What the runs read.")] = RunMode.INCREMENTAL,
        idempotency_key: Annotated[
            str | None,
            strawberry.argument(description="Any text of yours; a repeated call with it gets the first call's answer."),
        ] = UNSET,
    ) -> TriggerEtlPayload:
        operations = _operations(info)
        wanted = enums.RunMode(str((mode or RunMode.INCREMENTAL).value))
        answer = await operations.trigger(given(source), wanted, given(idempotency_key))
        return TriggerEtlPayload.from_answer(answer)

    @action("Let the next run of a source read it from the start. What is stored stays.")
    async def reset_checkpoint(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> CheckpointPayload:
        answer = await _operations(info).reset_checkpoint(source)
        if isinstance(answer, Problem):
            return CheckpointPayload(checkpoint=None, errors=[UserError.from_problem(answer)])
        return CheckpointPayload(checkpoint=Checkpoint.from_checkpoint(answer), errors=[])

    @action(
        "Let neither the schedule nor a trigger start a source, until it is resumed. A running run goes on to its end."
    )
    async def pause_source(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> SourcePayload:
        return _source_payload(info, source, await _operations(info).pause(source))

    @action("Let a paused source be started again. A run that waited is started at once.")
    async def resume_source(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> SourcePayload:
        return _source_payload(info, source, await _operations(info).resume(source))

    @action(
        "Judge quarantined records again, without asking an upstream: all that wait, of one source or of every enabled "
        "one that has some, or only those with the given ids. A run that is running already does not take them on: it "
        "is answered in `alreadyActive`, and they wait on."
    )
    async def replay_quarantine(
        self,
        info: Info,
        source: Annotated[str | None, strawberry.argument(description="Name of the source.")] = UNSET,
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Global ids of the quarantined records; at most 1000."),
        ] = UNSET,
    ) -> TriggerEtlPayload:
        return TriggerEtlPayload.from_answer(await _operations(info).replay(given(source), given(ids)))

    @action("Take assets of different sources for the same coin. Not available yet.")
    async def link_assets(
        self,
        info: Info,
        asset_ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids of the assets.")],
        reason: Reason = UNSET,
    ) -> CoinPayload:
        _operations(info)
        return CoinPayload.refused(NOT_AVAILABLE)

    @action("Take an asset away from its coin. Not available yet.")
    async def unlink_asset(
        self,
        info: Info,
        asset_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the asset.")],
        reason: Reason = UNSET,
    ) -> CoinPayload:
        _operations(info)
        return CoinPayload.refused(NOT_AVAILABLE)

    @action("End an active run: at once while queued, at its next batch while running.")
    async def cancel_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id.")],  # noqa: A002
    ) -> CancelRunPayload:
        operations = _operations(info)
        run_id = global_ids.row_id("Run", id)
        if run_id is None:
            return CancelRunPayload.refused(_UNKNOWN_RUN)
        answer = await operations.cancel(run_id)
        if isinstance(answer, Problem):
            return CancelRunPayload.refused(answer)
        return CancelRunPayload(run=Run.from_run(answer), errors=[])


def _source_payload(info: Info, name: str, problem: Problem | None) -> SourcePayload:
    if problem is not None:
        return SourcePayload(source=None, errors=[UserError.from_problem(problem)])
    return SourcePayload(source=Source.named(info, name), errors=[])


def _operations(info: Info) -> Operations:
    """The process, for a caller who may change things. Raises UNAUTHENTICATED."""
    if not info.context.may_mutate:
        raise unauthenticated()
    return info.context.operations
