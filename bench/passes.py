"""Whole passes through the product's own runner and source, over an upstream without a network."""

import asyncio
from dataclasses import dataclass

import httpx

from bench.records import Exchange
from bench.spent import Spent, moment
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from etl.http import Upstream
from etl.runner import Progress, Runner
from etl.sources.coingecko import CoinGecko


@dataclass(frozen=True)
class Pass:
    """What one pass took: freezing the window, loading it, and all the rest (linking coins, closing)."""

    records: int
    staging: Spent
    loading: Spent
    rest: Spent

    @property
    def total(self) -> Spent:
        return self.staging.plus(self.loading).plus(self.rest)


class Watch:
    """Notes when a run's window is frozen and when its last record is committed."""

    def __init__(self) -> None:
        self.began = moment()
        self.planned: Spent | None = None
        self.loaded: Spent | None = None

    def __call__(self, progress: Progress) -> None:
        if progress.total is not None and self.planned is None:
            self.planned = moment()
        if progress.position == progress.total and self.loaded is None:
            self.loaded = moment()

    def ended(self, records: int) -> Pass:
        planned, loaded = self.planned or self.began, self.loaded or self.began
        return Pass(records, planned.since(self.began), loaded.since(planned), moment().since(loaded))


async def one_pass(database: Database, exchange: Exchange, batch_size: int) -> Pass:
    async with httpx.AsyncClient(transport=exchange) as client:
        source = CoinGecko(Upstream(client, "http://upstream", permit=_at_once), len(exchange.records))
        watch = Watch()
        runner = Runner(database, {source.name: source}, batch_size=batch_size, on_progress=watch)
        run = await runner.run_now(source.name, RunMode.INCREMENTAL, RunTrigger.CLI)
    if run.status is not RunStatus.SUCCESS:
        raise RuntimeError(f"the run ended as {run.status}: {run.error}")
    return watch.ended(run.records_processed)


async def _at_once() -> None:
    await asyncio.sleep(0)
