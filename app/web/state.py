"""What the routes find in `request.state`."""

from collections.abc import Awaitable, Callable
from typing import TypedDict

from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response

from app.services import Services
from app.web.looks import Looks


class Shared(TypedDict):
    """What all requests share from start-up on."""

    services: Services
    looks: Looks
    metrics: CollectorRegistry


class State(Shared):
    """One request's state; `started` is in perf_counter seconds."""

    request_id: str
    started: float


AppRequest = Request[State]
# What answers requests.
Endpoint = Callable[[AppRequest], Awaitable[Response]]
