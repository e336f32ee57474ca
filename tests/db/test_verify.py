"""`verify` finds nothing in what real runs leave, and each of its 21 invariants finds what was broken on purpose.

A history of runs of every kind is made once for each kind of database; each test breaks a copy of it.
"""

import asyncio
import contextlib
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text, update

from db import migrate, retention, runs
from db.engine import Database
from db.enums import RunMode, RunStatus, RunTrigger
from db.errors import DatabaseUnavailable, SchemaBehind
from db.tables import OUTCOME_COUNTS, leases, metadata, windows
from db.verify import leaks, verification
from db.verify.verification import Report
from etl.errors import SourceUnavailable
from etl.runner import Runner
from etl.sources.csv_file import CsvSource
from etl.types import Page, Source
from tests.fakes import MemorySource, row

SECRETS = {"API_TOKEN": "correct-horse", "COINGECKO_API_KEY": "CG-0123456789", "COINPAPRIKA_API_KEY": ""}
PAST = datetime(2000, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
COINS = [f"coin-{n:02d}" for n in range(12)]
BAD = b'{"id":"bad","symbol":"B","name":"B","price":"1"}'
STATUSES = {"success", "failed", "interrupted", "cancelled", "abandoned", "running"}


# ---------------------------------------------------------------- a history


class Hooked(MemorySource):
    """Waits behind its first page, having said so."""

    def __init__(self, pages: Sequence[Sequence[bytes]], name: str = "csv") -> None:
        super().__init__(pages, name)
        self.staged = asyncio.Event()

    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        async for page in super().pages(staged):
            yield page
            self.staged.set()
            await asyncio.sleep(60)


class Unreachable(MemorySource):
    async def pages(self, staged: Sequence[int]) -> AsyncIterator[Page]:
        async for page in super().pages(staged):
            yield page
            raise SourceUnavailable("HTTP 503: busy")


def market(minute: int, coins: Sequence[str] = COINS) -> list[list[bytes]]:
    """Two pages of coins, a bad record, and a coin that stands on both pages."""
    rows = [row(coin, price=n + minute, minute=minute) for n, coin in enumerate(coins)]
    return [[*rows[:7], BAD], [row(coins[0], price=0.5, minute=minute - 1), *rows[7:]]]


async def ingest(
    database: Database, source: Source, *, fail_after: int | None = None, mode: RunMode = RunMode.INCREMENTAL
) -> RunStatus:
    runner = Runner(database, {source.name: source}, batch_size=5, fail_after=fail_after)
    return (await runner.run_now(source.name, mode, RunTrigger.CLI)).status


async def interrupted_run(database: Database, source: Hooked) -> None:
    task = asyncio.create_task(ingest(database, source))
    await source.staged.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def dead_run(database: Database, source: str) -> None:
    """A run whose process is gone: acquired, and nothing more."""
    runner = Runner(database, {source: MemorySource(market(9), source)}, batch_size=5)
    await runner._acquire_now(source, RunMode.INCREMENTAL, RunTrigger.CLI)


async def cancelled_runs(database: Database, minute: int) -> None:
    """One cancelled while it was queued, one at its first batch boundary."""
    async with database.write() as connection:
        queued = (await runs.request(connection, "csv", RunMode.INCREMENTAL, RunTrigger.SCHEDULE, slot=PAST)).run
        await runs.request_cancel(connection, queued.id)
    async with database.write() as connection:
        queued = (await runs.request(connection, "csv", RunMode.FULL, RunTrigger.MANUAL, idempotency_key="k")).run
    runner = Runner(database, {"csv": MemorySource(market(minute))}, batch_size=5)
    acquired = await runner._acquire_queued(queued)
    assert acquired is not None
    async with database.write() as connection:
        await runs.request_cancel(connection, queued.id)
    await runner._carry_out(acquired)


async def let_leases_expire_at(database: Database, moment: datetime) -> None:
    async with database.write() as connection:
        await connection.execute(update(leases).where(leases.c.holder.is_not(None)).values(expires_at=moment))


async def make_history(url: str, folder: Path) -> None:
    database = Database(url)
    try:
        await migrate.upgrade(database)
        assert await ingest(database, MemorySource(market(1)), fail_after=4) is RunStatus.FAILED
        assert await ingest(database, MemorySource(market(1))) is RunStatus.SUCCESS
        mixed = [row(COINS[0], 7.0, minute=0), row(COINS[1], 7.0, minute=3), row("late", 1.0), BAD, *market(1)[1][1:]]
        assert await ingest(database, MemorySource([mixed])) is RunStatus.SUCCESS
        assert await ingest(database, MemorySource([[]])) is RunStatus.FAILED
        await interrupted_run(database, Hooked(market(4)))
        await cancelled_runs(database, 4)
        await dead_run(database, "csv")
        await let_leases_expire_at(database, PAST)
        assert await ingest(database, MemorySource(market(4)), mode=RunMode.FULL) is RunStatus.SUCCESS
        assert await ingest(database, Unreachable(market(5))) is RunStatus.FAILED
        assert await ingest(database, MemorySource(market(5)), fail_after=3) is RunStatus.FAILED
        assert await ingest(database, MemorySource(market(5)), mode=RunMode.FULL) is RunStatus.SUCCESS
        (folder / "prices.csv").write_text(
            "id,symbol,name,price,last_updated\nbtc,btc,Bitcoin,1,2025-01-01T00:00:00Z\n"
            "btc,btc,Bitcoin,2,2025-01-02T00:00:00Z\neth,eth,Ether,3,\n"
        )
        other = CsvSource(folder / "prices.csv")
        assert await ingest(database, other, fail_after=3) is RunStatus.FAILED
        await ingest(database, MemorySource(market(2), "coinpaprika"), fail_after=8)
        await dead_run(database, "coingecko")
        await let_leases_expire_at(database, FAR)  # the last of them is as good as running
    finally:
        await database.close()


@pytest.fixture(scope="session")
def sqlite_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    asyncio.run(make_history(f"sqlite:///{folder}/history.sqlite3", folder))
    return folder / "history.sqlite3"


@pytest.fixture(scope="session")
def postgres_history(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a PostgreSQL database with the history, to be used as a template."""
    name = f"kasparro_history_{uuid.uuid4().hex}"
    asyncio.run(administer(postgres_url, f"CREATE DATABASE {name}"))
    asyncio.run(make_history(sibling(postgres_url, name), tmp_path_factory.mktemp("history")))
    yield name
    asyncio.run(administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def history_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A copy of the history, to be spoiled."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_history"), tmp_path / "history.sqlite3")
        yield f"sqlite:///{tmp_path}/history.sqlite3"
        return
    url = request.getfixturevalue("postgres_url")
    name = f"kasparro_broken_{uuid.uuid4().hex}"
    template = request.getfixturevalue("postgres_history")
    asyncio.run(administer(url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield sibling(url, name)
    asyncio.run(administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


def sibling(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


async def administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


# ---------------------------------------------------------------- breaking it


def spoil(url: str, *statements: str) -> None:
    """Execute statements behind the guards: foreign keys are off."""
    if not url.startswith("sqlite"):
        asyncio.run(administer(url, "SET session_replication_role = replica", *statements))
        return
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def unguarded(url: str, name: str) -> list[str]:
    """Statements that take all unique rules from a table, except PostgreSQL's primary key."""
    if url.startswith("sqlite"):
        return [
            f"CREATE TABLE copied AS SELECT * FROM {name}",
            f"DROP TABLE {name}",
            f"ALTER TABLE copied RENAME TO {name}",
        ]
    drop = f"""DO $$ DECLARE r record; BEGIN
        FOR r IN SELECT conname FROM pg_constraint WHERE conrelid = '{name}'::regclass AND contype = 'u' LOOP
            EXECUTE 'ALTER TABLE {name} DROP CONSTRAINT ' || r.conname; END LOOP; END $$"""
    return [drop, *(["DROP INDEX uq_etl_runs_active"] if name == "etl_runs" else [])]


def twice(name: str, where: str = "true") -> str:
    """A statement that repeats one row of a table."""
    columns = ", ".join(f'"{column.name}"' for column in metadata.tables[name].columns if column.name != "id")
    return f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} WHERE {where} LIMIT 1"


def check(url: str) -> Report:
    async def verified() -> Report:
        database = Database(url)
        try:
            return await verification.verify(database, SECRETS)
        finally:
            await database.close()

    return asyncio.run(verified())


def broken(url: str) -> set[int]:
    report = check(url)
    found = {finding.number for finding in report.invariants if finding.violations}
    assert report.ok is not bool(found)
    for finding in report.invariants:
        assert len(finding.sample) == min(finding.violations, 5), finding
    return found


CLOSED = "window_id IN (SELECT id FROM etl_windows WHERE state = 'closed')"
LAST_BATCH = "id = (SELECT max(id) FROM etl_batches WHERE source = 'csv')"
RAW_ONLY = "record_id NOT IN (SELECT record_id FROM assets)"
ENDED = "id = (SELECT min(id) FROM etl_runs WHERE status = 'failed')"
LAST_CSV_RUN = "id = (SELECT max(id) FROM etl_runs WHERE source = 'csv')"
ANY_OTHER = "(SELECT min(record_id) FROM assets WHERE source = 'csv' AND external_id <> 'btc')"
RUNNING = "source = 'coingecko'"

# What is broken and which invariant has to notice; guards are taken away first where there are some.
EMPTY_COIN = """
    INSERT INTO coins (id, source, external_id, slug_base, slug, symbol, name, symbol_folded, name_folded)
    VALUES (1, 'csv', 'x', 'x', 'x', 'X', 'X', 'x', 'x')"""
IGNORED_LINK = """
    INSERT INTO coin_decisions (source, external_id, other_source, other_external_id, decision, reason, decided_at)
    SELECT a.source, a.external_id, b.source, b.external_id, 'link', '', a.updated_at
    FROM assets a JOIN coin_assets x ON x.asset_id = a.id JOIN coin_assets y ON y.coin_id <> x.coin_id
    JOIN assets b ON b.id = y.asset_id LIMIT 1"""
BROKEN: list[tuple[int, str, list[str]]] = [
    (1, "assets", [twice("assets")]),
    (2, "raw_assets", [twice("raw_assets")]),
    (3, "etl_runs", [f"UPDATE etl_runs SET status = 'queued' WHERE source = 'csv' AND {ENDED}",
                     f"UPDATE etl_runs SET status = 'running' WHERE {LAST_CSV_RUN}"]),
    (4, "", ["UPDATE etl_batches SET from_position = from_position + 1 WHERE id = 2"]),
    (4, "", ["UPDATE etl_batches SET from_position = from_position - 1 WHERE id = 2"]),
    (4, "", ["DELETE FROM etl_batches WHERE id = 2"]),
    (4, "", ["UPDATE etl_batches SET sequence = sequence + 100 WHERE id = 2"]),
    (4, "etl_batches", [twice("etl_batches")]),
    (5, "", ["UPDATE etl_windows SET planned = planned + 1 WHERE id = (SELECT min(id) FROM etl_windows)"]),
    (5, "", ["UPDATE etl_windows SET planned = NULL WHERE state = 'closed'"]),
    (5, "", [f"DELETE FROM etl_batches WHERE {CLOSED} AND id = (SELECT max(id) FROM etl_batches WHERE window_id = 1)"]),
    (5, "", ["UPDATE etl_windows SET planned = 1 WHERE state = 'superseded' AND planned > 1"]),
    (5, "", ["UPDATE etl_windows SET state = 'superseded' WHERE id = 1"]),
    (5, "", ["UPDATE etl_sources SET retained_after = 999 WHERE source = 'csv'"]),
    (6, "", [f"UPDATE etl_batches SET epoch = 1 WHERE {LAST_BATCH}"]),
    (6, "", ["UPDATE etl_leases SET epoch = 1 WHERE source = 'csv'"]),
    (6, "", ["DELETE FROM etl_leases WHERE source = 'csv'"]),
    (7, "", [f"UPDATE etl_runs SET records_processed = records_processed + 1 WHERE {ENDED}"]),
    *((7, "", [f"UPDATE etl_runs SET {name} = {name} + 1 WHERE {ENDED}"]) for name in OUTCOME_COUNTS),
    (7, "", [f"DELETE FROM etl_batches WHERE {LAST_BATCH}"]),
    (8, "", ["UPDATE etl_checkpoints SET position = position - 1 WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET position = 1 WHERE source = 'coingecko'"]),
    (8, "", ["UPDATE etl_checkpoints SET sequence = sequence + 1 WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET last_record_id = 'other' WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET last_key = NULL WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET window_id = 1 WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET total = total + 1 WHERE source = 'csv'"]),
    (8, "", ["UPDATE etl_checkpoints SET complete = NOT complete WHERE source = 'csv'"]),
    (8, "", ["DELETE FROM etl_checkpoints WHERE source = 'csv'"]),
    (9, "", ["UPDATE assets SET last_updated = '2001-01-01T00:00:00.000000Z' WHERE external_id = 'btc'"]),
    (9, "", ["UPDATE assets SET last_updated = NULL WHERE external_id = 'btc'"]),
    (9, "", [f"UPDATE raw_assets SET last_updated = '2100-01-01T00:00:00.000000Z' WHERE {RAW_ONLY}"]),
    (10, "", ["DELETE FROM raw_assets WHERE record_id = (SELECT record_id FROM assets LIMIT 1)"]),
    (10, "", ["UPDATE assets SET record_id = 'nothing#1' WHERE external_id = 'btc'"]),
    (10, "", [f"UPDATE assets SET record_id = {ANY_OTHER} WHERE external_id = 'btc'"]),
    (11, "", [f"UPDATE etl_runs SET run_finished_at = NULL WHERE {ENDED}"]),
    (11, "", ["UPDATE etl_runs SET run_finished_at = NULL WHERE status = 'abandoned'"]),
    (12, "etl_runs", ["UPDATE etl_runs SET epoch = 2 WHERE source = 'csv' AND epoch = 1"]),
    (13, "", ["UPDATE etl_runs SET fail_after = fail_after + 1 WHERE injected_failure AND source = 'csv'"]),
    (13, "", ["UPDATE etl_runs SET fail_after = NULL WHERE injected_failure"]),
    (13, "", ["UPDATE etl_runs SET records_processed = records_processed - 1 WHERE injected_failure"]),
    (13, "", ["UPDATE etl_runs SET fail_after = 1 WHERE status = 'success'"]),
    (14, "", [f"DELETE FROM raw_assets WHERE id = (SELECT min(id) FROM raw_assets WHERE {RAW_ONLY})"]),
    (14, "", ["UPDATE etl_batches SET raw_inserted = raw_inserted - 1 WHERE id = 1"]),
    (7, "", ["UPDATE etl_run_totals SET run_count = run_count + 1 WHERE source = 'csv' AND status = 'failed'"]),
    (7, "", ["DELETE FROM etl_run_totals WHERE source = 'csv' AND status = 'success'"]),
    (14, "", ["UPDATE etl_sources SET raw_count = raw_count + 1 WHERE source = 'csv'"]),
    (14, "", ["UPDATE etl_sources SET asset_count = asset_count - 1 WHERE source = 'csv'"]),
    (14, "", ["DELETE FROM assets WHERE external_id = 'btc'"]),
    (15, "", ["UPDATE etl_batches SET seen = seen + 1 WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET outcomes = replace(outcomes, 'i', 'u') WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET outcomes = outcomes || 'n' WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET inserted = inserted - 1, missing = missing + 1 WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET to_position = to_position + 1 WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET raw_inserted = raw_inserted + seen WHERE id = 1"]),
    (15, "", ["UPDATE etl_batches SET run_id = (SELECT max(id) FROM etl_runs) WHERE id = 1"]),
    (16, "", [f"UPDATE etl_leases SET expires_at = '2001-01-01T00:00:00.000000Z' WHERE {RUNNING}"]),
    (16, "", [f"UPDATE etl_leases SET expires_at = NULL, holder = NULL WHERE {RUNNING}"]),
    (16, "", [f"UPDATE etl_leases SET epoch = epoch + 1 WHERE {RUNNING}"]),
    (16, "", [f"DELETE FROM etl_leases WHERE {RUNNING}"]),
    (17, "", ["UPDATE etl_batches SET outcomes = substr(outcomes, 2) WHERE id = 1"]),
    (17, "", ["UPDATE etl_batches SET outcomes = '?' || substr(outcomes, 2) WHERE id = 1"]),
    (17, "", ["UPDATE etl_batches SET from_position = from_position - 1, outcomes = outcomes || 'n' WHERE id = 2"]),
    (17, "", ["DELETE FROM etl_batches WHERE window_id = 1"]),
    (17, "", ["DELETE FROM etl_quarantine"]),
    (17, "", ["UPDATE etl_quarantine SET position = position + 1"]),
    (18, "etl_requests", [twice("etl_requests", "slot IS NOT NULL")]),
    (18, "etl_requests", [twice("etl_requests", "idempotency_key IS NOT NULL")]),
    (18, "etl_quarantine", [twice("etl_quarantine")]),
    (19, "", ["UPDATE raw_assets SET window_id = 999 WHERE id = 1"]),
    (19, "", ["UPDATE etl_requests SET run_id = 999"]),
    (19, "", ["DROP INDEX uq_etl_runs_active"]),
    (19, "", ["UPDATE asset_search SET text = 'other'"]),
    (19, "", ["DELETE FROM asset_search"]),

    (19, "raw_headers", []),
    (19, "etl_runs", []),
    (20, "", ["UPDATE etl_runs SET error = 'refused key CG-0123456789' WHERE id = 1"]),
    (20, "", ["UPDATE raw_assets SET payload = '{\"token\":\"correct-horse\"}' WHERE id = 1"]),
    (20, "", ["UPDATE etl_window_pages SET origin = 'http://x/?key=CG-0123456789'"]),
    (20, "", ["UPDATE etl_quarantine SET detail = 'CG-0123456789'"]),
    (20, "", ["UPDATE etl_checkpoints SET last_record_id = 'CG-0123456789' WHERE source = 'csv'"]),
    (21, "", ["UPDATE coin_assets SET coin_id = (SELECT min(coin_id) FROM coin_assets)"]),
    (21, "", [EMPTY_COIN]),
    (21, "", ["UPDATE coin_marks SET coin_count = coin_count - 1 WHERE source = 'csv'"]),
    (21, "", ["DELETE FROM coin_marks"]),
    (21, "", [IGNORED_LINK]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "table", "statements"), BROKEN, ids=[f"{number}-{place}" for place, (number, _, _) in enumerate(BROKEN)]
)
def test_what_is_broken_is_found_by_its_invariant(
    history_url: str, number: int, table: str, statements: list[str]
) -> None:
    spoil(history_url, *(unguarded(history_url, table) if table else []), *statements)
    assert number in broken(history_url)


def test_every_invariant_is_tested() -> None:
    assert [invariant.number for invariant in verification.INVARIANTS] == list(range(1, 22))
    assert {number for number, _, _ in BROKEN} == set(range(1, 22))


# ---------------------------------------------------------------- and leaving it whole


def test_real_runs_of_every_kind_leave_nothing_to_find(history_url: str) -> None:
    async def statuses() -> set[str]:
        database = Database(history_url)
        async with database.read() as connection:
            found = set((await connection.execute(text("SELECT DISTINCT status FROM etl_runs"))).scalars())
        await database.close()
        return found

    assert asyncio.run(statuses()) == STATUSES
    report = check(history_url)
    assert [finding for finding in report.invariants if finding.violations] == []
    assert report.ok


async def test_a_database_that_is_written_to_is_judged_as_of_one_moment(database: Database) -> None:
    pages = [[row(f"coin-{n:03d}") for n in range(150)]]
    runner = Runner(database, {"csv": MemorySource(pages)}, batch_size=2)
    running = asyncio.create_task(runner.run_now("csv", RunMode.INCREMENTAL, RunTrigger.CLI))
    reports = []
    while not running.done():
        reports.append(await verification.verify(database, SECRETS))
    assert (await running).status is RunStatus.SUCCESS
    assert len(reports) > 1
    assert all(report.ok for report in reports), reports


async def test_an_empty_database_holds(database: Database) -> None:
    assert (await verification.verify(database, SECRETS)).ok


async def test_what_is_retained_can_be_proven_and_what_is_forgotten_is_not_missed(database: Database) -> None:
    for minute in (1, 2, 3):
        await ingest(database, MemorySource(market(minute)), fail_after=4)
        await ingest(database, MemorySource(market(minute)))
    await ingest(database, MemorySource(market(4)), fail_after=9)
    async with database.write() as connection:
        await connection.execute(update(windows).where(windows.c.id <= 2).values(closed_at=PAST))
    assert await retention.prune(database, "csv", days=30) > 0
    assert (await verification.verify(database, SECRETS)).ok
    assert await ingest(database, MemorySource(market(4))) is RunStatus.SUCCESS
    assert (await verification.verify(database, SECRETS)).ok
    async with database.write() as connection:
        await connection.execute(text("DELETE FROM etl_batches WHERE window_id = 3 AND sequence = 2"))
    found = {finding.number for finding in (await verification.verify(database, SECRETS)).invariants if finding.sample}
    assert found >= {4, 7, 14, 17}


async def test_a_source_at_rest_may_be_forgotten_whole(database: Database) -> None:
    await ingest(database, MemorySource(market(1)))
    async with database.write() as connection:
        await connection.execute(update(windows).values(closed_at=PAST))
    await retention.prune(database, "csv", days=30)
    assert (await verification.verify(database, SECRETS)).ok
    assert await ingest(database, MemorySource(market(2))) is RunStatus.SUCCESS
    assert (await verification.verify(database, SECRETS)).ok


async def test_a_replay_leaves_nothing_to_find(database: Database) -> None:
    await ingest(database, MemorySource(market(1)))
    assert await ingest(database, MemorySource([]), mode=RunMode.REPLAY) is RunStatus.SUCCESS
    assert (await verification.verify(database, SECRETS)).ok


def test_a_lease_that_ran_out_a_moment_ago_is_nobodys_fault(history_url: str) -> None:
    clock = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '{} seconds')"
    if not history_url.startswith("sqlite"):
        clock = "clock_timestamp() + interval '{} seconds'"
    spoil(history_url, f"UPDATE etl_leases SET expires_at = {clock.format(-10)} WHERE {RUNNING}")
    assert broken(history_url) == set()
    spoil(history_url, f"UPDATE etl_leases SET expires_at = {clock.format(-45)} WHERE {RUNNING}")
    assert broken(history_url) == {16}


