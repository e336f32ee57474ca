"""Series of blows, each followed by clean runs, a verification and a comparison with a clean database."""

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import text

from db import assets
from db.engine import Database
from tests.chaos.blows import BLOWS, ENDED, RUNNING, SUCCESS, Arena
from tests.chaos.processes import UpstreamProcess, upstream
from tests.crash.databases import opened, with_database
from tests.crash.invariants import violations

COINS = 300
BLOWS_IN_A_SERIES = 5
FIRST_TICK = -10_000
"""A week ago: the upstream's market moves along with the real clock where it has caught up with it."""
SETTINGS = {
    "ETL_SOURCES": "coingecko,coinpaprika",
    "ETL_BATCH_SIZE": "10",
    "ETL_SCHEDULE_COINGECKO": "off",
    "ETL_SCHEDULE_COINPAPRIKA": "off",
    "COINGECKO_CALLS_PER_MINUTE": "100000",
    "COINPAPRIKA_CALLS_PER_MINUTE": "100000",
    "COINPAPRIKA_CALLS_PER_MONTH": "1000000",
    "LOG_FORMAT": "json",
}


@dataclass(slots=True)
class Outcome:
    """What a campaign did and found."""

    blows: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    series: int = 0
    violations: list[str] = field(default_factory=list)


def campaign(kind: str, *, kills: int, seed: int) -> Outcome:
    """Deal `kills` blows to runs on a database of this kind."""
    outcome = Outcome()
    random = Random(f"{kind} {seed}")
    with tempfile.TemporaryDirectory() as name, upstream(Path(name), COINS) as market:
        folder = Path(name)
        (folder / "clean").mkdir()
        with opened(kind, folder) as start, opened("sqlite", folder / "clean") as clean:
            settings = {**SETTINGS, **market.settings}
            arena = Arena(start.url, folder, {**settings, "DATABASE_URL": start.url}, random)
            reference = Arena(clean.url, folder, {**settings, "DATABASE_URL": clean.url}, random)
            market.set_tick(FIRST_TICK)
            arena.run_seconds = _measured(arena, outcome)
            while outcome.blows.total() < kills:
                outcome.series += 1
                blows = min(BLOWS_IN_A_SERIES, kills - outcome.blows.total())
                _series(kind, blows, market, arena, reference, outcome)
            outcome.statuses.update(asyncio.run(with_database(start.url, _statuses)))
    return outcome


def _series(kind: str, blows: int, market: UpstreamProcess, arena: Arena, reference: Arena, outcome: Outcome) -> None:
    """Move the market, deal the blows, recover, compare."""
    market.set_tick(FIRST_TICK + outcome.series)
    names = []
    for _ in range(blows):
        blow = arena.random.choice(BLOWS[kind])
        names.append(blow.__name__)
        outcome.blows[blow.__name__] += 1
        if problem := blow(arena):
            outcome.violations.append(f"series {outcome.series}, {blow.__name__}: {problem}")
        arena.expire()
    problems = _clean_runs(arena, 2) + _clean_runs(reference, 1) + asyncio.run(with_database(arena.url, violations))
    if not problems and _digest(arena) != _digest(reference):
        problems.append("the digest differs from that of a clean database")
    outcome.violations += [f"series {outcome.series} ({', '.join(names)}): {problem}" for problem in problems]


def _clean_runs(arena: Arena, runs: int) -> list[str]:
    """The first run closes the window that was left open, the next one reads the market as it is now."""
    problems = []
    for _ in range(runs):
        with arena.ingest() as process:
            code = process.join()
        if code != SUCCESS:
            log = process.log.read_text(encoding="utf-8", errors="replace")
            problems.append(f"a clean run ended with {code}: {log[-1500:]}")
    return problems


def _measured(arena: Arena, outcome: Outcome) -> float:
    """Seconds from the start of a run to its end, met by nothing."""
    with arena.ingest() as process:
        process.wait_for(RUNNING)
        began = time.monotonic()
        process.wait_for(ENDED)
        seconds = time.monotonic() - began
        if (code := process.join()) != SUCCESS:
            outcome.violations.append(f"the first run ended with {code}")
    return seconds


def _digest(arena: Arena) -> str:
    async def digest(database: Database) -> str:
        async with database.read() as connection:
            return await assets.digest(connection)

    return asyncio.run(with_database(arena.url, digest))


async def _statuses(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT status, count(*) FROM etl_runs GROUP BY status ORDER BY status"))
        return {str(status): int(count) for status, count in rows}
