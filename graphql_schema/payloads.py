"""What mutations answer: a result, and expected failures as data."""

from typing import Self

import strawberry

from graphql_schema.checkpoint import Checkpoint
from graphql_schema.operations import Problem, TriggerAnswer
from graphql_schema.run import Run


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
        description="UNKNOWN_SOURCE, SOURCE_DISABLED, SOURCE_PAUSED or IDEMPOTENCY_KEY_REUSED."
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


@strawberry.type(description="What came of asking to cancel a run.")
class CancelRunPayload:
    """The run, or why not."""

    run: Run | None = strawberry.field(description="The run: cancelled, or asked to end at its next batch.")
    errors: list[UserError] = strawberry.field(description="UNKNOWN_RUN or RUN_NOT_ACTIVE.")

    @classmethod
    def refused(cls, problem: Problem) -> Self:
        return cls(run=None, errors=[UserError.from_problem(problem)])
