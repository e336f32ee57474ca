"""What mutations answer: a result, and expected failures as data."""

from typing import Self

import strawberry

from graphql_schema.checkpoint import Checkpoint
from graphql_schema.coin import Coin
from graphql_schema.context import Info
from graphql_schema.operations import Problem, TriggerAnswer
from graphql_schema.run import Run
from graphql_schema.source import Source


@strawberry.type(description="An expected failure.")
class UserError:
    """See operations.Problem."""

    code: str = strawberry.field(description="Constant, in capitals, for programs.")
    message: str = strawberry.field(description="What is wrong, for people.")
    path: list[str] | None = strawberry.field(description="The argument it is about; null when about the whole.")

    @classmethod
    def from_problem(cls, problem: Problem) -> Self:
        return cls(code=problem.code, message=problem.message, path=list(problem.path) or None)


@strawberry.type(description="What came of asking for runs.")
class TriggerEtlPayload:
    """See operations.TriggerAnswer."""

    started: list[Run] = strawberry.field(description="Runs that were recorded now, queued or running.")
    already_active: list[Run] = strawberry.field(description="Runs that were queued or running before.")
    errors: list[UserError] = strawberry.field(
        description="UNKNOWN_SOURCE, SOURCE_DISABLED, SOURCE_PAUSED, RATE_LIMITED, or of triggerEtl "
        "IDEMPOTENCY_KEY_REUSED or BAD_IDEMPOTENCY_KEY, or of replayQuarantine UNKNOWN_RECORD, ALREADY_REPLAYED, "
        "NO_IDS or TOO_MANY_IDS."
    )

    @classmethod
    def from_answer(cls, answer: TriggerAnswer) -> Self:
        return cls(
            started=[Run.from_run(run) for run in answer.started],
            already_active=[Run.from_run(run) for run in answer.already_active],
            errors=[UserError.from_problem(problem) for problem in answer.problems],
        )


@strawberry.type(description="What came of asking to reset a checkpoint.")
class CheckpointPayload:
    """The checkpoint, or why not."""

    checkpoint: Checkpoint | None = strawberry.field(description="The checkpoint at the start of a new window.")
    errors: list[UserError] = strawberry.field(description="UNKNOWN_SOURCE or RUN_ACTIVE.")


@strawberry.type(description="What came of pausing or resuming a source.")
class SourcePayload:
    """The source, or why not."""

    source: Source | None = strawberry.field(description="The source as it is now.")
    errors: list[UserError] = strawberry.field(description="UNKNOWN_SOURCE.")


@strawberry.type(description="What came of linking assets, taking them apart or keeping them apart.")
class CoinPayload:
    """The coin, or why not."""

    coin: Coin | None = strawberry.field(
        description="The coin as it is now: of unlinkAsset the one that the asset is now, of undoLink and "
        "keepApart the one of the first asset it is about."
    )
    errors: list[UserError] = strawberry.field(
        description="UNKNOWN_ASSET, TOO_FEW_ASSETS, SAME_SOURCE, LINKED_OTHERWISE, LINKED, NOT_LINKED, "
        "NOTHING_TO_UNDO or BAD_REASON."
    )

    @classmethod
    async def of(cls, info: Info, answer: int | Problem) -> Self:
        if isinstance(answer, Problem):
            return cls.refused(answer)
        # What was read before is of the time before.
        info.context.forget()
        row = await info.context.loaders.coin_by_id.load(answer)
        return cls(coin=await Coin.found(info, row, None), errors=[])

    @classmethod
    def refused(cls, problem: Problem) -> Self:
        return cls(coin=None, errors=[UserError.from_problem(problem)])


@strawberry.type(description="What came of asking to cancel a run.")
class CancelRunPayload:
    """The run, or why not."""

    run: Run | None = strawberry.field(description="The run: cancelled, or asked to end at its next batch.")
    errors: list[UserError] = strawberry.field(description="UNKNOWN_RUN or RUN_NOT_ACTIVE.")

    @classmethod
    def refused(cls, problem: Problem) -> Self:
        return cls(run=None, errors=[UserError.from_problem(problem)])
