"""All invariants asked in one snapshot, so that a database which is being written to is judged as of one moment.

Nothing is written and no lock is taken that a writer could wait for. On SQLite a long snapshot keeps the
write-ahead log from being folded back until it ends, on PostgreSQL it keeps dead rows; that is all.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exc, func, select, text

from db import migrate
from db.clock import now
from db.engine import Connection, Database
from db.errors import DatabaseUnavailable
from db.leases import LEASE_SECONDS
from db.tables import leases
from db.verify import attempts, coins, integrity, journal, leaks, records
from db.verify.invariant import Check, Invariant, Offences, Snapshot

INVARIANTS: tuple[Invariant, ...] = tuple(
    sorted(
        (
            *coins.INVARIANTS,
            *records.INVARIANTS,
            *attempts.INVARIANTS,
            *journal.INVARIANTS,
            *integrity.INVARIANTS,
            *leaks.INVARIANTS,
        ),
        key=lambda invariant: invariant.number,
    )
)
# Grouping a million rows in memory instead of on disk; planning time is not worth compiling for.
_TUNING = ("SET LOCAL work_mem = '64MB'", "SET LOCAL jit = off")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant's questions were answered with: `violations` rows break it, `sample` shows a few."""

    number: int
    name: str
    violations: int
    sample: list[dict[str, Any]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on a database as it was at `checked_at`, by its own clock."""

    ok: bool
    checked_at: datetime
    seconds: float
    invariants: list[Finding]


async def verify(
    database: Database,
    secrets: Mapping[str, str],
    on_finding: Callable[[Finding], None] = lambda finding: None,
) -> Report:
    """Ask every invariant, in order. `secrets` are looked for (20) by name; none is ever part of the report.

    Raises SchemaBehind or DatabaseUnavailable.
    """
    began = time.monotonic()
    try:
        await migrate.require_head(database)
        async with database.read() as connection:
            snapshot = await _snapshot(connection, secrets)
            findings = []
            for invariant in INVARIANTS:
                findings.append(await _ask(connection, invariant, snapshot))
                on_finding(findings[-1])
    except exc.DBAPIError as problem:
        raise DatabaseUnavailable(f"the database cannot be read: {_words(problem, secrets)}") from problem
    ok = not any(finding.violations for finding in findings)
    return Report(ok, snapshot.at, round(time.monotonic() - began, 3), findings)


async def _snapshot(connection: Connection, secrets: Mapping[str, str]) -> Snapshot:
    """Begin the snapshot by reading a table, and the clock with it."""
    if connection.dialect.name == "postgresql":
        for setting in _TUNING:
            await connection.execute(text(setting))
    leased = select(func.count()).select_from(leases).scalar_subquery()
    at, lapsed, _ = (await connection.execute(select(now(), now(-LEASE_SECONDS), leased))).one()
    return Snapshot(at, lapsed, {name: value for name, value in secrets.items() if value})


async def _ask(connection: Connection, invariant: Invariant, snapshot: Snapshot) -> Finding:
    began = time.monotonic()
    found = Offences()
    for check in invariant.checks:
        found += await _offences(connection, check, snapshot)
    sample = [
        {name: leaks.without_secrets(value, snapshot.secrets) for name, value in row.items()} for row in found.sample
    ]
    return Finding(invariant.number, invariant.name, found.count, sample, round(time.monotonic() - began, 3))


async def _offences(connection: Connection, check: Check, snapshot: Snapshot) -> Offences:
    """A question that a damaged database can't answer is an offence too; the other questions are still asked."""
    try:
        async with connection.begin_nested():
            return await check(connection, snapshot)
    except exc.DBAPIError as problem:
        if _is_unavailable(problem):
            raise
        return Offences(1, [{"problem": f"cannot be checked: {_words(problem, snapshot.secrets)}"}])


def _is_unavailable(problem: exc.DBAPIError) -> bool:
    """Whether the database could not be reached or read at all, rather than being not what it should be."""
    # What SQLite calls just an error is a table without a key or a column: a broken schema.
    if getattr(problem.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False
    return isinstance(problem, exc.OperationalError | exc.InterfaceError) or problem.connection_invalidated


def _words(problem: exc.DBAPIError, secrets: Mapping[str, str]) -> str:
    """The driver's message without the statement and its parameters."""
    lines = str(problem.orig).strip().splitlines()
    words: str = leaks.without_secrets(lines[0] if lines else type(problem.orig).__name__, secrets)
    return words[:300]
