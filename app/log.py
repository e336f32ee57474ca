"""Logs: one event a line on stdout, JSON for machines, columns for a terminal.

The event name is constant, facts are fields, ids that belong to a whole request or run are bound once.
"""

import contextlib
import io
import json
import logging
import sys
from typing import Any, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer


class Lines(structlog.WriteLogger):
    """Writes lines. Where that can't be done (the disk is full, the reader gone) they are lost, and nothing else is."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = error = critical = exception = msg


def configure(level: str, log_format: str, stream: TextIO | None = None) -> None:
    """Show our events and those of the libraries in one form. Safe to call again.

    Ours do not go through Python's logging, which takes ten times as long; each request has a line. Tracebacks are
    shown without local variables: those hold keys, headers and rows.
    """
    target = stream or sys.stdout
    if isinstance(target, io.TextIOWrapper):
        # A letter that the terminal has not is no reason to lose a line.
        target.reconfigure(errors="backslashreplace")
    as_json = log_format == "json" or (log_format == "auto" and not target.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
    if as_json:
        shared.append(structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)))
        last = structlog.processors.JSONRenderer(serializer=_json)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: Lines(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # uvicorn tells of its start and end in sentences; `server.started` and `server.stopped` say the same as events.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for chatty in ("httpx", "httpcore", "apscheduler", "aiosqlite", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def _json(event: dict[str, Any], **_: Any) -> str:
    """The event in ASCII, whatever is in it and wherever it is shown."""
    with contextlib.suppress(TypeError):
        line = orjson.dumps(event, default=str).decode()
        if line.isascii():
            return line
    return json.dumps(event, default=str, separators=(",", ":"))
