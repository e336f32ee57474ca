/** The runs of a span of time, page by page. */
import { useEffect, useState } from "preact/hooks";
import { client } from "../graph/client";
import type { ResultOf, VariablesOf } from "../graph/graphql";
import { changes, returns } from "../state/connection";
import { RecentRuns, type RecentRun } from "./overview.graph";

const MOST_PAGES = 10;

/** Undefined until they are there. Only the newest thousand are asked for. */
export function useRecentRuns(spanMs: number): RecentRun[] | undefined {
  const [runs, setRuns] = useState<RecentRun[]>();
  const pulse = `${changes.value} ${returns.value}`;
  useEffect(() => {
    let left = false;
    void recent(new Date(Date.now() - spanMs).toISOString()).then((found) => !left && found && setRuns(found));
    return () => void (left = true);
  }, [spanMs, pulse]);
  return runs;
}

/** Null where the service did not tell. */
async function recent(since: string): Promise<RecentRun[] | null> {
  const runs: RecentRun[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await readPage({ since, after });
    if (!found) return null;
    runs.push(...found.nodes);
    if (!found.pageInfo.hasNextPage) break;
    after = found.pageInfo.endCursor;
  }
  return runs;
}

async function readPage(wanted: VariablesOf<typeof RecentRuns>): Promise<ResultOf<typeof RecentRuns>["runs"] | undefined> {
  const { data } = await client.query(RecentRuns, wanted, { requestPolicy: "network-only" }).toPromise();
  return data?.runs;
}
