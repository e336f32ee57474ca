"""What can be done."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

import strawberry
from strawberry import UNSET

from db import enums
from graphql_schema import ids as global_ids
from graphql_schema.audit import Guarded
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.context import Info
from graphql_schema.enums import RunMode
from graphql_schema.fields import given
from graphql_schema.operations import Problem
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

F = TypeVar("F", bound=Callable[..., Any])
Reason = Annotated[str | None, strawberry.argument(description="Why, for those who look later.")]
_UNKNOWN_RUN = Problem("UNKNOWN_RUN", "there is no such run", ("id",))


def action(description: str) -> Callable[[F], F]:
    """A field of the mutation type, for callers who may. (Strawberry's decorator looks untyped to type checkers.)"""
    return cast("Callable[[F], F]", strawberry.mutation(description=description, extensions=[Guarded()]))


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
        wanted = enums.RunMode(str((mode or RunMode.INCREMENTAL).value))
        answer = await info.context.operations.trigger(given(source), wanted, given(idempotency_key))
        return TriggerEtlPayload.from_answer(answer)

    @action("Let the next run of a source read it from the start. What is stored stays.")
    async def reset_checkpoint(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> CheckpointPayload:
        answer = await info.context.operations.reset_checkpoint(source)
        if isinstance(answer, Problem):
            return CheckpointPayload(checkpoint=None, errors=[UserError.from_problem(answer)])
        return CheckpointPayload(checkpoint=Checkpoint.from_checkpoint(answer), errors=[])

    @action(
        "Let neither the schedule nor a trigger start a source, until it is resumed. A running run goes on to its end."
    )
    async def pause_source(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> SourcePayload:
        return _source_payload(info, source, await info.context.operations.pause(source))

    @action("Let a paused source be started again. A run that waited is started at once.")
    async def resume_source(
        self, info: Info, source: Annotated[str, strawberry.argument(description="Name of the source.")]
    ) -> SourcePayload:
        return _source_payload(info, source, await info.context.operations.resume(source))

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
        return TriggerEtlPayload.from_answer(await info.context.operations.replay(given(source), given(ids)))

    @action(
        "Take assets of different sources for the same coin: stronger than any evidence, and for all runs to come. "
        "Where only an earlier unlinkAsset keeps them apart, that is taken back and the evidence holds again."
    )
    async def link_assets(
        self,
        info: Info,
        asset_ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids of the assets.")],
        reason: Reason = UNSET,
    ) -> CoinPayload:
        rows = _asset_rows(asset_ids)
        if rows is None:
            return CoinPayload.refused(_unknown_asset("assetIds"))
        return await CoinPayload.of(info, await info.context.operations.link_assets(rows, given(reason) or ""))

    @action("Take an asset away from its coin, and let no evidence bring it back.")
    async def unlink_asset(
        self,
        info: Info,
        asset_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the asset.")],
        reason: Reason = UNSET,
    ) -> CoinPayload:
        row = global_ids.row_id("Asset", asset_id)
        if row is None:
            return CoinPayload.refused(_unknown_asset("assetId"))
        return await CoinPayload.of(info, await info.context.operations.unlink_asset(row, given(reason) or ""))

    @action("Let no evidence make one coin of assets that are not linked. `doubtfulPairs` lists what wants a decision.")
    async def keep_apart(
        self,
        info: Info,
        asset_ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids of the assets.")],
        reason: Reason = UNSET,
    ) -> CoinPayload:
        rows = _asset_rows(asset_ids)
        if rows is None:
            return CoinPayload.refused(_unknown_asset("assetIds"))
        return await CoinPayload.of(info, await info.context.operations.keep_apart(rows, given(reason) or ""))

    @action(
        "Take back the last linkAssets, unlinkAsset or keepApart that is not undone yet: coins are then as if it had "
        "never been."
    )
    async def undo_link(self, info: Info) -> CoinPayload:
        return await CoinPayload.of(info, await info.context.operations.undo_link())

    @action("End an active run: at once while queued, at its next batch while running.")
    async def cancel_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id.")],  # noqa: A002
    ) -> CancelRunPayload:
        run_id = global_ids.row_id("Run", id)
        if run_id is None:
            return CancelRunPayload.refused(_UNKNOWN_RUN)
        answer = await info.context.operations.cancel(run_id)
        if isinstance(answer, Problem):
            return CancelRunPayload.refused(answer)
        return CancelRunPayload(run=Run.from_run(answer), errors=[])


def _asset_rows(asset_ids: list[strawberry.ID]) -> list[int] | None:
    """Row ids of assets; None where one of them is the id of something else."""
    rows = [global_ids.row_id("Asset", asset_id) for asset_id in asset_ids]
    known = [row for row in rows if row is not None]
    return known if len(known) == len(rows) else None


def _unknown_asset(argument: str) -> Problem:
    return Problem("UNKNOWN_ASSET", "that is not the id of an asset", (argument,))


def _source_payload(info: Info, name: str, problem: Problem | None) -> SourcePayload:
    if problem is not None:
        return SourcePayload(source=None, errors=[UserError.from_problem(problem)])
    return SourcePayload(source=Source.named(info, name), errors=[])
