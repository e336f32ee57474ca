"""What can be done."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import enums
from graphql_schema import ids
from graphql_schema.checkpoint import Checkpoint
from graphql_schema.context import Info
from graphql_schema.enums import RunMode
from graphql_schema.errors import unauthenticated
from graphql_schema.fields import action, given
from graphql_schema.operations import Operations, Problem
from graphql_schema.payloads import CancelRunPayload, CheckpointPayload, TriggerEtlPayload, UserError
from graphql_schema.run import Run

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

    @action("End an active run: at once while queued, at its next batch while running.")
    async def cancel_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's global id.")],  # noqa: A002
    ) -> CancelRunPayload:
        operations = _operations(info)
        run_id = ids.row_id("Run", id)
        if run_id is None:
            return CancelRunPayload.refused(_UNKNOWN_RUN)
        answer = await operations.cancel(run_id)
        if isinstance(answer, Problem):
            return CancelRunPayload.refused(answer)
        return CancelRunPayload(run=Run.from_run(answer), errors=[])


def _operations(info: Info) -> Operations:
    """The process, for a caller who may change things. Raises UNAUTHENTICATED."""
    if not info.context.may_mutate:
        raise unauthenticated()
    return info.context.operations
