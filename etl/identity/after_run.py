"""Linking behind a run. Nothing that goes wrong here fails the run: the next pass makes up for it."""

import structlog

from db import contracts, leases, runs
from db.consensus import DIVERGENT
from db.engine import Database
from db.errors import DatabaseError, DatabaseUnavailable, Fenced
from db.runs import Run
from db.text import escaped
from db.uninterrupted import uninterrupted
from etl.errors import EtlError
from etl.identity import linking
from etl.identity.contract_lists import ListsContracts, refresh
from etl.identity.linking import Linked
from etl.identity.placing import Divergent
from etl.types import Source

# Coins that an anomaly names.
SHOWN = 5
_log = structlog.get_logger()


async def link(database: Database, run: Run) -> None:
    """Link what a run, which is still going on, has brought, and note in its log what contradicts itself since.

    Raises Fenced.
    """
    linked = await link_what_came(database)
    if linked.divergent:
        message = _told(linked.divergent)
        _log.warning("coins.divergent", coins=len(linked.divergent), message=message)
        try:
            await uninterrupted(_note(database, run, message))
        except DatabaseUnavailable as problem:
            _log.warning("coins.divergence_not_noted", error=str(problem))


async def link_what_came(database: Database) -> Linked:
    """Bring the coins up to what was committed."""
    try:
        return await uninterrupted(linking.catch_up(database))
    except DatabaseUnavailable as problem:
        _log.warning("coins.not_linked", error=str(problem))
    except Exception:
        _log.exception("coins.not_linked")
    return Linked()


async def read_contracts(database: Database, source: Source, run: Run, days: int) -> None:
    """Read the source's list of contracts if it has one that is due, every so many days (0: never).

    Part of a run, so that nobody else asks the source at the same time. Not of the first one, which people wait for.
    A list that could not be read is asked for again a day later: each attempt costs calls. Raises Fenced.
    """
    if not days or not isinstance(source, ListsContracts):
        return
    try:
        if await uninterrupted(_claim(database, run, days)):
            await refresh(database, source, run.epoch or 0)
    except Fenced:
        raise
    except (EtlError, DatabaseError) as problem:
        _log.warning("coins.contracts_not_read", error=str(problem))
    except Exception:
        _log.exception("coins.contracts_not_read")


async def _claim(database: Database, run: Run, days: int) -> bool:
    """Whether the list is due; then the next attempt is, whatever comes of this one, a day later."""
    async with database.write() as connection:
        await leases.hold(connection, run.source, run.epoch or 0)
        due = await contracts.are_due(connection, run.source, days)
        if due:
            await contracts.note_asked(connection, run.source, days_ago=days - 1)
        return due


async def _note(database: Database, run: Run, message: str) -> None:
    async with database.write() as connection:
        await leases.hold(connection, run.source, run.epoch or 0)
        await runs.tell_anomaly(connection, run.id, message)


def _told(divergent: Divergent) -> str:
    shown = ", ".join(f"{escaped(name)} {percent:,.0f} %" for name, percent in divergent[:SHOWN])
    more = f" and {len(divergent) - SHOWN:,} more" if len(divergent) > SHOWN else ""
    return f"sources contradict each other by more than {DIVERGENT:.0f} % about {shown}{more}"
