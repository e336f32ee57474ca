"""The printed schema: checked in, fully described, and true to what clients were promised."""

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    print_ast,
)

import graphql_schema
from graphql_schema.schema import print_sdl

FILE = Path(graphql_schema.__path__[0]) / "schema.graphql"

# The public surface, as far as it is served. Adding is fine; renaming or retyping is not.
AGREED = """
scalar DateTime
scalar JSON

interface Node { id: ID! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  assets(
    first: Int, after: String, last: Int, before: String, search: String, filter: AssetFilter, orderBy: [AssetOrder!]
  ): AssetConnection!
  asset(id: ID, source: String, externalId: String): Asset
  runs(first: Int, after: String, last: Int, before: String, filter: RunFilter): RunConnection!
  run(id: ID!): Run
  checkpoints: [Checkpoint!]!
  checkpoint(source: String!): Checkpoint
  sources: [Source!]!
  source(name: String!): Source
  stats: Stats!
  health: Health!
}

type Mutation {
  triggerEtl(source: String, mode: RunMode = INCREMENTAL, idempotencyKey: String): TriggerEtlPayload!
  cancelRun(id: ID!): CancelRunPayload!
  resetCheckpoint(source: String!): CheckpointPayload!
}
type UserError { code: String! message: String! path: [String!] }
type TriggerEtlPayload { started: [Run!]! alreadyActive: [Run!]! errors: [UserError!]! }
type CancelRunPayload { run: Run errors: [UserError!]! }
type CheckpointPayload { checkpoint: Checkpoint errors: [UserError!]! }

type Asset implements Node {
  id: ID! source: String! externalId: String! symbol: String! name: String!
  rank: Int priceUsd: Float marketCapUsd: Float volume24hUsd: Float
  percentChange1h: Float percentChange24h: Float percentChange7d: Float
  circulatingSupply: Float totalSupply: Float maxSupply: Float
  athUsd: Float athAt: DateTime lastUpdated: DateTime
  firstSeenAt: DateTime! updatedAt: DateTime!
  raw: RawRecord lastRun: Run
  history(
    from: DateTime, to: DateTime, interval: HistoryInterval = ALL, first: Int, after: String, last: Int, before: String
  ): PricePointConnection!
}
enum HistoryInterval { ALL HOUR DAY WEEK }
type PricePoint { at: DateTime! priceUsd: Float marketCapUsd: Float volume24hUsd: Float rank: Int }
type RawRecord implements Node {
  id: ID! source: String! recordId: String! payload: JSON! ingestedAt: DateTime! run: Run
}

type Run implements Node {
  id: ID! source: String! mode: RunMode! trigger: RunTrigger! status: RunStatus!
  recordsProcessed: Int! inserted: Int! updated: Int! unchanged: Int! stale: Int! missing: Int! quarantined: Int!
  total: Int progressPercent: Float
  injectedFailure: Boolean! error: String
  requestedAt: DateTime! startedAt: DateTime finishedAt: DateTime durationMs: Int
  resumedAfter: String
  batches(first: Int, after: String, last: Int, before: String): BatchConnection!
}
enum RunStatus { QUEUED RUNNING SUCCESS FAILED INTERRUPTED CANCELLED ABANDONED }
enum RunMode { INCREMENTAL FULL REPLAY }
enum RunTrigger { SCHEDULE MANUAL STARTUP CLI }
type Batch {
  sequence: Int! fromPosition: Int! toPosition: Int! seen: Int! committedAt: DateTime! lastRecordId: String
}

type Subscription {
  runProgress(runId: ID!): Run!
  runEvents(source: String, after: String): RunEvent!
}
type RunEvent { cursor: String! at: DateTime! kind: String! message: String! run: Run! }

type Checkpoint implements Node {
  id: ID! source: String! lastRecordId: String position: Int! total: Int complete: Boolean! updatedAt: DateTime!
  run: Run
}
type Source implements Node {
  id: ID! name: String! enabled: Boolean! paused: Boolean! schedule: String nextRunAt: DateTime
  lastRun: Run activeRun: Run checkpoint: Checkpoint assetCount: Int! dataAgeSeconds: Float
  circuit: CircuitState! retryAt: DateTime
}
enum CircuitState { CLOSED OPEN HALF_OPEN }
type Stats {
  assetCount: Int! rawCount: Int! runCount: Int! succeeded: Int! failed: Int! recordsProcessed: Int!
  lastSuccessAt: DateTime lastFailureAt: DateTime sources: [Source!]!
}
type Health { status: HealthStatus! database: Boolean! schedulerRunning: Boolean! version: String! reasons: [String!]! }
enum HealthStatus { OK DEGRADED DOWN }

input AssetFilter {
  id: IDFilter source: StringFilter externalId: StringFilter symbol: StringFilter name: StringFilter
  rank: IntFilter priceUsd: FloatFilter marketCapUsd: FloatFilter volume24hUsd: FloatFilter
  percentChange24h: FloatFilter lastUpdated: DateTimeFilter
  and: [AssetFilter!] or: [AssetFilter!] not: AssetFilter
}
input RunFilter { source: StringFilter status: [RunStatus!] trigger: [RunTrigger!] startedAt: DateTimeFilter }
input IDFilter { eq: ID in: [ID!] }
input StringFilter { eq: String ne: String in: [String!] contains: String startsWith: String }
input IntFilter { eq: Int ne: Int in: [Int!] gt: Int gte: Int lt: Int lte: Int isNull: Boolean }
input FloatFilter { eq: Float ne: Float in: [Float!] gt: Float gte: Float lt: Float lte: Float isNull: Boolean }
input DateTimeFilter { eq: DateTime gt: DateTime gte: DateTime lt: DateTime lte: DateTime isNull: Boolean }
input AssetOrder { field: AssetOrderField! direction: Direction = ASC }
enum AssetOrderField {
  RANK NAME SYMBOL PRICE_USD MARKET_CAP_USD VOLUME_24H_USD PERCENT_CHANGE_24H LAST_UPDATED ID
}
enum Direction { ASC DESC }

type AssetEdge { cursor: String! node: Asset! }
type AssetConnection { edges: [AssetEdge!]! nodes: [Asset!]! pageInfo: PageInfo! totalCount: Int! }
type RunEdge { cursor: String! node: Run! }
type RunConnection { edges: [RunEdge!]! nodes: [Run!]! pageInfo: PageInfo! totalCount: Int! }
type BatchEdge { cursor: String! node: Batch! }
type BatchConnection { edges: [BatchEdge!]! nodes: [Batch!]! pageInfo: PageInfo! totalCount: Int! }
type PricePointEdge { cursor: String! node: PricePoint! }
type PricePointConnection { edges: [PricePointEdge!]! nodes: [PricePoint!]! pageInfo: PageInfo! totalCount: Int! }
"""

