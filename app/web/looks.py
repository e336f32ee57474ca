"""Looking at the process and its database for monitors, in bounded time and whatever the database does."""

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
_log = structlog.get_logger()


class Looks:
    """The looks that requests share."""

    def __init__(self, services: Services, patience: float = PATIENCE_SECONDS) -> None:
        database = services.database
        self._health = Bounded(lambda: health.look_at(services), patience)
        self._schema = Bounded(lambda: migrate.require_head(database), patience)
        self._figures = Bounded(lambda: metrics.read(database), patience)

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
