"""One simulation from its seed to the verdict: servers start, things go wrong, things get well, all is judged."""

import asyncio
import contextvars
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from app.config import Settings
from app.environment import Secret
from db import runs
from db.engine import Database
from db.errors import DatabaseError
from etl import dispatcher
from tests.simulation.answers import Network
from tests.simulation.clock import Stuck, VirtualLoop
from tests.simulation.disk import Disk, simulated
from tests.simulation.host import HOST, Host
from tests.simulation.judge import KEY, violations
from tests.simulation.market import GECKO, PAPRIKA, Market
from tests.simulation.plan import TROUBLE_SECONDS, Deed, Plan, plan_of

RECOVERY_SECONDS = 4 * 3600.0
"""How long the sources may take to be read again once all is well: a circuit can be open for half an hour."""
POLL_SECONDS = 30.0
STOP_SECONDS = 8.0
DISPATCH_SECONDS = 20.0
"""Looking for queued runs each second, as servers do, is most of what a simulation would do."""
MEMORY = Path("/dev/shm")


@dataclass(slots=True)
class Verdict:
    """What a simulation found, and its history: what was asked of the upstreams and how the runs ended."""

    seed: int
    problems: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


_graveyard: list["World"] = []


def simulate(seed: int, template: Path) -> Verdict:
    """Carry out the plan of a seed. `template` is an SQLite file with empty tables."""
    random.seed(seed)  # the product's own jitter
    dispatcher.POLL_SECONDS = DISPATCH_SECONDS
    loop = VirtualLoop()
    loop.set_exception_handler(lambda _loop, _context: None)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        file = Path(shutil.copy(template, Path(folder) / "simulated.sqlite3"))
        world = World(plan_of(seed), loop, file)
        # Dead processes' tasks stay suspended; to collect them would be to run their clean-up.
        _graveyard.append(world)
        with simulated(world.disk):
            try:
                loop.run_until_complete(world.run())
            except Stuck:
                world.verdict.problems.append("nothing is due any more")
        world.verdict.seconds = loop.time()
        loop.close()
    return world.verdict


