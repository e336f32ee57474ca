"""Bringing a database's tables to the revision this code needs, one process at a time."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection as SyncConnection

from db.engine import Connection, Database
from db.errors import SchemaBehind

_FOLDER = Path(__file__).parent / "migrations"
# Any number will do, as long as no other program of this database uses it.
_ADVISORY_LOCK = 0x6B617370


def head() -> str:
    """The revision this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # noqa: S101  the folder ships with the code
    return revision


async def upgrade(database: Database) -> tuple[str | None, str]:
    """Migrate to `head()` in one transaction, under a lock; returns the revisions before and after."""
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        before = await current(connection)
        if before != head():
            await connection.run_sync(_upgrade)
    return before, head()


async def current(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def require_head(database: Database) -> None:
    """Raise SchemaBehind unless the tables are at `head()`."""
    async with database.read() as connection:
        found = await current(connection)
    if found != head():
        stands = "has no tables yet" if found is None else f"is at revision {found}, not {head()}"
        raise SchemaBehind(f"the database {stands}: run `kasparro db upgrade`")


def _upgrade(connection: SyncConnection) -> None:
    command.upgrade(_config(connection=connection), "head")


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
