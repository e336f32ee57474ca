"""Figures of a run that can be compared with those of other runs, and what is unusual about them. Pure.

A run is judged by the source's own past alone, and only by whole passes that succeeded. Runs of different sources, or
a replay and a pass, have figures that can be shown side by side, but a change from one to the other means nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from db.enums import ACTIVE, RunMode, RunStatus
from db.runs import Run
from graphql_schema.run import duration_ms
from graphql_schema.usual import Usual, usual

Figure = Callable[[Run], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a run: its name in the graph, and in a sentence.

    What counts as no news at all is the larger of `least` and a `share` of what the figure (or, for a part of the
    records, their number) usually is.
    """

    name: str
    label: str
    of: Figure
    least: float = 1.0
    share: float = 0.01
    part_of_records: bool = False


def _processed(run: Run) -> float:
    return run.records_processed


def _duration_ms(run: Run) -> float | None:
    return duration_ms(run.run_started_at, run.run_finished_at)


def _per_second(run: Run) -> float | None:
    milliseconds = _duration_ms(run)
    return 1000 * run.records_processed / milliseconds if milliseconds else None


METRICS = (
    Metric("recordsProcessed", "processed records", _processed),
    Metric("inserted", "new assets", lambda run: run.inserted, part_of_records=True),
    Metric("updated", "changed assets", lambda run: run.updated, part_of_records=True),
    Metric("unchanged", "records without news", lambda run: run.unchanged, part_of_records=True),
    Metric("stale", "records older than what is stored", lambda run: run.stale, part_of_records=True),
    # That a record is lost or bad is news even where thousands are fine.
    Metric("missing", "announced records that were not delivered", lambda run: run.missing),
    Metric("quarantined", "quarantined records", lambda run: run.quarantined),
    Metric("total", "records in the window", lambda run: run.total),
    Metric("durationMs", "milliseconds", _duration_ms, least=500.0, share=0.1),
    Metric("recordsPerSecond", "records a second", _per_second, share=0.1),
)


def incomparable(base: Run, other: Run) -> str | None:
    """Why a change between the runs means nothing, as a sentence; None where it does mean something."""
    if base.source != other.source:
        return (
            f"The runs are of different sources, {base.source} and {other.source}: their figures stand side by side, "
            f"and only the past of {other.source} says what is unusual."
        )
    if is_replay(base) != is_replay(other):
        return (
            "One of the runs replayed the quarantine and the other read the source: their figures stand side by side."
        )
    return None


def not_judged(run: Run) -> str | None:
    """Why a run's figures can't be judged by whole passes, as a sentence; None where they can."""
    if run.status in ACTIVE:
        return f"The run is {run.status}: its figures are not final and are not judged."
    if run.status is not RunStatus.SUCCESS:
        reason = f" ({run.error})" if run.error else ""
        return f"The run ended as {run.status}{reason}: its figures are of a part of the pass and are not judged."
    if run.start_position:
        return (
            f"The run went on behind record {run.start_position} of a pass that an earlier run began: its figures are "
            "of the rest and are not judged."
        )
    return None


def is_replay(run: Run) -> bool:
    return run.mode is RunMode.REPLAY


def anomalies(run: Run, past: Sequence[Run]) -> Iterator[str]:
    """What is unusual about a run, as sentences; `past` are whole successful passes of the same source."""
    for metric in METRICS:
        figure = metric.of(run)
        expected = _usual(metric, past)
        if figure is not None and expected is not None and expected.is_unusual(figure):
            yield _sentence(metric, figure, expected, len(past))


def _usual(metric: Metric, past: Sequence[Run]) -> Usual | None:
    figures = _known(metric.of, past)
    size = _known(_processed if metric.part_of_records else metric.of, past)
    typical = usual(size, metric.least)
    return usual(figures, max(metric.least, metric.share * typical.centre)) if typical else None


def _known(of: Figure, past: Sequence[Run]) -> list[float]:
    return [figure for run in past if (figure := of(run)) is not None]


def _sentence(metric: Metric, figure: float, expected: Usual, runs: int) -> str:
    direction = "more" if figure > expected.centre else "fewer"
    return (
        f"{_text(figure)} {metric.label}, far {direction} than the usual {_text(expected.centre)} "
        f"(median of {runs} runs, spread {_text(expected.spread)})."
    )


def _text(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 or figure == round(figure) else f"{figure:.1f}"
