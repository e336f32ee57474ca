"""Logs: one JSON object a line, and never a secret, not even in a traceback."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as other tests found it."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


def fail() -> None:
    headers = {"x-cg-pro-api-key": "hunter2"}
    raise RuntimeError(f"{len(headers)} header")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_local_variables(log_format: str) -> None:
    stream = io.StringIO()
    log.configure("INFO", log_format, stream)
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("etl.run_crashed")
        logging.getLogger("anything").exception("library.failed")
    assert "RuntimeError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_one_object_a_line_with_what_is_bound() -> None:
    stream = io.StringIO()
    log.configure("INFO", "json", stream)
    with structlog.contextvars.bound_contextvars(run_id=7):
        structlog.get_logger().info("etl.batch_loaded", seen=5)
        logging.getLogger("uvicorn.error").info("Started server process")
    [event] = map(json.loads, stream.getvalue().splitlines())
    assert (event["event"], event["run_id"], event["seen"], event["level"]) == ("etl.batch_loaded", 7, 5, "info")
