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


@pytest.mark.parametrize("value", ["caf\xe9 \u20bf", "\ud800", 2**70, {1: 2}, ValueError("odd"), b"\xff", float("nan")])
def test_whatever_is_told_is_one_line_of_ascii_json(value: object) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    log.configure("INFO", "json", stream)
    structlog.get_logger().info("etl.drift", before=value, line="one\ntwo")
    logging.getLogger("anything").warning("%s", value)
    stream.seek(0)
    ours, theirs = map(json.loads, stream.read().splitlines())
    assert (ours["event"], ours["line"], theirs["event"]) == ("etl.drift", "one\ntwo", str(value))
    assert ours.keys() - {"before", "line"} == theirs.keys() == {"event", "level", "timestamp"}


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed")])
def test_a_line_that_cannot_be_written_costs_nothing_else(log_format: str, error: Exception) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    log.configure("INFO", log_format, Broken())
    structlog.get_logger().info("http.request")


def test_letters_that_a_terminal_has_not_are_escaped() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    log.configure("INFO", "console", stream)
    structlog.get_logger().info("etl.drift", before="caf\xe9")
    stream.seek(0)
    assert "caf\\xe9" in stream.read()