def test_the_count_is_exact_and_the_sample_small(history_url: str) -> None:
    spoil(history_url, "UPDATE assets SET record_id = 'none'")
    found = {finding.number: finding for finding in check(history_url).invariants}
    assert found[10].violations > 5
    assert len(found[10].sample) == 5
    assert found[10].sample[0]["record_id"] == "none"


# ---------------------------------------------------------------- the database's own integrity


def test_a_damaged_sqlite_index_is_found(sqlite_history: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_history, tmp_path / "damaged.sqlite3")
    with contextlib.closing(sqlite3.connect(tmp_path / "damaged.sqlite3", isolation_level=None)) as connection:
        name = "ix_raw_assets_run_id"
        entry = connection.execute("SELECT * FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = ?", (name,))
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute("UPDATE raw_assets SET run_id = run_id + 1 WHERE id = 1")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", entry)
        connection.execute("PRAGMA writable_schema = RESET")
    assert 19 in broken(f"sqlite:///{tmp_path}/damaged.sqlite3")


def test_a_damaged_sqlite_page_is_found(sqlite_history: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite3"
    shutil.copy(sqlite_history, damaged)
    with contextlib.closing(sqlite3.connect(damaged)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'asset_history'")
    with damaged.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 512)
    assert 19 in broken(f"sqlite:///{damaged}")


def test_a_file_that_is_no_database_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite3").write_text("not a database, " * 100)
    with pytest.raises(DatabaseUnavailable):
        check(f"sqlite:///{tmp_path}/text.sqlite3")


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SchemaBehind):
        check(f"sqlite:///{tmp_path}/empty.sqlite3")


