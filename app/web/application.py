"""Starlette's application without what ours does not need: each layer and each pattern tried costs every answer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.state import AppRequest, Endpoint

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[dict[str, Any]]]


class Application(Starlette):
    """Routes inside the given middleware, and nothing else.

    What routes raise over HTTP is the middleware's to answer (see `CatchMistakes`). What the middleware itself raises,
    and what WebSockets do, is left to the server.
    """

    def __init__(self, routes: Sequence[BaseRoute], middleware: Sequence[Middleware], lifespan: Lifespan) -> None:
        super().__init__(middleware=middleware)
        self.router = _Routes(routes, lifespan)

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = self.router
        for layer, args, options in reversed(self.user_middleware):
            app = layer(app, *args, **options)
        return app


class _Routes(Router):
    """Finds routes by their whole path first; most paths have nothing variable in them."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan) -> None:
        # A slash too many is not found like any other wrong path, instead of redirected to what Host claims we are.
        super().__init__(routes, redirect_slashes=False, lifespan=lifespan)
        self._by_path = {each.path: each for each in routes if isinstance(each, Route) and not each.param_convertors}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = None if scope["type"] != "http" or scope.get("root_path") else self._by_path.get(scope["path"])
        if route is None or (route.methods and scope["method"] not in route.methods):
            await super().__call__(scope, receive, send)
        else:
            scope["route"] = route
            await route.app(scope, receive, send)


class Answering:
    """A function from requests to answers, as an application of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._endpoint(AppRequest(scope, receive))
        await response(scope, receive, send)
