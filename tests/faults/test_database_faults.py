"""What happens to databases: full, read-only, restarted, cut off, locked, deadlocked, out of connections."""

import asyncio
import contextlib
import math
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from db import engine as engine_module
from db import migrate
from db.engine import Database
from db.enums import RunStatus
from db.errors import DatabaseUnavailable, LeaseHeld
from db.tables import metadata
from etl import runner as runner_module
from etl.load import Loaded, load_batch
from tests.crash.databases import OTHERS
from tests.faults.conftest import InBatch
from tests.faults.postgres import Proxy, Server, own_server
from tests.faults.world import BATCH_SIZE, COINS, LONG, World

LOCK_SECONDS = 60.0 if LONG else 0.5

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts as ever, but each a moment after the one before."""

    async def attempts(most: int | None = None) -> AsyncIterator[int]:
        for attempt in range(1, (most or runner_module.COMMIT_ATTEMPTS) + 1):
            if attempt > 1:
                await asyncio.sleep(0.05)
            yield attempt

    monkeypatch.setattr(runner_module, "_patiently", attempts)


# ---- connections


@only_postgresql
@pytest.mark.parametrize("delivered", [False, True], ids=["before-it-arrived", "before-its-answer"])
async def test_a_connection_reset_during_any_commit_of_a_run(world: World, delivered: bool) -> None:
    """Each COMMIT of a run is lost on its way, or its answer is. One of a batch, or of the end, costs nothing."""
    url = world.database.url
    in_batches = 0
    for cut_at in range(1, 100):
        proxy = Proxy(str(url.host), url.port or 5432, cut_at, delivered)
        await empty(world.database)
        run = None
        with capture_logs() as logs:
            async with proxy.listening(str(url.database)) as between, world.on(Database(between.url)):
                with contextlib.suppress(DatabaseUnavailable):
                    run = await world.run("csv")
        if proxy.commits < cut_at:
            break
        if any(log["event"] == "etl.commit_unknown" for log in logs):
            in_batches += 1
            assert run is not None
            assert (run.status, run.records_processed) == (RunStatus.SUCCESS, COINS)
        await others_gone(world)
        await world.let_leases_lapse()
        await world.heals("csv")
    assert in_batches == math.ceil(COINS / BATCH_SIZE)
    await world.holds()


async def empty(database: Database) -> None:
    async with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())


async def others_gone(world: World) -> None:
    """A COMMIT whose answer nobody heard may still be under way."""
    while await world.count("pg_stat_activity", OTHERS):  # noqa: ASYNC110  another process does this
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as running:
        yield running


@pytest.fixture
async def on_own_server(world: World, server: Server) -> AsyncIterator[World]:
    """The world with a database on a server that nobody else uses."""
    async with world.on(await created(server, "world")):
        yield world
    await administer(server, "DROP DATABASE world WITH (FORCE)")


async def created(server: Server, name: str, tail: str = "") -> Database:
    await administer(server, f"CREATE DATABASE {name} {tail}")
    database = Database(f"{server.url}/{name}")
    await migrate.upgrade(database)
    return database


async def administer(server: Server, statement: str) -> None:
    connection = await asyncpg.connect(f"{server.url}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@only_sqlite  # the world's own database is not used
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_postgresql_restarted_in_the_middle_of_a_batch(
    on_own_server: World, server: Server, in_batch: InBatch, mode: str
) -> None:
    in_batch(2, lambda: asyncio.to_thread(server.restart, mode))
    run = await on_own_server.run("csv")
    assert (run.status, run.records_processed) == (RunStatus.SUCCESS, COINS)
    await on_own_server.recovered("csv")


@only_sqlite  # the world's own database is not used
async def test_postgresql_without_a_free_connection(on_own_server: World, server: Server) -> None:
    await on_own_server.database.close()
    async with contextlib.AsyncExitStack() as stack:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while True:
                taken = await asyncpg.connect(f"{server.url}/postgres")
                stack.push_async_callback(taken.close)
        with pytest.raises(DatabaseUnavailable, match="too many clients"):
            await on_own_server.run("csv")
    await on_own_server.recovered("csv")


async def test_a_pool_without_a_free_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "POOL_TIMEOUT_SECONDS", 0.05)
    async with world.on(world.opened_again()) as exhausted:
        async with contextlib.AsyncExitStack() as stack:
            with contextlib.suppress(DatabaseUnavailable):
                while True:
                    await stack.enter_async_context(exhausted.read())
            if exhausted.is_sqlite:
                await stack.enter_async_context(exhausted.write())
            with pytest.raises(DatabaseUnavailable, match="no connection became free"):
                await world.run("csv")
        await world.recovered("csv")


# ---- locks


async def test_a_write_lock_that_somebody_keeps_for_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a statement waits on SQLite; with FAULTS=long a whole minute."""
    if not LONG:
        monkeypatch.setattr("db.sqlite.BUSY_TIMEOUT_SECONDS", 0.05)
    other = world.database
    locked = asyncio.Event()

    async def lock() -> None:
        async with other.write() as connection:
            if not other.is_sqlite:
                await connection.execute(text("LOCK TABLE etl_leases IN ACCESS EXCLUSIVE MODE"))
            locked.set()
            await asyncio.sleep(LOCK_SECONDS)

    async def load_under_lock(*arguments: Any) -> Loaded:
        if not locking:
            locking.append(asyncio.create_task(lock()))
            await locked.wait()
        return await load_batch(*arguments)

    locking: list[asyncio.Task[None]] = []
    monkeypatch.setattr(runner_module, "load_batch", load_under_lock)
    async with world.on(world.opened_again()):
        run = await world.run("csv")
        await asyncio.gather(*locking)
        assert (run.status, run.records_processed) == (RunStatus.SUCCESS, COINS)
        await world.recovered("csv")