OURS = build_schema(print_sdl())
AGREED_SCHEMA = build_schema(AGREED)


def input_of(given: Any) -> str:
    """An argument or input field as text: its type and default."""
    default = given.ast_node.default_value
    return f"{given.type} = {print_ast(default)}" if default else str(given.type)


def fields_of(schema: GraphQLSchema, name: str) -> dict[str, Any]:
    """A type's fields or values, each as text: its type, and its arguments or default."""
    kind = schema.type_map[name]
    if isinstance(kind, GraphQLEnumType):
        return dict.fromkeys(kind.values, name)
    if isinstance(kind, GraphQLInputObjectType):
        return {key: input_of(field) for key, field in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return {
            key: (str(field.type), {a: input_of(arg) for a, arg in field.args.items()})
            for key, field in kind.fields.items()
        }
    return {}


def test_the_file_beside_the_code_is_the_printed_schema() -> None:
    assert FILE.read_text("utf-8") == print_sdl()


@pytest.mark.parametrize("name", [name for name in AGREED_SCHEMA.type_map if not name.startswith("__")])
def test_what_was_promised_is_served(name: str) -> None:
    promised, served = fields_of(AGREED_SCHEMA, name), fields_of(OURS, name)
    assert {key: served.get(key) for key in promised} == promised
    ours, agreed = OURS.type_map[name], AGREED_SCHEMA.type_map[name]
    assert type(ours) is type(agreed)
    if isinstance(ours, GraphQLObjectType) and isinstance(agreed, GraphQLObjectType):
        assert {i.name for i in agreed.interfaces} <= {i.name for i in ours.interfaces}


def test_everything_is_described() -> None:
    bare = []
    for name, kind in OURS.type_map.items():
        if name.startswith("__") or name in {"ID", "Int", "Float", "String", "Boolean"}:
            continue
        parts = {name: kind, **{f"{name}.{key}": part for key, part in _parts(kind).items()}}
        bare += [key for key, part in parts.items() if not part.description]
    assert bare == []


def _parts(kind: Any) -> dict[str, Any]:
    if isinstance(kind, GraphQLEnumType):
        return dict(kind.values)
    fields = getattr(kind, "fields", {})
    arguments = {
        f"{key}({a})": argument for key, field in fields.items() for a, argument in getattr(field, "args", {}).items()
    }
    return {**fields, **arguments}
