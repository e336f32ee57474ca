"""Killing a run at each of its points, resuming it, and comparing with a run that was never killed."""

import asyncio
import importlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from db.engine import Database
from db.enums import RunStatus
from tests.crash import facts, invariants, scenario
from tests.crash.databases import Start, expire_leases, opened, with_database
from tests.crash.forks import Child, ChildFailed, Say, in_child
from tests.crash.points import KILLED, Points

PASSES = 2
"""The earlier pass and the one that is killed."""
IMPORTED_LATE = ("aiosqlite", "asyncpg", "concurrent.futures.thread")
"""What children would otherwise import anew each."""
END_AGAIN = 1
"""A resumed run believes in the end of the list the second time only."""
TOLD_EVERY = 100
Deaths = tuple[int, ...]
"""Points at which one process after the other dies, each taking up what the last one left."""


@dataclass(slots=True)
class Found:
    """What a series of kills found."""

    points: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    not_reached: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.killed += other.killed
        self.not_reached += other.not_reached
        self.violations += other.violations


def enumerate_crashes(kind: str, *, sample: int | None, seed: int, pairs: int, jobs: int) -> Found:
    """Kill at every point, or at `sample` of them, and at `pairs` random pairs of points, by `jobs` workers."""
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as start:
        labels = _labels(_prepared(start))
    found = Found(points=len(labels), kinds=Counter(label.partition(" ")[0] for label in labels))
    random = Random(seed)
    deaths: list[Deaths] = [(point,) for point in chosen(labels, sample, random)]
    deaths += [tuple(random.randint(1, len(labels)) for _ in range(2)) for _ in range(pairs)]
    workers = [Child(_worker(kind, deaths[n::jobs])) for n in range(jobs)]
    for worker in workers:
        killed, not_reached, violations = worker.join(patience=3600).said
        found.add(Found(killed=killed, not_reached=not_reached, violations=violations))
    return found


def chosen(labels: Sequence[str], sample: int | None, random: Random) -> list[int]:
    """All points, or those around COMMIT, where the order of things shows, and evenly spread others."""
    every = range(1, len(labels) + 1)
    if sample is None or sample >= len(labels):
        return list(every)
    points = {n for n in every if labels[n - 1].endswith(" COMMIT")}
    rest = [n for n in every if n not in points]
    wanted = max(sample - len(points), 1)
    offset = random.random()
    points |= {rest[int((n + offset) * len(rest) / wanted)] for n in range(wanted)}
    return sorted(points)


def _worker(kind: str, deaths: Sequence[Deaths]) -> Callable[[Say], None]:
    parent = os.getpid()

    def work(say: Say) -> None:
        found = Found()
        with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as start:
            _prepared(start)
            clean = _recovered(start, ())
            for done, points in enumerate(deaths):
                if os.getppid() != parent:
                    return
                if done and done % TOLD_EVERY == 0:
                    sys.stderr.write(f"{kind}: {done} of {len(deaths)}, {len(found.violations)} violations\n")
                found.add(_killed(start, points, clean))
        say([found.killed, found.not_reached, found.violations])

    return work


def _prepared(start: Start) -> Start:
    """Let the database start behind an earlier pass."""

    async def earlier() -> None:
        run = await scenario.ingest(start.url, scenario.EARLIER)
        assert run.status is RunStatus.SUCCESS, run
        await start.keep()

    in_child(lambda say: asyncio.run(earlier()))
    return start


def _labels(start: Start) -> list[str]:
    """The points of a run that nobody kills."""

    def count(say: Say) -> None:
        points = _run_watched(start, None, say)
        say(points.labels)

    labels: list[str] = in_child(count).said
    return labels


