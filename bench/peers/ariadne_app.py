"""Ariadne as its documentation has it: schema first, resolvers, asyncpg. No caches, no extensions."""

import os

import asyncpg
from ariadne import ObjectType, QueryType, make_executable_schema
from ariadne.asgi import GraphQL

COLUMNS = {
    "externalId": "external_id",
    "symbol": "symbol",
    "name": "name",
    "rank": "rank",
    "priceUsd": "price_usd",
    "marketCapUsd": "market_cap_usd",
    "volume24hUsd": "volume_24h_usd",
    "percentChange24h": "percent_change_24h",
    "circulatingSupply": "circulating_supply",
    "athUsd": "ath_usd",
}
POINT = 'at, price_usd AS "priceUsd", market_cap_usd AS "marketCapUsd", volume_24h_usd AS "volume24hUsd", rank'
SELECTED = "id, " + ", ".join(f'{column} AS "{name}"' for name, column in COLUMNS.items())
TYPES = """
type Point { at: String! priceUsd: Float marketCapUsd: Float volume24hUsd: Float rank: Int }
type Asset {
  externalId: String! symbol: String! name: String! rank: Int priceUsd: Float marketCapUsd: Float volume24hUsd: Float
  percentChange24h: Float circulatingSupply: Float athUsd: Float
  history(first: Int!): [Point!]!
}
type Query { assets(first: Int!): [Asset!]! asset(externalId: String!): Asset }
"""
query, asset_type = QueryType(), ObjectType("Asset")


@query.field("assets")
async def assets(_, info, first):
    return [
        dict(row) for row in await state.pool.fetch(f"SELECT {SELECTED} FROM assets ORDER BY rank, id LIMIT $1", first)
    ]


@query.field("asset")
async def asset(_, info, externalId):
    found = f"SELECT {SELECTED} FROM assets WHERE source = 'coingecko' AND external_id = $1"
    row = await state.pool.fetchrow(found, externalId)
    return dict(row) if row else None


@asset_type.field("history")
async def history(asset, info, first):
    found = f"SELECT {POINT} FROM asset_history WHERE asset_id = $1 ORDER BY at, id LIMIT $2"
    return [{**row, "at": row["at"].isoformat()} for row in await state.pool.fetch(found, asset["id"], first)]


class State:
    pool: asyncpg.Pool


state = State()
graphql = GraphQL(make_executable_schema(TYPES, query, asset_type))


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await graphql(scope, receive, send)
