"""The web application: routes, what surrounds them, and what lives as long as the server."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.config import Settings
from app.services import Services, open_services
from app.web import errors, health_routes, rest
from app.web.accept import accepts
from app.web.graphql_route import GraphQLRoute
from app.web.json_answer import json_answer
from app.web.looks import Looks
from app.web.metrics import HttpMetrics
from app.web.middleware import CatchMistakes, Cors, Observe
from app.web.openapi import openapi
from app.web.state import AppRequest, Shared
from app.web.stats_route import run_stats
from app.web.ws.route import GraphQLSocket
from graphql_schema.schema import build_schema

OpenServices = Callable[[Settings], AbstractAsyncContextManager[Services]]
COMPRESSED_FROM_BYTES = 1024
# Nearly as small as 9, in a third of the time.
COMPRESSION_LEVEL = 5
_READ = ("GET",)
_LISTED = {
    "/graphql": "the graph, with a playground in the browser",
    "/data": "assets as plain JSON",
    "/stats": "what became of the runs",
    "/health": "is everything all right?",
    "/metrics": "for Prometheus",
    "/openapi.json": "what the plain routes take and answer",
}


def create_app(settings: Settings, services: OpenServices = open_services) -> Starlette:
    """The application; its lifespan opens and closes `services`."""
    http_metrics = HttpMetrics()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with services(settings) as opened:
            shared: Shared = {"services": opened, "looks": Looks(opened), "http_metrics": http_metrics}
            yield dict(shared)

    app = Starlette(
        routes=_routes(settings),
        middleware=_middleware(settings, http_metrics),
        exception_handlers=dict(errors.HANDLERS),
        lifespan=lifespan,
    )
    # A slash too many is not found like any other wrong path, instead of redirected to what Host claims we are.
    app.router.redirect_slashes = False
    return app


def _routes(settings: Settings) -> list[BaseRoute]:
    schema = build_schema(
        max_depth=settings.graphql_max_depth,
        max_cost=settings.graphql_max_cost,
        introspection=settings.graphql_introspection,
    )
    return [
        Route("/", _index(settings), methods=_READ),
        Route("/graphql", GraphQLRoute(schema, settings), methods=("GET", "POST")),
        WebSocketRoute("/graphql", GraphQLSocket(schema, settings)),
        Route("/data", rest.data, methods=_READ),
        Route("/stats", run_stats, methods=_READ),
        Route("/health", health_routes.health, methods=_READ),
        Route("/livez", health_routes.live, methods=_READ),
        Route("/readyz", health_routes.ready, methods=_READ),
        Route("/metrics", health_routes.prometheus, methods=_READ),
        Route("/openapi.json", openapi, methods=_READ),
    ]


def _middleware(settings: Settings, http_metrics: HttpMetrics) -> list[Middleware]:
    """From the outside in."""
    cors = Middleware(
        Cors,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=("Authorization", "Content-Type", "If-None-Match", "X-Request-Id"),
        expose_headers=("X-Request-Id", "X-Api-Latency-Ms", "ETag"),
    )
    return [
        Middleware(Observe, measure=http_metrics.measure),
        *([cors] if settings.cors_origins else []),
        Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=COMPRESSION_LEVEL),
        Middleware(CatchMistakes),
    ]


def _index(settings: Settings) -> Callable[[AppRequest], Any]:
    async def index(request: AppRequest) -> Response:
        """Browsers go to the playground, programs get the list of routes."""
        playground = settings.graphql_introspection and accepts(request.headers.get("accept", ""), "text/html")
        listed = {"name": "kasparro", "version": version("kasparro"), "routes": _LISTED}
        response = RedirectResponse("/graphql") if playground else json_answer(listed)
        response.headers["Vary"] = "Accept"
        return response

    return index
