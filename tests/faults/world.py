"""One small world: a market over real HTTP, a CSV file and a database; hurt by a fault, then proven to have healed.

The market stands still, so a database that met no fault holds the same assets whenever it is filled.
"""

import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text, update

from db import assets
from db.calls import CallBudget
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.runs import Run
from db.tables import circuits
from etl.budget import CallGate
from etl.http import Policy, Upstream
from etl.runner import Runner
from etl.sources.coingecko import CoinGecko
from etl.sources.coinpaprika import CoinPaprika
from etl.sources.csv_file import CsvSource
from etl.types import Source
from tests import upstream as local
from tests.crash.databases import expire_leases
from tests.crash.invariants import violations

LONG = os.environ.get("FAULTS") == "long"
"""Whether faults last as long, and are as many and as large, as in `make faults`."""
OVER_HTTP = ("coingecko", "coinpaprika")
COINS = 30
PER_PAGE = 12
"""Three pages on CoinGecko, the last one short; CoinPaprika's list and the CSV file are one piece."""
BATCH_SIZE = 7
KEY = "CG-a-key-that-must-never-show"
IMPATIENT = Policy(deadline=1.0, connect_timeout=0.3, read_timeout=0.5, backoff=0.0, max_bytes=1_000_000)
BUDGET = CallBudget(per_minute=100_000, per_month=1_000_000)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class World:
    """What a test needs to hurt a run and to see it heal.

    `url` is where the market is served; `template` is an SQLite file with empty tables; `digests` are those of
    databases that met no fault, by source and what it served.
    """

    database: Database
    market: local.Upstream
    url: str
    client: httpx.AsyncClient
    csv: Path
    template: Path
    digests: dict[tuple[str, str], str]
    policy: Policy = IMPATIENT

    def source(self, name: str) -> Source:
        """A source as a new process would build it; each sends the key."""
        return _source(self, name, self.database)

    async def run(
        self, source: str | Source, *, fail_after: int | None = None, mode: RunMode = RunMode.INCREMENTAL
    ) -> Run:
        """One run, as the command line does it. Raises LeaseHeld, Fenced or DatabaseUnavailable."""
        opened = self.source(source) if isinstance(source, str) else source
        return await _run(self.database, opened, fail_after=fail_after, mode=mode)

    async def recovered(self, name: str, *, clean_runs: int = 1) -> Run:
        """The fault is over: a clean run succeeds and leaves the assets of a database that met no fault, and no
        invariant is broken. Returns the last run.

        A second clean run is for faults that froze an odd list into a window: the first one only finishes that.
        """
        for _ in range(clean_runs - 1):
            await self.run_clean(name)
        run = await self.heals(name)
        await self.holds()
        return run

    async def heals(self, name: str) -> Run:
        """A clean run leaves the assets of a database that met no fault."""
        run = await self.run_clean(name)
        assert await digest(self.database) == await self.unharmed(name)
        return run

    async def run_clean(self, name: str) -> Run:
        """A run that meets no fault, and waits for nothing."""
        self.market.set_faults(())
        await self.let_waits_pass()
        run = await self.run(name)
        assert run.status is RunStatus.SUCCESS, run.error
        return run

    async def holds(self) -> None:
        """No invariant is broken, the one about secrets in stored text included."""
        assert await violations(self.database, secrets={"COINGECKO_API_KEY": KEY}) == []

    async def unharmed(self, name: str) -> str:
        """The digest of a database that meets the world as it is now, and no fault."""
        content = hashlib.sha256(self.csv.read_bytes()).hexdigest() if name == "csv" else self.market.now.isoformat()
        if (name, content) not in self.digests:
            self.digests[name, content] = await self._unharmed(name)
        return self.digests[name, content]

    async def _unharmed(self, name: str) -> str:
        file = self.csv.with_name("unharmed.sqlite3")
        shutil.copy(self.template, file)
        database = Database(f"sqlite:///{file}")
        try:
            run = await _run(database, _source(self, name, database))
            assert run.status is RunStatus.SUCCESS, run.error
            return await digest(database)
        finally:
            await database.close()
            for leftover in file.parent.glob(f"{file.name}*"):
                leftover.unlink()

    @asynccontextmanager
    async def on(self, database: Database) -> AsyncIterator[Database]:
        """The world on another database, which is closed at the end of the block."""
        kept, self.database = self.database, database
        try:
            yield database
        finally:
            self.database = kept
            await database.close()

    def opened_again(self) -> Database:
        """The world's database with connections of its own, as another process has it."""
        return Database(self.database.url.render_as_string(hide_password=False))

    async def let_waits_pass(self) -> None:
        """Whatever upstreams asked us to wait for is over."""
        async with self.database.write() as connection:
            await connection.execute(update(circuits).values(retry_at=LONG_AGO))

    async def let_leases_lapse(self) -> None:
        """What half a minute of silence does to the lease of a process that died."""
        async with self.database.write() as connection:
            await expire_leases(connection)

    async def count(self, table: str, where: str = "1 = 1") -> int:
        async with self.database.read() as connection:
            return int((await connection.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"))).scalar_one())


async def digest(database: Database) -> str:
    async with database.read() as connection:
        return await assets.digest(connection)


async def _run(
    database: Database, source: Source, *, fail_after: int | None = None, mode: RunMode = RunMode.INCREMENTAL
) -> Run:
    runner = Runner(database, {source.name: source}, batch_size=BATCH_SIZE, fail_after=fail_after)
    return await runner.run_now(source.name, mode, RunTrigger.CLI)


def _source(world: World, name: str, database: Database) -> Source:
    if name == "csv":
        return CsvSource(world.csv)
    gate = CallGate(database, name, BUDGET)
    paths: Mapping[str, str] = {"coingecko": local.COINGECKO, "coinpaprika": local.COINPAPRIKA}
    headers = {"x-cg-demo-api-key": KEY} if name == "coingecko" else {"Authorization": KEY}
    upstream = Upstream(
        world.client,
        world.url + paths[name],
        permit=gate.permit,
        observe=gate.observe,
        headers=headers,
        secrets=(KEY,),
        policy=world.policy,
    )
    return CoinGecko(upstream, 1000) if name == "coingecko" else CoinPaprika(upstream)
