"""The application as clients see it, over a database of the test's."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import Settings
from app.environment import Secret
from app.main import OpenServices, create_app
from app.operations import Operations
from app.run_feed import RunFeed
from app.scheduler import Scheduler
from app.services import Services
from app.web.pages import FOLDER
from db.engine import Connection, Database
from db.errors import DatabaseUnavailable

ON_THIS_MACHINE = ("127.0.0.1", 50_000)
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def settings_of(database: Database, **values: Any) -> Settings:
    """Settings that nothing around the test has a say in. Tokens are given as text."""
    defaults: dict[str, Any] = {
        "database_url": database.url.render_as_string(hide_password=False),
        "api_token": None,
        "cors_origins": (),
        "host": "127.0.0.1",
        "allowed_hosts": ("*",),
    }
    given = {**defaults, **values}
    tokens = {name: Secret(given[name]) for name in ("api_token", "api_read_token") if given.get(name) is not None}
    return Settings(**{**given, **tokens})


@contextlib.asynccontextmanager
async def served(
    database: Database,
    *,
    client: tuple[str, int] = ON_THIS_MACHINE,
    asked_as: str = "127.0.0.1:8000",
    dispatching: bool = True,
    pages_folder: Path = FOLDER,
    **values: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose process starts no runs. `asked_as` goes into Host; `values` are settings.

    An exception that the application lets out fails the test.
    """

    app = create_app(settings_of(database, **values), services_of(database, dispatching=dispatching), pages_folder)
    async with app.router.lifespan_context(app) as state:
        transport = httpx.ASGITransport(_with_state(app, dict(state or {})), client=client)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{asked_as}") as found:
            yield found


def services_of(database: Database, *, dispatching: bool = True) -> OpenServices:
    """What an application needs, over a database that stays open; no runs are started."""

    @contextlib.asynccontextmanager
    async def services(settings: Settings) -> AsyncIterator[Services]:
        scheduler = Scheduler({}, _record)
        scheduler.start()
        try:
            operations = Operations(settings, database, scheduler, lambda: None, lambda: dispatching)
            async with contextlib.aclosing(RunFeed(database, poll_seconds=0.05)) as feed:
                yield Services(settings, database, operations, feed)
        finally:
            scheduler.stop()

    return services


class GoneDatabase(Database):
    """A database that went away, with an error that tells where it was."""

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        raise DatabaseUnavailable("database unavailable: could not connect to 10.1.2.3:5432 as secret_user")
        yield  # type: ignore[unreachable]  # makes it a generator


async def statuses(client: httpx.AsyncClient, paths: Iterable[str]) -> list[int]:
    return [(await client.get(path)).status_code for path in paths]


async def _record(source: str, slot: datetime) -> None:
    raise AssertionError("nothing is scheduled here")


def _with_state(app: ASGIApp, state: dict[str, Any]) -> ASGIApp:
    """What a server does: each request gets a copy of what the lifespan yielded."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return call