def _killed(start: Start, points: Deaths, clean: dict[str, Any]) -> Found:
    """Kill at the points, recover, compare."""
    found = Found()
    died: list[str] = []
    try:
        for number, point in enumerate(points):
            ended = in_child(partial(_die, start, number, point))
            found.killed += ended.code == KILLED
            found.not_reached += ended.code != KILLED
            died.append(str(ended.said))
        problems = _compare(clean, _recovered(start, points))
    except (ChildFailed, TimeoutError) as problem:
        problems = [str(problem)]
    found.violations += [f"points {points} ({'; '.join(died)}): {problem}" for problem in problems]
    return found


def _die(start: Start, number: int, die_at: int, say: Say) -> None:
    """The first process starts from the start, later ones from what the one before left, unless that is all done."""
    if number == 0:
        asyncio.run(start.restore())
    elif asyncio.run(with_database(start.url, _taken_over)) == PASSES:
        return
    _run_watched(start, die_at, say)


def _run_watched(start: Start, die_at: int | None, say: Say) -> Points:
    points = Points(die_at, say)
    points.watch_sql()
    with asyncio.Runner(loop_factory=points.loop) as loop:
        loop.run(scenario.ingest(start.url, scenario.PAGES))
    return points


def _recovered(start: Start, points: Deaths) -> dict[str, Any]:
    """What the database holds once clean runs have closed every pass; `points` says who died before."""

    async def recover() -> dict[str, Any]:
        if not points:
            await start.restore()
        return await with_database(start.url, lambda database: _recover(database, lapsed=len(points) > 1))

    recovered: dict[str, Any] = in_child(lambda say: say(asyncio.run(recover()))).said
    return recovered


async def _recover(database: Database, *, lapsed: bool) -> dict[str, Any]:
    """`lapsed`: the first of several deaths left a run whose lease has run out, which nobody may have found yet."""
    broken = await invariants.violations(database, without={invariants.LIVE_LEASE} if lapsed else set())
    await _expire(database)
    left, calls = await _calls_left(database), await _calls(database)
    if await _closed_windows(database) < PASSES:
        run = await scenario.ingest_into(database, scenario.PAGES, reverse=True)
        assert run.status is RunStatus.SUCCESS, run
    broken += await invariants.violations(database)
    asked = await _calls(database) - calls
    if asked > left:
        broken.append(f"{asked} calls, though all but {left} were answered by what was kept")
    return {"violations": broken, **await _facts(database)}


def _compare(clean: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Violations and differences; calls may be made again, but not be missing."""
    calls, known = found.pop("calls"), clean["calls"]
    compared = {name: fact for name, fact in clean.items() if name not in {"calls", "violations"}}
    problems = [*clean["violations"], *found["violations"], *facts.differences(compared, found)]
    if calls < known:
        problems.append(f"{calls} calls instead of {known}")
    return problems


async def _facts(database: Database) -> dict[str, Any]:
    async with database.read() as connection:
        facts_now = await facts.gather(connection)
    return {**facts_now, "calls": await _calls(database)}


async def _calls(database: Database) -> int:
    async with database.read() as connection:
        made = await connection.execute(text("SELECT sum(calls) FROM etl_call_months"))
        return int(made.scalar_one())


async def _calls_left(database: Database) -> int:
    """The calls that a run may make, given the pages that were kept of the open window."""
    query = """SELECT windows.planned, count(pages.number) FROM etl_windows windows
               LEFT JOIN etl_window_pages pages ON pages.window_id = windows.id
               WHERE windows.state = 'open' GROUP BY windows.id, windows.planned"""
    async with database.read() as connection:
        window = (await connection.execute(text(query))).first()
    planned, kept = window or (None, 0)
    return 0 if planned is not None else scenario.CALLS - kept + END_AGAIN


async def _closed_windows(database: Database) -> int:
    async with database.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM etl_windows WHERE state = 'closed'"))
        return int(found.scalar_one())


async def _taken_over(database: Database) -> int:
    """Let the leases run out; returns how many passes are closed."""
    await _expire(database)
    return await _closed_windows(database)


async def _expire(database: Database) -> None:
    async with database.write() as connection:
        await expire_leases(connection)
