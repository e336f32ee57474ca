/** What the overview asks for. */
import { graphql, type ResultOf } from "../graph/graphql";
import { RunFields } from "../graph/run-fields";

const SourceFields = graphql(
  `
    fragment SourceFields on Source {
      id
      name
      enabled
      schedule
      nextRunAt
      paused
      assetCount
      dataAgeSeconds
      circuit
      retryAt
      checkpoint {
        id
        position
        total
        complete
      }
      lastRun {
        ...RunFields
      }
      activeRun {
        ...RunFields
      }
    }
  `,
  [RunFields],
);

export const Overview = graphql(
  `
    query Overview {
      health {
        status
        reasons
        version
      }
      stats {
        assetCount
        rawCount
        runCount
        lastSuccessAt
      }
      sources {
        ...SourceFields
      }
      waiting: quarantine(replayed: false) {
        totalCount
      }
      drift(first: 5) {
        nodes {
          id
          source
          path
          kind
          before
          after
          affectedPercent
          at
        }
      }
    }
  `,
  [SourceFields],
);

export const RecentRuns = graphql(`
  query RecentRuns($since: DateTime!, $after: String) {
    runs(first: 100, after: $after, filter: { startedAt: { gte: $since } }) {
      nodes {
        id
        source
        mode
        status
        recordsProcessed
        startedAt
        finishedAt
        durationMs
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const Anomalies = graphql(`
  query Anomalies($base: ID!, $other: ID!) {
    compareRuns(baseId: $base, otherId: $other) {
      anomalies
      other {
        id
        source
        finishedAt
      }
    }
  }
`);

export type OverviewData = ResultOf<typeof Overview>;
export type Source = ResultOf<typeof SourceFields>;
export type RecentRun = ResultOf<typeof RecentRuns>["runs"]["nodes"][number];
