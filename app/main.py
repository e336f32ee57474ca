"""The web application: routes, what surrounds them, and what lives as long as the server."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.config import Settings
from app.loop_watch import loop_watched
from app.services import Services, open_services
from app.web import data_files, health_routes, rest
from app.web.accept import accepts
from app.web.application import Answering, Application
from app.web.compression import Compression
from app.web.contexts import Contexts
from app.web.gates import KnownHosts, for_few, for_readers
from app.web.graphql_route import GraphQLRoute
from app.web.json_answer import json_answer
from app.web.looks import Looks
from app.web.metrics import HttpMetrics, loop_lag
from app.web.middleware import CatchMistakes, Cors, Observe
from app.web.openapi import openapi
from app.web.pages import FOLDER, Pages
from app.web.state import AppRequest, Endpoint, Shared
from app.web.stats_route import run_stats
from app.web.warm import Warm
from app.web.ws.route import GraphQLSocket
from graphql_schema.limits import Limits
from graphql_schema.places import Places
from graphql_schema.schema import build_schema

OpenServices = Callable[[Settings], AbstractAsyncContextManager[Services]]
_TOLD = {None, "DEBUG", "INFO"}
_KEPT = frozenset({"/graphql", "/data"})
_LISTED = {
    "/graphql": "the graph, with a playground in the browser",
    "/data": "assets as plain JSON",
    "/data.csv": "all assets as a file",
    "/data.ndjson": "the same, a line of JSON each",
    "/stats": "what became of the runs",
    "/health": "is everything all right?",
    "/metrics": "for Prometheus",
    "/openapi.json": "what the plain routes take and answer",
}


def create_app(settings: Settings, services: OpenServices = open_services, pages_folder: Path = FOLDER) -> Application:
    """The application; its lifespan opens and closes `services`. `pages_folder` is what the build of `ui/` wrote."""
    registry = CollectorRegistry()
    http_metrics, lag = HttpMetrics(registry), loop_lag(registry)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with services(settings) as opened, loop_watched(lag.observe):
            shared: Shared = {"services": opened, "looks": Looks(opened), "metrics": registry}
            yield dict(shared)

    return Application(_routes(settings, Pages(pages_folder)), _middleware(settings, http_metrics), lifespan)


def _routes(settings: Settings, pages: Pages) -> list[BaseRoute]:
    schema = build_schema(_limits(settings), introspection=settings.graphql_introspection)
    contexts = Contexts(settings)
    places = Places(settings.graphql_max_concurrent)

    def reading(endpoint: Endpoint) -> Endpoint:
        return for_readers(settings, for_few(places, endpoint))

    answers = {
        "/": _index(pages),
        "/data": reading(rest.data()),
        "/data.csv": reading(data_files.csv_file(places)),
        "/data.ndjson": reading(data_files.ndjson_file(places)),
        "/stats": reading(run_stats),
        "/health": health_routes.health,
        "/livez": health_routes.live,
        "/readyz": health_routes.ready,
        "/metrics": for_readers(settings, health_routes.prometheus),
        "/openapi.json": openapi,
        "/static/{name}": pages.file,
    }
    return [
        Route("/graphql", GraphQLRoute(schema, settings, contexts, pages), methods=("GET", "POST")),
        WebSocketRoute("/graphql", GraphQLSocket(schema, settings, contexts)),
        *(Route(path, Answering(endpoint), methods=("GET",)) for path, endpoint in answers.items()),
    ]


def _limits(settings: Settings) -> Limits:
    return Limits(
        bytes=settings.graphql_max_bytes,
        tokens=settings.graphql_max_tokens,
        depth=settings.graphql_max_depth,
        aliases=settings.graphql_max_aliases,
        directives=settings.graphql_max_directives,
        fields=settings.graphql_max_fields,
        repeats=settings.graphql_max_repeats,
        cost=settings.graphql_max_cost,
        variables=settings.graphql_max_variables,
        nesting=settings.graphql_max_nesting,
        seconds=settings.graphql_timeout_seconds,
        concurrent=settings.graphql_max_concurrent,
    )


def _middleware(settings: Settings, http_metrics: HttpMetrics) -> list[Middleware]:
    """From the outside in."""
    cors = Middleware(
        Cors,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "HEAD", "POST"),
        allow_headers=("Authorization", "Content-Type", "If-None-Match", "X-Request-Id"),
        expose_headers=("X-Request-Id", "X-Api-Latency-Ms", "ETag"),
    )
    warm = Middleware(Warm, paths=_KEPT, most_bytes=settings.answer_cache_bytes)
    return [
        Middleware(Observe, measure=http_metrics.measure, logs=settings.log_level in _TOLD),
        Middleware(KnownHosts, settings=settings),
        *([warm] if settings.answer_cache_bytes else []),
        *([cors] if settings.cors_origins else []),
        Middleware(Compression),
        Middleware(CatchMistakes),
    ]


def _index(pages: Pages) -> Callable[[AppRequest], Any]:
    async def index(request: AppRequest) -> Response:
        """Browsers get the console, programs the list of routes."""
        listed = {"name": "kasparro", "version": version("kasparro"), "routes": _LISTED}
        page = accepts(request.headers.get("accept", ""), "text/html")
        response = pages.console(request) if page else json_answer(listed)
        response.headers["Vary"] = "Accept"
        return response

    return index