@only_postgresql
async def test_a_deadlock_costs_a_batch_another_attempt(world: World, in_batch: InBatch) -> None:
    """Somebody has locked our run's row and then waits for the lease that our batch holds."""
    other = await connected(world)
    await other.execute(f"ALTER DATABASE {world.database.url.database} SET deadlock_timeout = 50")
    await other.execute("SET deadlock_timeout = '1min'")  # so that the victim is our batch

    async def lock_crosswise() -> None:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT * FROM etl_runs FOR NO KEY UPDATE")
        crossing.append(asyncio.create_task(cross(transaction)))

    async def cross(transaction: Any) -> None:
        await other.execute("UPDATE etl_leases SET heartbeat_at = heartbeat_at")
        await transaction.rollback()

    crossing: list[asyncio.Task[None]] = []
    in_batch(2, lock_crosswise)
    with capture_logs() as logs:
        async with world.on(world.opened_again()):
            run = await world.run("csv")
    await asyncio.gather(*crossing)
    await other.execute(f"ALTER DATABASE {world.database.url.database} RESET deadlock_timeout")
    await other.close()
    assert ["deadlock detected" in log["error"] for log in logs if log["event"] == "etl.commit_unknown"] == [True]
    assert (run.status, run.records_processed) == (RunStatus.SUCCESS, COINS)
    await world.recovered("csv")


async def connected(world: World) -> Any:
    """A connection that is not one of ours."""
    return await asyncpg.connect(world.database.url.set(drivername="postgresql").render_as_string(False))


# ---- disks


@dataclass(slots=True)
class Disk:
    """A small file system of its own."""

    folder: Path

    def fill(self) -> None:
        with contextlib.suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 4096)

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)


