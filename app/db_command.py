"""`kasparro db ...`"""

from collections.abc import Sequence

import click
import orjson

from app.config import Settings
from app.existing_database import existing_database
from db import migrate, run_counts, storage
from db.engine import Database
from db.storage import Room


async def upgrade_database(settings: Settings) -> int:
    """Migrate and say from where to where. Raises DatabaseUnavailable."""
    database = Database(settings.database_url)
    try:
        before, after = await migrate.upgrade(database)
        # An older version that was still at work has ended runs without counting them.
        async with database.write() as connection:
            await run_counts.recount(connection)
    finally:
        await database.close()
    if before == after:
        click.echo(f"The database is at revision {after} already.")
    else:
        click.echo(f"Upgraded the database from {before or 'empty'} to revision {after}.")
    return 0


async def show_storage(settings: Settings, *, as_json: bool) -> int:
    """Print how much room each table takes. Raises SchemaBehind or DatabaseUnavailable."""
    async with existing_database(settings) as database, database.read() as connection:
        rooms = await storage.of_tables(connection)
    if as_json:
        shown = [{**room._asdict(), "bytes_a_row": room.bytes_a_row} for room in rooms]
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
    else:
        _print_rooms(rooms)
    return 0


def _print_rooms(rooms: Sequence[Room]) -> None:
    click.echo(f"{'table':<20} {'rows':>13} {'bytes':>17} {'bytes a row':>12}")
    for room in rooms:
        size = "unknown" if room.bytes is None else f"{room.bytes:,}"
        each = "" if room.bytes_a_row is None else f"{room.bytes_a_row:,.0f}"
        click.echo(f"{room.table:<20} {room.rows:>13,} {size:>17} {each:>12}".rstrip())
    if any(room.bytes is None for room in rooms):
        click.echo("This SQLite is built without dbstat, so it can't tell how large its tables are.")