@pytest.mark.parametrize("history_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_assets_rank_id'::regclass",
        "UPDATE pg_constraint SET convalidated = false WHERE conname = 'fk_raw_assets_run_id'",
        "ALTER TABLE raw_assets DISABLE TRIGGER ALL",
        "ALTER TABLE etl_runs DROP CONSTRAINT ck_etl_runs_status; UPDATE etl_runs SET status = 'lost' WHERE id = 1",
    ],
)
def test_postgresql_tells_about_its_guards(history_url: str, statement: str) -> None:
    spoil(history_url, statement)
    assert 19 in broken(history_url)


@pytest.mark.parametrize("history_url", ["postgresql"], indirect=True)
def test_amcheck_is_used_where_it_is_installed(history_url: str) -> None:
    try:
        spoil(history_url, "CREATE EXTENSION amcheck")
    except asyncpg.PostgresError:
        pytest.skip("the server has no amcheck")
    assert broken(history_url) == set()


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("written", ["CG-0123456789", 'horse & "hay" %/', "h\u00e9-horse-hay"])
async def test_a_secret_is_found_in_any_spelling_and_never_shown(database: Database, written: str) -> None:
    secrets = {"API_TOKEN": written}
    source = MemorySource([[row(f"coin-{n}") for n in range(9)]])
    assert await ingest(database, source) is RunStatus.SUCCESS
    for spelling in leaks.spellings_of(written):
        async with database.write() as connection:
            await connection.execute(text("UPDATE etl_runs SET error = :error"), {"error": f"x{spelling}x"})
        report = await verification.verify(database, secrets)
        [leak] = [finding for finding in report.invariants if finding.violations]
        assert (leak.number, leak.violations) == (20, 1)
        assert leak.sample == [{"table": "etl_runs", "column": "error", "row": "1", "secret": "API_TOKEN"}]