@pytest.fixture
def disk() -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp())
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
async def on_disk(
    request: pytest.FixtureRequest, world: World, disk: Disk, sqlite_template: Path
) -> AsyncIterator[World]:
    """The world with its database on the small disk."""
    if request.param == "sqlite":
        shutil.copy(sqlite_template, disk.folder / "full.sqlite3")
        async with world.on(Database(f"sqlite:///{disk.folder}/full.sqlite3")):
            yield world
        return
    server: Server = request.getfixturevalue("server")
    space = disk.folder / "space"
    space.mkdir()
    for folder in (disk.folder, space):
        shutil.chown(folder, "postgres")
    await administer(server, f"CREATE TABLESPACE small LOCATION '{space}'")
    async with world.on(await created(server, "full_disk", "TABLESPACE small")):
        yield world
    await administer(server, "DROP DATABASE full_disk WITH (FORCE)")
    await administer(server, "DROP TABLESPACE small")


@only_sqlite  # the world's own database is not used
async def test_a_full_disk_is_waited_for(on_disk: World, disk: Disk, in_batch: InBatch) -> None:
    async def fill() -> None:
        disk.fill()
        freeing.append(asyncio.get_running_loop().call_later(0.5, disk.free))

    freeing: list[asyncio.TimerHandle] = []
    write_big_csv(on_disk)
    in_batch(2, fill)
    with capture_logs() as logs:
        run = await on_disk.run("csv")
    assert any("full" in str(log) or "space" in str(log) for log in logs if log["event"] == "etl.commit_unknown")
    assert run.status is RunStatus.SUCCESS, run.error
    await on_disk.recovered("csv")


@only_sqlite  # the world's own database is not used
async def test_a_disk_that_stays_full_ends_the_run_and_loses_nothing(
    on_disk: World, disk: Disk, in_batch: InBatch
) -> None:
    async def fill() -> None:
        disk.fill()

    write_big_csv(on_disk)
    in_batch(2, fill)
    for _ in range(2):
        # Where the end of the run can't be written down either, the next one finds it dead.
        with contextlib.suppress(DatabaseUnavailable, LeaseHeld):
            run = await on_disk.run("csv")
            assert run.status is RunStatus.FAILED
            assert "No space left on device" in str(run.error)
    disk.free()
    await on_disk.let_leases_lapse()
    await on_disk.recovered("csv")


def write_big_csv(world: World) -> None:
    """Rows that take new pages with every batch."""
    lines = world.csv.read_text().splitlines()
    cells = [line.split(",") for line in lines[1:]]
    wide = [",".join([*row[:2], f"{row[2]}{'x' * 400}", *row[3:]]) for row in cells if len(row) == 16]
    world.csv.write_text("\n".join([lines[0], *wide]) + "\n")


@only_sqlite
async def test_an_sqlite_file_that_may_not_grow(world: World) -> None:
    """As a full disk, without the right to mount one."""
    write_big_csv(world)
    small = world.opened_again()

    def keep_small(connection: Any, _: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(small._writer.sync_engine, "connect", keep_small)
    async with world.on(small):
        run = await world.run("csv")
        assert run.status is RunStatus.FAILED
        assert "database or disk is full" in str(run.error)
    await world.let_leases_lapse()
    await world.recovered("csv")


@only_sqlite  # the world's own database is not used
async def test_an_sqlite_file_on_a_read_only_disk(world: World, disk: Disk, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, disk.folder / "kept.sqlite3")
    url = f"sqlite:///{disk.folder}/kept.sqlite3"
    disk.remount("ro")
    async with world.on(Database(url)):
        with pytest.raises(DatabaseUnavailable, match=r"readonly database|unable to open database file"):
            await world.run("csv")
    disk.remount("rw")
    async with world.on(Database(url)):
        await world.recovered("csv")


@only_postgresql
async def test_postgresql_turned_read_only(world: World) -> None:
    admin = await connected(world)
    await admin.execute(f"ALTER DATABASE {world.database.url.database} SET default_transaction_read_only = on")
    async with world.on(world.opened_again()):
        with pytest.raises(DatabaseUnavailable, match="read-only transaction"):
            await world.run("csv")
        assert await world.count("assets") == 0
    await admin.execute(f"ALTER DATABASE {world.database.url.database} RESET default_transaction_read_only")
    await admin.close()
    await world.recovered("csv")
