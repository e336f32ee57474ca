"""Running a source against a database, as the command line does."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest
from sqlalchemy import text

from db.engine import Database
from db.enums import RunMode, RunTrigger
from db.runs import Run
from etl.runner import Runner
from etl.types import Source


class Ingest(Protocol):
    async def __call__(
        self,
        source: Source,
        *,
        batch_size: int = 10,
        fail_after: int | None = None,
        mode: RunMode = RunMode.INCREMENTAL,
    ) -> Run: ...


@pytest.fixture
def ingest(database: Database) -> Ingest:
    async def run(
        source: Source, *, batch_size: int = 10, fail_after: int | None = None, mode: RunMode = RunMode.INCREMENTAL
    ) -> Run:
        runner = Runner(database, {source.name: source}, batch_size=batch_size, fail_after=fail_after)
        return await runner.run_now(source.name, mode, RunTrigger.CLI)

    return run


Query = Callable[[str], Awaitable[list[Any]]]


@pytest.fixture
def query(database: Database) -> Query:
    """Plain SQL, as a user would ask it."""

    async def ask(sql: str) -> list[Any]:
        async with database.read() as connection:
            return [tuple(row) for row in await connection.execute(text(sql))]

    return ask
