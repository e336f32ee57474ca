"""All assets as one file, written while it is read: /data.csv and /data.ndjson.

Each part is a page of its own, so a slow reader keeps no connection to the database, no snapshot and no place. What is
written to meanwhile shows as it is when its part is read; in the default order, by id, every asset is there exactly
once.
"""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from app.exports.text_formats import CSV, NDJSON, TextFormat, with_global_ids
from app.web import rest
from app.web.query_string import QueryString
from app.web.state import AppRequest, Endpoint
from db import catalog
from db.catalog import Listing, Order
from db.engine import Database
from db.keyset import Page, Slice
from graphql_schema.places import Places

PARAMETERS = ("q", "source", "sort")
PART = 2000
DEFAULT_SORT = Order("id")


def _answering(form: TextFormat, ending: str, places: Places) -> Endpoint:
    headers = {"Content-Disposition": f'attachment; filename="assets.{ending}"'}

    async def answer(request: AppRequest) -> Response:
        """The file; 422 for parameters that cannot be used."""
        query = QueryString(request.scope["query_string"], PARAMETERS)
        listing = rest.listing_of(query, DEFAULT_SORT)
        query.check()
        database = request.state["services"].database
        # The first part is read before anything is answered, so that what is wrong can still be said.
        first = await _page(database, listing, None)
        if request.method == "HEAD":
            return Response(headers={**headers, "Content-Type": form.media_type})
        return StreamingResponse(
            _written(database, listing, first, form, places), headers=headers, media_type=form.media_type
        )

    return answer


def csv_file(places: Places) -> Endpoint:
    """/data.csv, of which each part but the first waits for a place of its own."""
    return _answering(CSV, "csv", places)


def ndjson_file(places: Places) -> Endpoint:
    """/data.ndjson, likewise."""
    return _answering(NDJSON, "ndjson", places)


async def _written(
    database: Database, listing: Listing, page: Page, form: TextFormat, places: Places
) -> AsyncIterator[bytes]:
    yield form.header(rest.COLUMNS)
    while True:
        yield form.body(rest.COLUMNS, with_global_ids(rest.COLUMNS, page.rows))
        if not page.has_next:
            return
        async with places.taken_at_last():
            page = await _page(database, listing, page.cursor(page.rows[-1]))


async def _page(database: Database, listing: Listing, cursor: str | None) -> Page:
    async with database.read() as connection:
        return await catalog.page(connection, listing, Slice(PART, after=cursor), rest.COLUMNS, both_ends=False)
