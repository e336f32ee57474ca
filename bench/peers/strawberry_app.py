"""Strawberry as its documentation has it: types, resolvers, asyncpg. No caches, no extensions."""

import os
from datetime import datetime

import asyncpg
import strawberry
from strawberry.asgi import GraphQL

COLUMNS = "id, external_id, symbol, name, rank, price_usd, market_cap_usd, volume_24h_usd, percent_change_24h, circulating_supply, ath_usd"
POINT = "at, price_usd, market_cap_usd, volume_24h_usd, rank"


@strawberry.type
class Point:
    at: datetime
    price_usd: float | None
    market_cap_usd: float | None
    volume_24h_usd: float | None
    rank: int | None


@strawberry.type
class Asset:
    id: strawberry.Private[int]
    external_id: str
    symbol: str
    name: str
    rank: int | None
    price_usd: float | None
    market_cap_usd: float | None
    volume_24h_usd: float | None
    percent_change_24h: float | None
    circulating_supply: float | None
    ath_usd: float | None

    @strawberry.field
    async def history(self, first: int) -> list[Point]:
        query = f"SELECT {POINT} FROM asset_history WHERE asset_id = $1 ORDER BY at, id LIMIT $2"
        return [Point(**row) for row in await state.pool.fetch(query, self.id, first)]


@strawberry.type
class Query:
    @strawberry.field
    async def assets(self, first: int) -> list[Asset]:
        rows = await state.pool.fetch(f"SELECT {COLUMNS} FROM assets ORDER BY rank, id LIMIT $1", first)
        return [Asset(**row) for row in rows]

    @strawberry.field
    async def asset(self, external_id: str) -> Asset | None:
        query = f"SELECT {COLUMNS} FROM assets WHERE source = 'coingecko' AND external_id = $1"
        row = await state.pool.fetchrow(query, external_id)
        return Asset(**row) if row else None


class State:
    pool: asyncpg.Pool


state = State()
graphql = GraphQL(strawberry.Schema(Query), graphql_ide=None)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await graphql(scope, receive, send)
