"""The command line: `kasparro serve | etl run | etl status | coins ... | verify | export | db upgrade | schema`.

Exit codes: 0 success, 1 failed, 2 configuration, 3 another run holds the source, 75 interrupted.
"""

import gc
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from app.coins_cli import coins
from app.command import EXIT_INTERRUPTED, read_settings, run
from app.source_names import SOURCES


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kasparro")
def cli() -> None:
    """Crypto market data, ingested so that you can prove nothing was lost.

    \b
    Start here:
      kasparro serve            serve on http://127.0.0.1:8000 and ingest in the background
      kasparro etl run csv      ingest one source now
      kasparro etl status       see where every source stands
      kasparro coins review     judge which assets are one coin
      kasparro verify           prove that nothing was lost
      kasparro export assets    take the data away: CSV, NDJSON or Parquet

    Settings come from the environment or a file named .env; see .env.example.
    """


@cli.command()
def serve() -> None:
    """Serve the API and ingest in the background until stopped (Ctrl-C or SIGTERM)."""
    from app.server import serve_forever

    sys.exit(run(serve_forever(read_settings())))


@cli.group()
def etl() -> None:
    """Ingest, and see how ingestion stands."""


@etl.command("run")
@click.argument("sources", nargs=-1, type=click.Choice(SOURCES), metavar="[SOURCE]...")
@click.option("--full", is_flag=True, help="Read everything from the start and rewrite what differs.")
@click.option("--replay", is_flag=True, help="Judge the quarantined records again, asking no upstream.")
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON on stdout; logs go to stderr.")
def etl_run(sources: tuple[str, ...], full: bool, replay: bool, as_json: bool) -> None:
    """Ingest SOURCEs now (default: all of ETL_SOURCES), resuming where the last run stopped.

    \b
    Exit codes: 0 all succeeded, 1 one failed, 3 another process is at it, 75 interrupted.
    Example:    kasparro etl run coingecko csv
    """
    from app.etl_command import run_sources
    from db.enums import RunMode

    if full and replay:
        raise click.UsageError("--full and --replay exclude each other")
    mode = RunMode.FULL if full else RunMode.REPLAY if replay else RunMode.INCREMENTAL

    sys.exit(run(run_sources(read_settings(to_stderr=as_json, bars=not as_json), sources, mode=mode, as_json=as_json)))


@etl.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def etl_status(as_json: bool) -> None:
    """Show every source: last run, checkpoint, and how many assets it holds."""
    from app.etl_command import show_status

    sys.exit(run(show_status(read_settings(to_stderr=True), as_json=as_json)))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: ok, checked_at, seconds, and all invariants.")
def verify(as_json: bool) -> None:
    """Prove by SQL that nothing was lost, nothing is there twice, and nothing older lies over something newer.

    Asks the database 21 questions that must be answered with no rows: is there a gap in the journal, a count that
    does not add up, an asset without the record it came from, a secret in a stored text? Each line shows the
    number, ok or FAIL, how many rows break the invariant, the time it took, and what must not exist; a few of the
    offending rows follow. docs/ingestion.md explains every one.

    Reads one snapshot, writes nothing and keeps nobody waiting: run it while the server ingests. A run whose
    process died shows under 16 a minute later, if no server is there to take over; the next run settles it.

    \b
    Exit codes: 0 all hold, 1 one is broken (or the database can't be read), 2 configuration.
    Examples:   kasparro verify
                kasparro verify --json | jq '.invariants[] | select(.violations > 0)'
    """
    from app.verify_command import verify_database

    sys.exit(run(verify_database(read_settings(to_stderr=True), as_json=as_json)))


@cli.command()
@click.argument("what", type=click.Choice(("assets", "coins", "history")))
@click.option(
    "--output",
    "-o",
    default="-",
    metavar="FILE",
    show_default=True,
    help="Where to; - is standard output. An existing file is replaced once the new one is whole.",
)
@click.option(
    "--format", "form", type=click.Choice(("csv", "ndjson", "parquet")), help="Default: by FILE's ending, else csv."
)
@click.option("--source", type=click.Choice(SOURCES), help="Only what this source reports.")
@click.option(
    "--since",
    callback=lambda _context, _option, value: _moment(value),
    metavar="TIME",
    help="Only what was stored at or after this time in UTC: 2025-01-20 or 2025-01-20T10:30:00Z.",
)
@click.option("--json", "as_json", is_flag=True, help="Say what was written as JSON: table, format, rows, seconds.")
def export(what: str, output: str, form: str | None, source: str | None, since: datetime | None, as_json: bool) -> None:
    """Write all assets, coins or history to a file: of one moment, in little memory, while the server ingests.

    Assets have a row for each; coins a row for each of their assets, side by side; history one for each change.

    Numbers keep every digit, times are ISO 8601 in UTC, and what is unknown is empty (null in NDJSON and Parquet).
    Parquet needs an extra: pip install 'kasparro[parquet]'. docs/export.md lists the columns.

    \b
    Exit codes: 0 written, 1 failed, 2 configuration, 75 interrupted; only 0 leaves a file.
    Examples:   kasparro export assets --output assets.csv
                kasparro export history --since 2025-01-20 -o history.parquet
                kasparro export assets --format ndjson --source coingecko | jq .symbol
    """
    from app.export_command import Order, export_table, format_of
    from db.exports import Chosen

    path = None if output == "-" else Path(output)
    chosen = Chosen(source, since)
    order = Order(what, format_of(path, form), path, chosen)
    sys.exit(run(export_table(read_settings(to_stderr=True), order, as_json=as_json)))


cli.add_command(coins)


@cli.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables of DATABASE_URL to what this version needs; safe to run again."""
    from app.db_command import upgrade_database

    sys.exit(run(upgrade_database(read_settings(to_stderr=True))))


@db.command("storage")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: table, rows, bytes, bytes_a_row.")
def db_storage(as_json: bool) -> None:
    """Show the rows, bytes (indexes included) and bytes a row of every table; asset_history's are the bytes a point.

    Counts every row, which takes a while on millions. docs/history.md tells how history grows and how to keep less.
    """
    from app.db_command import show_storage

    sys.exit(run(show_storage(read_settings(to_stderr=True), as_json=as_json)))


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from graphql_schema.schema import print_sdl

    click.echo(print_sdl(), nl=False)


def _moment(value: str | None) -> datetime | None:
    """A time in ISO 8601, in UTC unless it says otherwise."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("not a time; write 2025-01-20 or 2025-01-20T10:30:00Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the `kasparro` command."""
    # Nothing of what is loaded is garbage, and looking for some takes a fifth of the time that loading takes.
    gc.disable()
    try:
        sys.exit(cli.main(args=arguments, prog_name="kasparro", standalone_mode=False))
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
