"""/graphql: GraphQL over HTTP. What clients get wrong is answered in GraphQL's own shape, with a fitting status."""

from collections.abc import Mapping
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, HTTPException
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
from app.web.gates import CHALLENGE, NOT_A_READER, Origins
from app.web.graphql_request import Refused, WholeRequest
from app.web.pages import Pages
from app.web.permission import caller_of
from app.web.persisted import PersistedQueries
from graphql_schema.context import Context
from graphql_schema.schema import Schema

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_VARY = {"Vary": "Accept"}


class GraphQLRoute(GraphQL[Context, None]):
    """GET for queries, POST for queries and mutations, and a playground for browsers while introspection is on."""

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # HEAD is GET without the body, which is left out on its way out.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        request = WholeRequest({**scope, "method": method}, receive, self._settings.max_body_bytes)
        try:
            self._admit(request)
            response = await self._planned(request) or await self.run(request)
            if method == "GET" and not self.should_render_graphql_ide(request):
                response = _unless_known(request, response)
        except Refused as refused:
            response = _refusal(request, refused)
        except HTTPException as error:
            response = _refusal(request, _as_refused(request, error))
        await response(scope, receive, send)

    def _admit(self, request: Request) -> None:
        """Raises Refused for pages and callers that are not to be answered. The playground's page holds no data."""
        if request.method == "POST" and not self._origins.may_use(request):
            raise Refused(403, "ORIGIN_REFUSED", "pages of this origin may not ask; see CORS_ORIGINS")
        if not self.should_render_graphql_ide(request) and not caller_of(self._settings, request).may_read:
            raise Refused(401, "UNAUTHENTICATED", NOT_A_READER, CHALLENGE)

    async def _planned(self, request: Request) -> Response | None:
        """The answer to what there is a plan for. Raises Refused."""
        if self.should_render_graphql_ide(request):
            return None
        asked = self._persisted.completed(await graphql_request.read(self.request_adapter_class(request)))
        database = request.state.services.database
        answer = await self._answers.answer(asked.query or "", asked.operation_name, asked.variables or {}, database)
        if answer is None:
            return None
        if answer.lacking:
            return _unavailable(_response(answer.body, _media_type(request.headers)))
        self._persisted.keep(asked)
        # Plans read nothing but stored data: see `warm`.
        request.scope["state"]["of_data_alone"] = True
        return _response(answer.body, _media_type(request.headers))

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
        return self._persisted.completed(await graphql_request.read(request))

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


def _unless_known(request: Request, response: Response) -> Response:
    """304 for who has the answer already. Caches may keep it, and have to ask each time whether it still holds."""
    if response.status_code != 200:
        return response
    tag = etag.weak(bytes(response.body))
    headers = {"ETag": tag, "Cache-Control": "no-cache", **_VARY}
    if etag.matches(tag, request.headers.getlist("if-none-match")):
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
    return _response(encoded(body), media_type, status)


def _response(body: bytes, media_type: str, status: int = 200) -> Response:
    return Response(body, status, _VARY, f"{media_type}; charset=utf-8")


def _media_type(headers: Mapping[str, str]) -> str:
    """The newer type for those who ask for it; all others get what every client knows."""
    return preferred(headers.get("accept", ""), (PLAIN_JSON, RESPONSE_JSON))
