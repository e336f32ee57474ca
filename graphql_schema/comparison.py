"""Two runs side by side."""

from typing import Annotated, Self

import strawberry

from db import run_log, run_reader, runs
from graphql_schema import ids, run_metrics
from graphql_schema.context import Info
from graphql_schema.run import Run
from graphql_schema.usual import FEWEST, change_percent

# How far back is looked for what is usual.
MOST_PAST_RUNS = 50


@strawberry.type(description="A figure of two runs.")
class RunDifference:
    """See run_metrics.METRICS."""

    metric: str = strawberry.field(
        description="Name of the figure: a count or `durationMs`, as in `Run`, or `recordsPerSecond`."
    )
    base: float | None = strawberry.field(description="The base run's figure; null where it is not known.")
    other: float | None = strawberry.field(description="The other run's figure; null where it is not known.")
    change_percent: float | None = strawberry.field(
        description="Change from base to other, in percent of base. Null where base is 0 or a figure is unknown, and "
        "where the two can't be compared: runs of different sources, or a replay and a pass."
    )


@strawberry.type(description="Two runs side by side.")
class RunComparison:
    """Made by `compare_runs`."""

    base: Run = strawberry.field(description="The run that is compared with.")
    other: Run = strawberry.field(description="The run that is looked at.")
    differences: list[RunDifference] = strawberry.field(description="Every figure of both runs, in a fixed order.")
    anomalies: list[str] = strawberry.field(
        description="What is unusual about the other run, for people: figures far from the median of whole successful "
        "passes of its own source before it (by the median absolute deviation); coins that sources contradict each "
        "other about since it; and why something can't be compared or judged. Empty where all is usual, and where "
        "`historySize` is too small to tell."
    )
    history_size: int = strawberry.field(
        description=f"How many earlier runs the other run was judged by, at most {MOST_PAST_RUNS}; below {FEWEST} "
        "nothing is called unusual."
    )

    @classmethod
    def of(cls, base: runs.Run, other: runs.Run, past: list[runs.Run], odd: list[str]) -> Self:
        apart = run_metrics.incomparable(base, other)
        unjudged = run_metrics.not_judged(other)
        notes = [note for note in (apart, unjudged) if note is not None]
        judged = past if unjudged is None else []
        return cls(
            base=Run.from_run(base),
            other=Run.from_run(other),
            differences=[_difference(metric, base, other, comparable=apart is None) for metric in run_metrics.METRICS],
            anomalies=[*notes, *run_metrics.anomalies(other, judged), *odd],
            history_size=len(judged),
        )


def _difference(metric: run_metrics.Metric, base: runs.Run, other: runs.Run, *, comparable: bool) -> RunDifference:
    before, after = metric.of(base), metric.of(other)
    change = change_percent(before, after) if comparable else None
    return RunDifference(metric=metric.name, base=before, other=after, change_percent=change)


async def compare_runs(
    info: Info,
    base_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the run to compare with.")],
    other_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the run to look at.")],
) -> RunComparison | None:
    """Resolves Query.compareRuns."""
    wanted = [ids.require_row_id("Run", run_id) for run_id in (base_id, other_id)]
    base, other = await info.context.loaders.run_by_id.load_many(wanted)
    if base is None or other is None:
        return None
    async with info.context.database.read() as connection:
        past = await run_reader.passes_before(
            connection, other, replays=run_metrics.is_replay(other), limit=MOST_PAST_RUNS
        )
        odd = await run_log.anomalies(connection, other.id)
    return RunComparison.of(base, other, past, odd)
