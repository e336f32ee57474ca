"""What happens when an application fails: it is logged, and the answer gives nothing away."""

from typing import Any

import pytest
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from app.web.middleware import CatchMistakes, Observe

HTTP: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def _receive() -> Message:
    return {"type": "http.request"}


class Failing:
    """An application that fails, perhaps after it began to answer."""

    def __init__(self, error: Exception, *, started: bool = False) -> None:
        self._error = error
        self._started = started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self._error


async def run(app: Failing) -> tuple[list[Message], list[Any]]:
    """What was sent, and the log."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    measured: list[Any] = []
    observed = Observe(CatchMistakes(app), lambda scope, status, seconds: measured.append(status))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        await observed(dict(HTTP), _receive, send)
    return sent, events


async def test_a_mistake_is_logged_and_its_answer_gives_nothing_away() -> None:
    sent, events = await run(Failing(RuntimeError("SELECT secret FROM /etc/passwd")))
    assert sent[0]["status"] == 500
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    assert b"SELECT" not in sent[1]["body"]
    error, request = events
    assert (error["event"], request["status"]) == ("http.unexpected_error", 500)
    assert error["exc_info"]
    assert error["request_id"].encode() in sent[1]["body"]


async def test_half_an_answer_is_cut_off() -> None:
    with pytest.raises(RuntimeError):
        await run(Failing(RuntimeError("half-way"), started=True))


async def test_a_client_that_left_is_no_mistake() -> None:
    sent, events = await run(Failing(ClientDisconnect()))
    assert sent == []
    assert [(event["event"], event["status"]) for event in events] == [("http.request", 499)]