async def test_a_secret_inside_a_key_is_masked(database: Database) -> None:
    async with database.write() as connection:
        values = {"source": "csv", "path": "CG-0123456789"}
        await connection.execute(metadata.tables["etl_fields"].insert().values(**values, types="text", seen_at=PAST))
    report = await verification.verify(database, SECRETS)
    [leak] = [finding for finding in report.invariants if finding.violations]
    assert leak.sample[0]["row"] == "csv/***"


@pytest.mark.parametrize("packed", [False, True])
async def test_a_secret_in_a_staged_page_is_found(database: Database, tmp_path: Path, packed: bool) -> None:
    if packed:
        (tmp_path / "prices.csv").write_text("id,symbol,name,price\nbtc,btc,CG-0123456789,1\neth,eth,Ether,2\n")
        await ingest(database, CsvSource(tmp_path / "prices.csv"), fail_after=1)
    else:
        await interrupted_run(database, Hooked([[row("coin-CG-0123456789")], [row("b")]]))
    report = await verification.verify(database, SECRETS)
    pages = [found for finding in report.invariants for found in finding.sample if found.get("column") == "body"]
    assert pages == [{"table": "etl_window_pages", "column": "body", "row": "1/0", "secret": "COINGECKO_API_KEY"}]


async def test_a_short_secret_is_looked_for_only_where_the_words_are_ours(database: Database) -> None:
    await ingest(database, MemorySource([[row("secret"), row("test")]]))
    assert (await verification.verify(database, {"API_TOKEN": "secret"})).ok
    async with database.write() as connection:
        await connection.execute(text("UPDATE etl_runs SET error = 'the secret was refused'"))
    assert not (await verification.verify(database, {"API_TOKEN": "secret"})).ok
