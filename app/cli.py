"""The command line: `kasparro serve | etl run | etl status | verify | db upgrade | schema`.

Exit codes: 0 success, 1 failed, 2 configuration, 3 another run holds the source, 75 interrupted.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import click

from app.config import SOURCES, ConfigurationError, Settings, load_settings

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2
EXIT_HELD = 3
EXIT_INTERRUPTED = 75


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kasparro")
def cli() -> None:
    """Crypto market data, ingested so that you can prove nothing was lost.

    \b
    Start here:
      kasparro serve            serve on http://127.0.0.1:8000 and ingest in the background
      kasparro etl run csv      ingest one source now
      kasparro etl status       see where every source stands
      kasparro verify           prove that nothing was lost

    Settings come from the environment or a file named .env; see .env.example.
    """


@cli.command()
def serve() -> None:
    """Serve the API and ingest in the background until stopped (Ctrl-C or SIGTERM)."""
    from app.server import serve_forever

    sys.exit(_run(serve_forever(_settings())))


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

    sys.exit(_run(run_sources(_settings(to_stderr=as_json, bars=not as_json), sources, mode=mode, as_json=as_json)))


@etl.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def etl_status(as_json: bool) -> None:
    """Show every source: last run, checkpoint, and how many assets it holds."""
    from app.etl_command import show_status

    sys.exit(_run(show_status(_settings(to_stderr=True), as_json=as_json)))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: ok, checked_at, seconds, and all invariants.")
def verify(as_json: bool) -> None:
    """Prove by SQL that nothing was lost, nothing is there twice, and nothing older lies over something newer.

    Asks the database 20 questions that must be answered with no rows: is there a gap in the journal, a count that
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

    sys.exit(_run(verify_database(_settings(to_stderr=True), as_json=as_json)))


@cli.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables of DATABASE_URL to what this version needs; safe to run again."""
    from app.db_command import upgrade_database

    sys.exit(_run(upgrade_database(_settings(to_stderr=True))))


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from graphql_schema.schema import print_sdl

    click.echo(print_sdl(), nl=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the `kasparro` command."""
    try:
        sys.exit(cli.main(args=arguments, prog_name="kasparro", standalone_mode=False))
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)


def _settings(*, to_stderr: bool = False, bars: bool = False) -> Settings:
    """Read the settings and configure the logs; a wrong setting ends the program with code 2."""
    from app import log

    try:
        settings = load_settings()
    except ConfigurationError as problem:
        click.echo(f"Configuration error\n{problem}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    quiet = bars and sys.stderr.isatty() and "log_level" not in settings.model_fields_set
    log.configure(
        "WARNING" if quiet else settings.log_level, settings.log_format, sys.stderr if to_stderr else sys.stdout
    )
    return settings


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one; it does not exist for Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run a command to its exit code; expected failures become one line on stderr."""
    from db.errors import DatabaseError

    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            return runner.run(work)
    except DatabaseError as problem:
        click.echo(f"Error: {problem}", err=True)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
