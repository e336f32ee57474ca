"""What every command does: read the settings, configure the logs, and turn its outcome into an exit code."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.config import Settings

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2
EXIT_INTERRUPTED = 75
GARBAGE_AFTER_OBJECTS = 10_000


def read_settings(*, to_stderr: bool = False, bars: bool = False) -> "Settings":
    """Read the settings and configure the logs; a wrong setting ends the program with code 2."""
    from app import log
    from app.config import ConfigurationError, load_settings

    try:
        settings = load_settings()
    except ConfigurationError as problem:
        click.echo(f"Configuration error\n{problem}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    usual = "WARNING" if bars and sys.stderr.isatty() else "INFO"
    log.configure(settings.log_level or usual, settings.log_format, sys.stderr if to_stderr else sys.stdout)
    return settings


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one; it does not exist for Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run a command to its exit code; expected failures become one line on stderr."""
    from db.errors import DatabaseError

    look_for_garbage_seldom()
    try:
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            return runner.run(work)
    except DatabaseError as problem:
        click.echo(f"Error: {problem}", err=True)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def look_for_garbage_seldom() -> None:
    """From now on, among what requests and runs make, not in what the program is made of, and less often.

    A look through everything keeps the event loop for a tenth of a second, and came every two seconds of a run.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER_OBJECTS, 10, 30)
    gc.enable()


def printable(text: str) -> str:
    """The text without what a terminal would obey: names come from upstreams."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
