"""Real processes of the service against the world of a test, and the proof that their faults left nothing behind."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from app import environment
from app.config import Settings
from app.services import open_database, open_runner
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from tests.chaos.blows import INGEST, SERVE
from tests.chaos.processes import Process, started, wait_until
from tests.crash.databases import expire_leases, with_database
from tests.crash.invariants import violations
from tests.faults.world import digest
from tests.system.processes import free_port

T = TypeVar("T")
QUIET = {
    "ETL_SCHEDULE_COINGECKO": "off",
    "ETL_SCHEDULE_COINPAPRIKA": "off",
    "ETL_SCHEDULE_CSV": "off",
    "COINGECKO_CALLS_PER_MINUTE": "100000",
    "COINPAPRIKA_CALLS_PER_MINUTE": "100000",
    "LOG_FORMAT": "json",
}


@dataclass(slots=True)
class Site:
    """Where processes run: a database, a folder, and settings; `clean_url` is a database that meets no fault."""

    url: str
    clean_url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def ingest(self, *sources: str, **settings: str) -> contextlib.AbstractContextManager[Process]:
        """`kasparro etl run` in the background."""
        return self._started([*INGEST, *sources], {"DATABASE_URL": self.url, **settings})

    @contextlib.contextmanager
    def serve(self, **settings: str) -> Iterator[tuple[Process, str]]:
        """A server that listens, and its address."""
        port = str(free_port())
        with self._started(SERVE, {"DATABASE_URL": self.url, "PORT": port, **settings}) as process:
            assert process.wait_for("server.started"), process.log.read_text(encoding="utf-8")
            yield process, f"http://127.0.0.1:{port}"

    def recovered(self, *sources: str) -> None:
        """A clean run succeeds, no invariant is broken, and the assets are those of a database that met no fault."""
        recovered, unharmed = (asyncio.run(self._run_clean(url, sources)) for url in (self.url, self.clean_url))
        assert recovered == unharmed
        assert self.ask(lambda database: violations(database, secrets=self.secrets)) == []

    async def _run_clean(self, url: str, sources: Sequence[str]) -> str:
        """One run of each source in this process; returns the digest."""
        given = {**QUIET, **self.settings, "ETL_BATCH_SIZE": "1000", "DATABASE_URL": url}
        settings = environment.read(Settings, given, {})
        async with open_database(settings) as database, open_runner(settings, database) as runner:
            for source in sources:
                run = await runner.run_now(source, RunMode.INCREMENTAL, RunTrigger.CLI)
                assert run.status is RunStatus.SUCCESS, run.error
            return await digest(database)

    def ask(self, question: Callable[[Database], Awaitable[T]]) -> T:
        return asyncio.run(with_database(self.url, question))

    def query(self, sql: str) -> list[Any]:
        async def rows(database: Database) -> list[Any]:
            async with database.read() as connection:
                return [tuple(row) for row in await connection.execute(text(sql))]

        return self.ask(rows)

    def let_leases_lapse(self) -> None:
        async def lapse(database: Database) -> None:
            async with database.write() as connection:
                await expire_leases(connection)

        self.ask(lapse)

    def wait_for_batches(self, count: int = 2) -> None:
        """Until a run has committed so many batches."""
        wait_until(lambda: self.query("SELECT count(*) FROM etl_batches")[0][0] >= count, f"{count} batches")

    def _started(
        self, arguments: Sequence[str], settings: dict[str, str]
    ) -> contextlib.AbstractContextManager[Process]:
        return started(arguments, self.folder, {**QUIET, **self.settings, **settings})
