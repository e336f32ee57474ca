/** What is shown of a run wherever one is listed. */
import { graphql, type ResultOf } from "./graphql";

export const RunFields = graphql(`
  fragment RunFields on Run {
    id
    source
    mode
    trigger
    status
    recordsProcessed
    inserted
    updated
    unchanged
    stale
    missing
    quarantined
    total
    progressPercent
    injectedFailure
    error
    requestedAt
    startedAt
    finishedAt
    durationMs
    resumedAfter
  }
`);

export type Run = ResultOf<typeof RunFields>;

export const isActive = ({ status }: Pick<Run, "status">): boolean => status === "QUEUED" || status === "RUNNING";
