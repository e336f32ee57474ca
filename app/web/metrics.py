"""Prometheus metrics: what this process did since it started, and where the database stands at the scrape.

Each application has its own registry, so that any number of them can live in one process.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.types import Scope

from db import holdings, run_counts
from db.engine import Database
from db.enums import RunStatus
from db.run_counts import RunCount

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_LABELS = ("route", "method", "status")
_BOUNDS = tuple(map(floatToGoString, SECONDS_BUCKETS))


@dataclass(slots=True)
class _Times:
    """How long requests of a kind took, all of them together in `seconds`.

    `counts` has those up to each bound and above the one before, and in the end those above all bounds.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS_BUCKETS) + 1))
    seconds: float = 0.0


class HttpMetrics(Collector):
    """Requests counted and timed by route, method and class of status (2xx).

    Labels come from fixed sets: what clients make up must not make up time series. The event loop alone counts, so that
    nothing is locked for it; a scrape makes metrics of it.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._timed: defaultdict[tuple[str, str, int], _Times] = defaultdict(_Times)
        registry.register(self)

    def measure(self, scope: Scope, status: int, seconds: float) -> None:
        """Take note of an ended request."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        times = self._timed[route, method, status // 100]
        times.seconds += seconds
        times.counts[bisect_left(SECONDS_BUCKETS, seconds)] += 1

    def describe(self) -> Iterable[Metric]:
        return self.collect()

    def collect(self) -> Iterable[Metric]:
        count = CounterMetricFamily("kasparro_http_requests", "Requests answered.", labels=_LABELS)
        timed = HistogramMetricFamily(
            "kasparro_http_request_duration_seconds", "Time from request to end of answer.", labels=_LABELS
        )
        for (route, method, hundreds), times in self._timed.items():
            labels = (route, method, f"{hundreds}xx")
            *until, total = accumulate(times.counts)
            count.add_metric(labels, total)
            timed.add_metric(labels, [*zip(_BOUNDS, until, strict=True), ("+Inf", total)], times.seconds)
        return count, timed


def loop_lag(registry: CollectorRegistry) -> Histogram:
    """By how much the event loop comes late to what is due, to be told at every tick of the watch."""
    return Histogram(
        "kasparro_event_loop_lag_seconds",
        "By how much the event loop came late to a tick of its watch.",
        registry=registry,
        buckets=LAG_BUCKETS,
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where the database stands. Without arguments: that it did not answer."""

    database_up: bool = False
    runs: list[RunCount] = field(default_factory=list)
    assets: dict[str, int] = field(default_factory=dict)


async def read(database: Database) -> Snapshot:
    """Raises DatabaseError."""
    async with database.read() as connection:
        held = await holdings.by_source(connection)
        return Snapshot(
            database_up=True,
            runs=await run_counts.by_source_and_status(connection),
            assets={source: each.asset_count for source, each in held.items() if each.asset_count},
        )


def render(process: CollectorRegistry, snapshot: Snapshot) -> bytes:
    """Both kinds of metrics in the text format (MEDIA_TYPE)."""
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(snapshot))
    return generate_latest(process) + generate_latest(registry)


class _SnapshotCollector(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily("kasparro_build_info", "Always 1; the version is in the label.", labels=["version"])
        build.add_metric([version("kasparro")], 1)
        yield build
        yield GaugeMetricFamily(
            "kasparro_database_up", "Whether the database answered.", value=int(self._snapshot.database_up)
        )
        if self._snapshot.database_up:
            yield from self._of_runs()
            assets = GaugeMetricFamily("kasparro_assets", "Assets stored.", labels=["source"])
            for source, count in sorted(self._snapshot.assets.items()):
                assets.add_metric([source], count)
            yield assets

    def _of_runs(self) -> Iterator[Metric]:
        counts = GaugeMetricFamily("kasparro_etl_runs", "Runs with that status now.", labels=["source", "status"])
        last = GaugeMetricFamily(
            "kasparro_etl_last_success_timestamp_seconds", "When a run last succeeded.", labels=["source"]
        )
        records: dict[str, int] = {}
        for run in self._snapshot.runs:
            counts.add_metric([run.source, run.status], run.count)
            records[run.source] = records.get(run.source, 0) + run.records_processed
            if run.status is RunStatus.SUCCESS and run.last_finished_at is not None:
                last.add_metric([run.source], run.last_finished_at.timestamp())
        processed = CounterMetricFamily(
            "kasparro_etl_records_processed", "Records committed by all runs.", labels=["source"]
        )
        for source, total in records.items():
            processed.add_metric([source], total)
        yield from (counts, last, processed)
