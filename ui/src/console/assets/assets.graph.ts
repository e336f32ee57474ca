/** What the tables of assets and coins ask for. */
import { graphql, type ResultOf, type VariablesOf } from "../graph/graphql";

export const Assets = graphql(`
  query Assets(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $search: String
    $filter: AssetFilter
    $orderBy: [AssetOrder!]
    $counted: Boolean!
  ) {
    assets(first: $first, after: $after, last: $last, before: $before, search: $search, filter: $filter, orderBy: $orderBy) {
      totalCount @include(if: $counted)
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      nodes {
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
      }
    }
  }
`);

export const Coins = graphql(`
  query Coins(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $search: String
    $filter: CoinFilter
    $orderBy: [CoinOrder!]
    $counted: Boolean!
  ) {
    coins(first: $first, after: $after, last: $last, before: $before, search: $search, filter: $filter, orderBy: $orderBy) {
      totalCount @include(if: $counted)
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      nodes {
        id
        slug
        symbol
        name
        rank
        priceUsd
        marketCapUsd
        divergencePercent
        assets {
          fresh
          asset {
            id
            source
          }
        }
      }
    }
  }
`);

export const Sparks = graphql(`
  query Sparks($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Asset {
        id
        history(last: 40) {
          nodes {
            priceUsd
          }
        }
      }
    }
  }
`);

export type AssetRow = ResultOf<typeof Assets>["assets"]["nodes"][number];
export type CoinRow = ResultOf<typeof Coins>["coins"]["nodes"][number];
export type AssetFilter = NonNullable<VariablesOf<typeof Assets>["filter"]>;
export type AssetOrderField = NonNullable<VariablesOf<typeof Assets>["orderBy"]>[number]["field"];
export type CoinFilter = NonNullable<VariablesOf<typeof Coins>["filter"]>;
export type CoinOrderField = NonNullable<VariablesOf<typeof Coins>["orderBy"]>[number]["field"];
