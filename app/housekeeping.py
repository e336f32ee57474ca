"""Once a day: forget what RAW_RETENTION_DAYS allows to be forgotten."""

import asyncio

import structlog

from db import retention
from db.engine import Database
from db.errors import DatabaseError

PERIOD_SECONDS = 24 * 3600
_log = structlog.get_logger()


async def keep_house(database: Database, sources: tuple[str, ...], days: int) -> None:
    """Prune every source now and then daily, until cancelled."""
    while True:
        for source in sources:
            try:
                gone = await retention.prune(database, source, days)
                _log.info("db.pruned", source=source, rows=gone, days=days)
            except DatabaseError as problem:
                _log.warning("db.prune_failed", source=source, error=str(problem))
        await asyncio.sleep(PERIOD_SECONDS)
