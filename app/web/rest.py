"""The asset list as plain JSON, for callers that do not speak GraphQL: /data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from orjson import Fragment
from starlette.responses import Response

from app.source_names import SOURCES
from app.web import etag
from app.web.errors import BadParameter, InvalidParameters
from app.web.json_answer import encoded, json_answer
from app.web.middleware import elapsed_seconds
from app.web.query_string import QueryString
from app.web.state import AppRequest, Endpoint
from db import asset_reads, catalog
from db.asset_reads import AnyPageRead
from db.catalog import Listing, Order
from db.direct import Direct
from db.errors import InvalidCursor
from db.filters import LONGEST_NEEDLE, AnyOf, Condition, Every, Where
from db.keyset import Slice
from db.tables import FIGURES
from graphql_schema.plans.shapes import records_shape

PARAMETERS = ("limit", "offset", "q", "source", "sort", "cursor")
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 500
# An offset costs what it skips; a cursor costs the same at any depth.
DEEPEST_OFFSET = 100_000
DEFAULT_SORT = Order("rank")
REMEMBERED, LONGEST_REMEMBERED = 256, 512
_SEARCHED = ("symbol", "name", "external_id")
TIMES = ("ath_at", "last_updated", "first_seen_at", "updated_at")
COLUMNS = (
    "id", "external_id", "symbol", "name", "source", "rank", *FIGURES, *TIMES,
)  # fmt: skip
# By whether the database keeps times as text.
_SHAPES = {text: records_shape("Asset", COLUMNS, TIMES, text_times=text) for text in (True, False)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for assets, understood."""

    listing: Listing
    limit: int
    offset: int
    cursor: str | None


def data() -> Endpoint:
    """The route, which remembers what it was asked for: most clients ask for one page again and again."""
    remembered = lru_cache(REMEMBERED)(_understood)

    async def answer(request: AppRequest) -> Response:
        query = request.scope["query_string"]
        understood = remembered if len(query) <= LONGEST_REMEMBERED else _understood
        try:
            return await _page(request, *understood(query, request.scope["state"]["services"].database.direct))
        except InvalidCursor as problem:
            detail = f"{problem}; it fits only the q, source and sort it was taken with"
            raise InvalidParameters([BadParameter("cursor", detail)]) from problem

    return answer


async def _page(request: AppRequest, wanted: Wanted, read: AnyPageRead) -> Response:
    """A page of assets. 304 for who has it already, 422 for parameters that cannot be used.

    Caches may keep an answer, and have to ask each time whether it still holds; its tag is made of all of it but
    the request's id and latency.
    """
    state = request.scope["state"]
    database = state["services"].database
    page, total = await read.read_counted(database)
    paging = {
        "limit": wanted.limit,
        "offset": wanted.offset,
        "total": total,
        "has_more": page.has_next,
        "next_cursor": page.cursor(page.rows[-1]) if page.has_next else None,
    }
    said = {"paging": encoded(paging), "data": encoded(_SHAPES[database.is_sqlite](page.rows))}
    tag = etag.weak(b"\n".join(said.values()))
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if etag.is_known(tag, request.scope):
        # That it is still the same has no request's id in it: see `warm`.
        state["of_data_alone"] = True
        return Response(status_code=304, headers=headers)
    answer = {
        "request_id": state["request_id"],
        "api_latency_ms": round(elapsed_seconds(request.scope) * 1000, 2),
        **{name: Fragment(part) for name, part in said.items()},
    }
    return json_answer(answer, headers=headers)


def _understood(query_string: bytes, direct: Direct) -> tuple[Wanted, AnyPageRead]:
    """What is asked for, and how to read that. Raises InvalidParameters and InvalidCursor."""
    wanted = _wanted(QueryString(query_string, PARAMETERS))
    part = Slice(wanted.limit, after=wanted.cursor, offset=wanted.offset)
    return wanted, asset_reads.page(direct, wanted.listing, part, COLUMNS, counted=True)


def _wanted(query: QueryString) -> Wanted:
    limit = query.integer("limit", DEFAULT_LIMIT, low=1, high=LARGEST_LIMIT)
    cursor = query.text("cursor")
    wanted = Wanted(listing_of(query, DEFAULT_SORT), limit, _offset(query), cursor)
    if cursor is not None and wanted.offset:
        query.refuse("offset", "not together with cursor, which says where the page starts")
    query.check()
    return wanted


def listing_of(query: QueryString, default: Order) -> Listing:
    """What `q`, `source` and `sort` ask for; what is wrong with them is refused."""
    return Listing(Every((*_source(query), *_search(query))), order=(_order(query, default),))


def _offset(query: QueryString) -> int:
    return query.integer("offset", 0, low=0, high=DEEPEST_OFFSET, beyond="; go deeper with cursor")


def _source(query: QueryString) -> Sequence[Condition]:
    source = query.text("source")
    if source is None:
        return ()
    if source.lower() not in SOURCES:
        query.refuse("source", f"unknown; known are {', '.join(SOURCES)}")
    return (Where("source", "eq", source),)


def _search(query: QueryString) -> Sequence[Condition]:
    q = query.text("q")
    if q is None:
        return ()
    if len(q.casefold()) > LONGEST_NEEDLE:
        query.refuse("q", f"longer than {LONGEST_NEEDLE} characters")
    return (AnyOf(tuple(Where(name, "contains", q) for name in _SEARCHED)),)


def _order(query: QueryString, default: Order) -> Order:
    sort = query.text("sort")
    if sort is None:
        return default
    order = Order(sort.removeprefix("-"), descending=sort.startswith("-"))
    if order.field not in catalog.SORTABLE:
        query.refuse("sort", f"unknown; known are {', '.join(catalog.SORTABLE)}, each with - before it for descending")
    return order
