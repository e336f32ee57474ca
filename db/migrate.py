"""Bringing a database's tables to the revision this code needs, one process at a time."""

from pathlib import Path

from sqlalchemy import column, inspect, select, table, text
from sqlalchemy.engine import Connection as SyncConnection

from db.engine import Connection, Database
from db.errors import SchemaBehind

_FOLDER = Path(__file__).parent / "migrations"
# Any number will do, as long as no other program of this database uses it.
_ADVISORY_LOCK = 0x6B617370
# Alembic's own.
_VERSIONS = table("alembic_version", column("version_num"))


def head() -> str:
    """The revision this code needs."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


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
    return await connection.run_sync(_current)


async def require_head(database: Database) -> None:
    """Raise SchemaBehind unless the tables are at `head()`."""
    async with database.read() as connection:
        found = await current(connection)
    if found != head():
        stands = "has no tables yet" if found is None else f"is at revision {found}, not {head()}"
        raise SchemaBehind(f"the database {stands}: run `kasparro db upgrade`")


def _current(connection: SyncConnection) -> str | None:
    if not inspect(connection).has_table(_VERSIONS.name):
        return None
    found: str | None = connection.execute(select(_VERSIONS.c.version_num)).scalar()
    return found


def _upgrade(connection: SyncConnection, revision: str = "head") -> None:
    # A tenth of a server's memory and of its start, for what is done once a release.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    command.upgrade(config, revision)
