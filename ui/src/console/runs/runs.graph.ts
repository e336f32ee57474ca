/** What the pages of runs ask for. */
import { graphql, type ResultOf, type VariablesOf } from "../graph/graphql";
import { RunFields } from "../graph/run-fields";

export const Runs = graphql(
  `
    query Runs($first: Int, $after: String, $last: Int, $before: String, $filter: RunFilter, $counted: Boolean!) {
      runs(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        totalCount @include(if: $counted)
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
        nodes {
          ...RunFields
        }
      }
    }
  `,
  [RunFields],
);

export const OneRun = graphql(
  `
    query OneRun($id: ID!) {
      run(id: $id) {
        ...RunFields
        checkpointBefore {
          position
          lastRecordId
        }
        checkpointAfter {
          position
          lastRecordId
        }
      }
    }
  `,
  [RunFields],
);

export const RunBatches = graphql(`
  query RunBatches($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $counted: Boolean!) {
    run(id: $id) {
      id
      batches(first: $first, after: $after, last: $last, before: $before) {
        totalCount @include(if: $counted)
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
        nodes {
          sequence
          fromPosition
          toPosition
          seen
          committedAt
          lastRecordId
        }
      }
    }
  }
`);

/** Runs of a source before a moment, to compare with. */
export const EarlierRuns = graphql(`
  query EarlierRuns($source: String!, $before: DateTime!) {
    runs(first: 20, filter: { source: { eq: $source }, startedAt: { lt: $before } }) {
      nodes {
        id
        mode
        status
        startedAt
        recordsProcessed
      }
    }
  }
`);

export const Comparison = graphql(`
  query Comparison($base: ID!, $other: ID!) {
    compareRuns(baseId: $base, otherId: $other) {
      historySize
      anomalies
      differences {
        metric
        base
        other
        changePercent
      }
    }
  }
`);

export type RunDetail = NonNullable<ResultOf<typeof OneRun>["run"]>;
export type BatchRow = NonNullable<ResultOf<typeof RunBatches>["run"]>["batches"]["nodes"][number];
export type RunFilter = NonNullable<VariablesOf<typeof Runs>["filter"]>;
export type Difference = NonNullable<ResultOf<typeof Comparison>["compareRuns"]>["differences"][number];