class World:
    """The hosts, the market, the disk and the clock of one simulation."""

    def __init__(self, plan: Plan, loop: VirtualLoop, file: Path) -> None:
        self.plan = plan
        self.verdict = Verdict(plan.seed)
        self.disk = Disk(Random(f"disk {plan.seed}"))
        self.market = Market(plan.coins, standstill=int(TROUBLE_SECONDS // 60))
        self.hosts: list[Host] = []
        self._loop = loop
        self._random = Random(f"world {plan.seed}")
        self._tasks: list[asyncio.Task[Any]] = []
        self._settings = _settings(plan, file)

    async def run(self) -> None:
        self.hosts = [self._started(n) for n in range(self.plan.hosts)]
        for deed in self.plan.deeds:
            await self._until(deed.at)
            self._do(deed)
        await self._until(TROUBLE_SECONDS)
        self._heal()
        database = Database(self._settings.database_url)
        try:
            await self._recover(database)
            await self._stop_all()
            self.verdict.problems += await violations(database, self.market, self.plan)
            await self._tell(database)
        finally:
            await database.close()

    def _started(self, number: int) -> Host:
        host = Host(f"host {number}", self._random)
        host.start(self._settings, Network(host, self.market, self.plan.episodes, self._random))
        return host

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self._loop.time()))

    def _do(self, deed: Deed) -> None:
        self._note(f"{deed.kind} {deed.host} {deed.source} {deed.amount:g}")
        host = self.hosts[deed.host]
        match deed.kind:
            case "kill":
                host.kill()
                self._later(self._restart(deed.host, deed.amount))
            case "stop":
                self._later(self._stop(deed.host, deed.amount))
            case "freeze":
                host.freeze()
                self._later(self._thaw(host, deed.amount))
            case "refused":
                self.disk.refused = deed.amount
            case "lost":
                self.disk.lost = deed.amount
            case "clock":
                self._loop.set_clock_wrong(timedelta(seconds=deed.amount))
            case _:
                self._later(self._request(host, deed), host)

    def _later(self, work: Coroutine[Any, Any, None], host: Host | None = None) -> None:
        """Start a task of the world's or, with `host`, one within that process."""
        context = contextvars.copy_context()
        if host is not None:
            context.run(HOST.set, host)
        self._tasks.append(asyncio.create_task(work, context=context))

    async def _restart(self, number: int, seconds: float) -> None:
        killed = self.hosts[number]
        await asyncio.sleep(seconds)
        if self.hosts[number] is killed:
            self.hosts[number] = self._started(number)

    async def _stop(self, number: int, seconds: float) -> None:
        await self._judged_stop(self.hosts[number])
        await self._restart(number, seconds)

    async def _judged_stop(self, host: Host) -> None:
        taken = await host.stop()
        if self.plan.stops_in_time and taken > STOP_SECONDS:
            self.verdict.problems.append(f"{host.name} took {taken:.1f} s to stop")
        self.verdict.problems += host.problems

    async def _thaw(self, host: Host, seconds: float) -> None:
        await asyncio.sleep(seconds)
        host.thaw()

    async def _request(self, host: Host, deed: Deed) -> None:
        """What a user asks of a running process; what comes of it is none of our business here."""
        if host.services is None:
            return
        operations = host.services.operations
        try:
            match deed.kind:
                case "trigger":
                    await operations.trigger(deed.source, deed.mode, f"key {deed.at}")
                case "reset":
                    await operations.reset_checkpoint(deed.source)
                case "cancel":
                    async with host.services.database.read() as connection:
                        active = await runs.active(connection, deed.source)
                    if active is not None:
                        await operations.cancel(active.id)
        except DatabaseError as problem:
            self._note(f"refused: {problem}")

    def _heal(self) -> None:
        self._note("all is well")
        self._loop.set_clock_wrong(timedelta(0))
        self.disk.refused = self.disk.lost = 0.0
        for host in self.hosts:
            host.thaw()

    async def _recover(self, database: Database) -> None:
        """Wait until every source was read once more from the start."""
        # By number: windows may have been opened by a clock that was ahead.
        last = await _ask(database, "SELECT coalesce(max(id), 0) FROM etl_windows")
        read_anew = f"SELECT DISTINCT source FROM etl_windows WHERE state = 'closed' AND id > {last[0]}"
        missing = {GECKO, PAPRIKA}
        until = self._loop.time() + RECOVERY_SECONDS
        while missing and self._loop.time() < until:
            await asyncio.sleep(POLL_SECONDS)
            missing -= set(await _ask(database, read_anew))
        self.verdict.problems += [f"{source} is never read again" for source in sorted(missing)]

    async def _stop_all(self) -> None:
        """Whoever was killed or stopped has been started again by now; all end in an orderly way."""
        await asyncio.gather(*(self._judged_stop(host) for host in self.hosts if not host.dead))

    async def _tell(self, database: Database) -> None:
        for call in self.market.calls:
            self.verdict.history.append(f"{call.came:9.2f} {call.source} page {call.page}: {call.kind}")
        async with database.read() as connection:
            rows = await connection.execute(
                text("SELECT source, mode, status, records_processed, error, run_finished_at FROM etl_runs ORDER BY id")
            )
            for row in rows:
                self.verdict.statuses[row.status] += 1
                self.verdict.history.append(" ".join(str(cell) for cell in row))

    def _note(self, event: str) -> None:
        self.verdict.history.append(f"{self._loop.time():9.2f} {event}")


async def _ask(database: Database, statement: str) -> list[Any]:
    """The first column of what a statement gives."""
    async with database.read() as connection:
        return list((await connection.execute(text(statement))).scalars())


def _settings(plan: Plan, file: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{file}",
        etl_sources=(GECKO, PAPRIKA),
        etl_schedule_coingecko="7m",
        etl_schedule_coinpaprika="5m",
        etl_batch_size=plan.batch_size,
        etl_run_on_startup=True,
        etl_fail_after_n_records=None,
        coingecko_api_plan="demo",
        coingecko_api_key=Secret(KEY),
        coingecko_max_coins=1000,
        coingecko_calls_per_minute=plan.calls_per_minute,
        coingecko_base_url="http://coingecko.test/api/v3",
        coinpaprika_base_url="http://coinpaprika.test/v1",
        coinpaprika_api_key=None,
        raw_retention_days=None,
        api_token=None,
        host="127.0.0.1",
    )
