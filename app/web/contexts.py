"""What the graph gets to work with, for each operation, whichever way it came."""

from starlette.requests import HTTPConnection

from app.config import Settings
from app.web.permission import caller_of
from graphql_schema.context import Context
from graphql_schema.run_feed import Leaving


class Contexts:
    """Makes contexts for operations over HTTP and WebSocket."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(
        self, connection: HTTPConnection, *, authorization: str | None = None, leaving: Leaving | None = None
    ) -> Context:
        """A context for one operation; `authorization` is what a WebSocket's client showed in connection_init."""
        services = connection.state.services
        caller = caller_of(self._settings, connection, authorization=authorization)
        return Context.of(services.database, services.operations, services.feed, caller, leaving=leaving)
