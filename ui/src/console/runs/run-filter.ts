/** Which runs the address asks for. */
import type { Run } from "../graph/run-fields";
import type { RunFilter } from "./runs.graph";

export const STATUSES: Run["status"][] = ["QUEUED", "RUNNING", "SUCCESS", "FAILED", "INTERRUPTED", "CANCELLED", "ABANDONED"];
export const TRIGGERS: Run["trigger"][] = ["SCHEDULE", "MANUAL", "STARTUP", "CLI"];

export function filterOf(params: URLSearchParams): RunFilter {
  const source = params.get("source");
  const status = STATUSES.find((known) => known === params.get("status"));
  const trigger = TRIGGERS.find((known) => known === params.get("trigger"));
  return {
    ...(source && { source: { eq: source } }),
    ...(status && { status: [status] }),
    ...(trigger && { trigger: [trigger] }),
  };
}

/** Whether a run that just came to be belongs into the list. */
export function fits(run: Run, params: URLSearchParams): boolean {
  const wanted = (name: "source" | "status" | "trigger") => !params.get(name) || params.get(name) === run[name];
  return wanted("source") && wanted("status") && wanted("trigger");
}
