"""The database as it is, for commands that only read."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from app.config import Settings
from db import migrate
from db.engine import Database
from db.errors import DatabaseUnavailable


@contextlib.asynccontextmanager
async def existing_database(settings: Settings) -> AsyncIterator[Database]:
    """Open a database that is to be read as it is: nothing is created or migrated.

    Raises SchemaBehind or DatabaseUnavailable.
    """
    database = Database(settings.database_url)
    try:
        _require_file(database)
        await migrate.require_head(database)
        yield database
    finally:
        await database.close()


def _require_file(database: Database) -> None:
    # SQLite would make an empty file of a mistyped name.
    if database.is_sqlite and not Path(str(database.url.database)).exists():
        raise DatabaseUnavailable("there is no database at DATABASE_URL: run `kasparro db upgrade`")
