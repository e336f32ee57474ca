"""Once a day: forget what may be forgotten: old run events, and what the settings of retention allow."""

import asyncio

import structlog

from db import history_retention, retention
from db.engine import Database
from db.errors import DatabaseError
from db.history_retention import Keeping

PERIOD_SECONDS = 24 * 3600
# How long a subscriber may have been away and still be told everything.
EVENT_DAYS = 7
_log = structlog.get_logger()


async def keep_house(database: Database, sources: tuple[str, ...], raw_days: int | None, keeping: Keeping) -> None:
    """Prune every source now and then daily, until cancelled. Without `raw_days` raw records are kept."""
    while True:
        for source in sources:
            try:
                gone = await retention.prune_events(database, source, EVENT_DAYS)
                if raw_days is not None:
                    gone += await retention.prune(database, source, raw_days)
                gone += await history_retention.prune(database, source, keeping)
                _log.info("db.pruned", source=source, rows=gone)
            except DatabaseError as problem:
                _log.warning("db.prune_failed", source=source, error=str(problem))
        await asyncio.sleep(PERIOD_SECONDS)
