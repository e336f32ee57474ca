/** What the pages of an asset and of a coin ask for. */
import { graphql, type ResultOf } from "../graph/graphql";

const RawFields = graphql(`
  fragment RawFields on RawRecord {
    id
    recordId
    ingestedAt
    payload
  }
`);

const BatchFields = graphql(`
  fragment BatchFields on Batch {
    sequence
    fromPosition
    toPosition
    seen
    committedAt
  }
`);

const WriterFields = graphql(`
  fragment WriterFields on Run {
    id
    source
    mode
    trigger
    status
    startedAt
  }
`);

const CoinFields = graphql(`
  fragment CoinFields on Coin {
    id
    slug
    symbol
    name
    rank
    priceUsd
    marketCapUsd
    divergencePercent
    assets {
      confidence
      evidence
      linkedBy
      fresh
      asset {
        id
        source
        externalId
        symbol
        name
        rank
        priceUsd
        marketCapUsd
        volume24hUsd
        percentChange24h
        lastUpdated
      }
    }
  }
`);

export const OneAsset = graphql(
  `
    query OneAsset($id: ID!) {
      asset(id: $id) {
        id
        source
        externalId
        symbol
        name
        rank
        priceUsd
        marketCapUsd
        volume24hUsd
        percentChange1h
        percentChange24h
        percentChange7d
        circulatingSupply
        totalSupply
        maxSupply
        athUsd
        athAt
        lastUpdated
        firstSeenAt
        updatedAt
        raw {
          ...RawFields
        }
        batch {
          ...BatchFields
        }
        lastRun {
          ...WriterFields
        }
        coin {
          ...CoinFields
        }
      }
    }
  `,
  [RawFields, BatchFields, WriterFields, CoinFields],
);

export const OneCoin = graphql(
  `
    query OneCoin($slug: String!) {
      coin(slug: $slug) {
        ...CoinFields
      }
    }
  `,
  [CoinFields],
);

export const History = graphql(`
  query History($id: ID!, $from: DateTime, $interval: HistoryInterval!, $before: String) {
    asset(id: $id) {
      id
      history(from: $from, interval: $interval, last: 100, before: $before) {
        nodes {
          at
          priceUsd
          marketCapUsd
          volume24hUsd
          rank
        }
        pageInfo {
          hasPreviousPage
          startCursor
        }
      }
    }
  }
`);

/** Where one point of the history came from. */
export const PointLineage = graphql(
  `
    query PointLineage($id: ID!, $from: DateTime!) {
      asset(id: $id) {
        id
        history(from: $from, first: 1) {
          nodes {
            at
            priceUsd
            recordedAt
            raw {
              ...RawFields
            }
            batch {
              ...BatchFields
            }
            run {
              ...WriterFields
            }
          }
        }
      }
    }
  `,
  [RawFields, BatchFields, WriterFields],
);

export type AssetData = NonNullable<ResultOf<typeof OneAsset>["asset"]>;
export type CoinData = ResultOf<typeof CoinFields>;
export type PointData = NonNullable<ResultOf<typeof History>["asset"]>["history"]["nodes"][number];
export type Raw = ResultOf<typeof RawFields>;
export type Batch = ResultOf<typeof BatchFields>;
export type Writer = ResultOf<typeof WriterFields>;
