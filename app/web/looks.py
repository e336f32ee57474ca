"""Looking at the process and its database for monitors, in bounded time and whatever the database does."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from app.services import Services
from app.web import health, metrics
from app.web.bounded import Bounded
from app.web.health import Finding
from app.web.metrics import Snapshot
from db import migrate
from db.errors import DatabaseError

# Monitors give up soon; a hanging database must not make us look dead as well.
PATIENCE_SECONDS = 0.8
# A busy process or a database that is slow is not a dead one: what was seen a moment ago still counts.
LONGEST_LOOK_SECONDS = 5.0
REMEMBERED_SECONDS = 10.0
T = TypeVar("T")
_log = structlog.get_logger()


class Looks:
    """The looks that requests share."""

    def __init__(self, services: Services, patience: float = PATIENCE_SECONDS) -> None:
        database = services.database

        def bounded(look: Callable[[], Awaitable[T]]) -> Bounded[T]:
            return Bounded(look, patience, longest=LONGEST_LOOK_SECONDS, remembered=REMEMBERED_SECONDS)

        self._health = bounded(lambda: health.look_at(services))
        self._schema = bounded(lambda: migrate.require_head(database))
        self._figures = bounded(lambda: metrics.read(database))

    async def health(self) -> Finding:
        """Never raises: what cannot be looked at is down."""
        try:
            return await self._health()
        except Exception as error:
            _log_failure("http.health_check_failed", error)
            return Finding()

    async def schema(self) -> None:
        """Raises SchemaBehind, DatabaseUnavailable or TimeoutError unless requests can be served."""
        await self._schema()

    async def figures(self) -> Snapshot:
        """Never raises: without a database there are no figures."""
        try:
            return await self._figures()
        except Exception as error:
            _log_failure("http.metrics_failed", error)
            return Snapshot()


def _log_failure(event: str, error: Exception) -> None:
    expected = isinstance(error, DatabaseError | TimeoutError)
    _log.warning(event, error=str(error) or "no answer in time", exc_info=None if expected else error)
