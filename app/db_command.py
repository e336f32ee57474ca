"""`kasparro db ...`"""

import click

from app.config import Settings
from db import migrate
from db.engine import Database


async def upgrade_database(settings: Settings) -> int:
    """Migrate and say from where to where. Raises DatabaseUnavailable."""
    database = Database(settings.database_url)
    try:
        before, after = await migrate.upgrade(database)
    finally:
        await database.close()
    if before == after:
        click.echo(f"The database is at revision {after} already.")
    else:
        click.echo(f"Upgraded the database from {before or 'empty'} to revision {after}.")
    return 0
