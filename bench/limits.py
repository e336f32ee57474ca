"""What serving is compared with, as an application for uvicorn: prepared bytes, bare rows, and plain Strawberry.

`uvicorn bench.limits:app` reads DATABASE_URL (PostgreSQL) and PREPARED, a file of bytes to answer /prepared with.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL

from app.web.rest import COLUMNS

_PREPARED = Path(os.environ["PREPARED"]).read_bytes()
_URL = os.environ.get("DATABASE_URL", "")
_ROWS = f"SELECT {', '.join(COLUMNS)} FROM assets ORDER BY rank, id LIMIT 50"
_pools: list[asyncpg.Pool] = []


async def prepared(request: Request) -> Response:
    await request.body()
    return Response(_PREPARED, media_type="application/json")


async def rows(_: Request) -> Response:
    found = [dict(row) for row in await _pools[0].fetch(_ROWS)]
    return Response(orjson.dumps({"data": found}), media_type="application/json")


@strawberry.type
class Asset:
    id: strawberry.ID
    symbol: str
    name: str
    source: str
    rank: int | None
    price_usd: float | None
    market_cap_usd: float | None
    volume_24h_usd: float | None = strawberry.field(name="volume24hUsd")
    percent_change_24h: float | None = strawberry.field(name="percentChange24h")
    circulating_supply: float | None


@strawberry.type
class Assets:
    nodes: list[Asset]


_FIELDS = (
    "id", "symbol", "name", "source", "rank", "price_usd", "market_cap_usd", "volume_24h_usd", "percent_change_24h",
    "circulating_supply",
)  # fmt: skip


@strawberry.type
class Query:
    @strawberry.field
    async def assets(self, first: int) -> Assets:
        found = await _pools[0].fetch(
            f"SELECT {', '.join(_FIELDS)} FROM assets ORDER BY rank, id LIMIT $1",
            first,
        )
        return Assets(nodes=[Asset(**row) for row in found])


@contextlib.asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    if _URL:
        _pools.append(await asyncpg.create_pool(_URL, min_size=8, max_size=8))
    yield


app = Starlette(
    routes=[
        Route("/prepared", prepared, methods=["GET", "POST"]),
        Route("/rows", rows),
        Route("/graphql", GraphQL(strawberry.Schema(Query)), methods=["POST"]),
    ],
    lifespan=_lifespan,
)
