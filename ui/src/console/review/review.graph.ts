/** What the review pages ask for. */
import { graphql, type ResultOf } from "../graph/graphql";

export const Quarantine = graphql(`
  query Quarantine($source: String, $runId: ID, $replayed: Boolean, $after: String) {
    quarantine(first: 30, after: $after, source: $source, runId: $runId, replayed: $replayed) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        source
        reason
        detail
        externalId
        payload
        at
        replayedAt
        run {
          id
        }
        replayRun {
          id
        }
      }
    }
  }
`);

export const Drift = graphql(`
  query Drift($source: String, $after: String) {
    drift(first: 50, after: $after, source: $source) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        source
        path
        kind
        before
        after
        affectedPercent
        at
        run {
          id
        }
      }
    }
  }
`);

export const DoubtfulPairs = graphql(`
  query DoubtfulPairs($after: String) {
    doubtfulPairs(first: 30, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        score
        why
        evidence
        assets {
          id
          source
          externalId
          symbol
          name
          rank
          priceUsd
          marketCapUsd
          lastUpdated
        }
      }
    }
  }
`);

export const ReviewCounts = graphql(`
  query ReviewCounts {
    quarantine(replayed: false) {
      totalCount
    }
    drift {
      totalCount
    }
    doubtfulPairs {
      totalCount
    }
  }
`);

export type QuarantinedRecord = ResultOf<typeof Quarantine>["quarantine"]["nodes"][number];
export type DriftEvent = ResultOf<typeof Drift>["drift"]["nodes"][number];
export type DoubtfulPair = ResultOf<typeof DoubtfulPairs>["doubtfulPairs"]["nodes"][number];
