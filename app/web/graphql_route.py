"""/graphql: GraphQL over HTTP. What clients get wrong is answered in GraphQL's own shape, with a fitting status."""

from collections.abc import Mapping
from typing import Any, cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData, process_result
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.config import Settings
from app.web import etag, graphql_request
from app.web.accept import accepts, preferred
from app.web.contexts import Contexts
from app.web.encoding import encoded
from app.web.errors import RETRY_AFTER_SECONDS
from app.web.gates import CHALLENGE, NOT_A_READER, OF_PAGES, Origins
from app.web.graphql_request import Asking, Refused
from app.web.head import Said, remembered, said
from app.web.pages import Pages
from app.web.permission import may_read
from app.web.persisted import PersistedQueries
from graphql_schema.context import Context
from graphql_schema.schema import Schema

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_VARY = {"Vary": "Accept"}
# Of a head, all that decides whether it is answered, and as what.
_DECIDING = OF_PAGES | {b"authorization", b"accept", b"content-type", b"content-encoding"}


class _Adapter(StarletteRequestAdapter):
    """What Strawberry sees of a request, and what that asks for."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.asked = request.asked if isinstance(request, Asking) else None


class GraphQLRoute(GraphQL[Context, None]):
    """GET for queries, POST for queries and mutations, and a playground for browsers while introspection is on."""

    request_adapter_class = _Adapter

    def __init__(self, schema: Schema, settings: Settings, contexts: Contexts, pages: Pages) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if settings.graphql_introspection else None,
            multipart_uploads_enabled=False,
            subscription_protocols=(),
        )
        self._answers = schema.answers
        self._settings = settings
        self._contexts = contexts
        self._pages = pages
        self._origins = Origins(settings)
        self._persisted = PersistedQueries()
        self._admitted = {"GET": remembered(self._admit), "POST": remembered(self._admit_post)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            # GET without the body, which is left out on its way out.
            scope = {**scope, "method": "GET"}
        try:
            response = await self._answered(scope, receive)
        except Refused as refused:
            response = _refusal(Request(scope), refused)
        except HTTPException as error:
            request = Request(scope)
            response = _refusal(request, _as_refused(request, error))
        await response(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive) -> Response:
        """Raises Refused and HTTPException."""
        method = scope["method"]
        if method == "GET" and self.should_render_graphql_ide(request := Request(scope)):
            # The page holds no data.
            return await self.run(request)
        media_type = self._admitted[method](said(scope, _DECIDING))
        asked = await graphql_request.read(scope, receive, self._settings.max_body_bytes)
        if asked.extensions:
            asked = self._persisted.completed(asked)
        response = await self._planned(asked, scope, media_type) or await self.run(Asking(scope, receive, asked))
        return _unless_known(scope, response) if method == "GET" else response

    def _admit(self, headers: Said) -> str:
        """The media type to answer with. Raises Refused for callers that may not read."""
        if not may_read(self._settings, headers):
            raise Refused(401, "UNAUTHENTICATED", NOT_A_READER, CHALLENGE)
        return _media_type(Headers(raw=list(headers)))

    def _admit_post(self, headers: Said) -> str:
        """As `_admit`; raises Refused also for pages that may not ask, and for what is not JSON."""
        found = Headers(raw=list(headers))
        if not self._origins.may_use(found):
            raise Refused(403, "ORIGIN_REFUSED", "pages of this origin may not ask; see CORS_ORIGINS")
        media_type = self._admit(headers)
        graphql_request.require_json(found)
        return media_type

    async def _planned(self, asked: GraphQLRequestData, scope: Scope, media_type: str) -> Response | None:
        """The answer to what there is a plan for."""
        state = scope["state"]
        answer = await self._answers.answer(
            asked.query or "", asked.operation_name, asked.variables or {}, state["services"].database
        )
        if answer is None:
            return None
        if answer.lacking:
            return _unavailable(_Whole(answer.body, media_type))
        if asked.extensions:
            self._persisted.keep(asked)
        # Plans read nothing but stored data: see `warm`.
        state["of_data_alone"] = True
        return _Whole(answer.body, media_type)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return self._contexts.of(request)

    async def render_graphql_ide(self, request: Request) -> Response:
        page = self._pages.playground()
        page.headers.update(_VARY)
        return page

    def should_render_graphql_ide(self, request: Any) -> bool:
        """Only for those who ask for a page and not for anything in particular."""
        return (
            self.graphql_ide is not None
            and request.method == "GET"
            and not {"query", "extensions"} & request.query_params.keys()
            and accepts(request.headers.get("accept", ""), "text/html")
        )

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        asked = cast("_Adapter", request).asked
        assert asked is not None  # noqa: S101  nothing but the page is answered without it
        return asked

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        result = await super().execute_single(request, request_adapter, sub_response, context, root_value, request_data)
        if not isinstance(result, PreExecutionError):
            self._persisted.keep(request_data)
        return result

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Carries the negotiated media type to `create_response`."""
        return Response(media_type=_media_type(request.headers))

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Without `data` where nothing was executed, as the specification wants it."""
        answer = process_result(result)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            answer.pop("data", None)
        return answer

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        executed = "data" in response_data
        response = _answer(response_data, str(sub_response.media_type), executed=executed)
        if not executed and isinstance(response_data, dict) and _is_our_lack(response_data):
            return _unavailable(response)
        return response


def _unless_known(scope: Scope, response: Response) -> Response:
    """304 for who has the answer already. Caches may keep it, and have to ask each time whether it still holds."""
    if response.status_code != 200:
        return response
    tag = etag.weak(bytes(response.body))
    headers = {"ETag": tag, "Cache-Control": "no-cache", **_VARY}
    if etag.is_known(tag, scope):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _unavailable(response: Response) -> Response:
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _is_our_lack(answer: GraphQLHTTPResponse) -> bool:
    """Whether the same request may well be carried out later."""
    errors: list[Any] = answer.get("errors") or []
    return any(error["extensions"]["code"] in {"TOO_BUSY", "TIMEOUT"} for error in errors)


def _as_refused(request: Request, error: HTTPException) -> Refused:
    match error.__cause__:
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            message = "subscriptions are taken over a WebSocket (graphql-transport-ws) at this address"
            return Refused(_status_of_fault(request), "SUBSCRIPTIONS_NEED_WEBSOCKET", message)
        case InvalidOperationTypeError():
            return Refused(405, "METHOD_NOT_ALLOWED", "only queries are taken by GET; use POST", {"Allow": "POST"})
        case CannotGetOperationTypeError():
            return Refused(_status_of_fault(request), "OPERATION_NOT_FOUND", error.reason)
    return Refused(error.status_code, "BAD_REQUEST", error.reason)


def _status_of_fault(request: Request) -> int:
    """For a request that GraphQL itself finds fault with, like a document that does not parse."""
    return 400 if _media_type(request.headers) == RESPONSE_JSON else 200


def _refusal(request: Request, refused: Refused) -> Response:
    body = {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
    response = _answer(body, _media_type(request.headers), executed=True)
    response.status_code = refused.status
    response.headers.update(refused.headers)
    return response


def _answer(body: object, media_type: str, *, executed: bool) -> Response:
    status = 400 if not executed and media_type == RESPONSE_JSON else 200
    return _Whole(encoded(body), media_type, status)


class _Whole(Response):
    """An answer that is text already, with headers that are always the same."""

    def __init__(self, body: bytes, media_type: str, status: int = 200) -> None:
        self.body = body
        self.status_code = status
        self.background = None
        self.raw_headers = [*_HEADERS[media_type], (b"content-length", b"%d" % len(body))]


_HEADERS = {
    each: ((b"vary", b"Accept"), (b"content-type", f"{each}; charset=utf-8".encode()))
    for each in (PLAIN_JSON, RESPONSE_JSON)
}


def _media_type(headers: Mapping[str, str]) -> str:
    """The newer type for those who ask for it; all others get what every client knows."""
    return preferred(headers.get("accept", ""), (PLAIN_JSON, RESPONSE_JSON))
