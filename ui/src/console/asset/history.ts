/** An asset's history over a range, as dense as a chart can show. */
import type { ResultOf, VariablesOf } from "../graph/graphql";
import { client } from "../graph/client";
import { History, type PointData } from "./asset.graph";

type Interval = VariablesOf<typeof History>["interval"];

export interface Range {
  title: string;
  /** Null for everything. */
  spanMs: number | null;
  interval: Interval;
}

const DAY = 86_400_000;

export const RANGES: Record<string, Range> = {
  "1d": { title: "24 h", spanMs: DAY, interval: "ALL" },
  "7d": { title: "7 d", spanMs: 7 * DAY, interval: "HOUR" },
  "30d": { title: "30 d", spanMs: 30 * DAY, interval: "HOUR" },
  "1y": { title: "1 y", spanMs: 365 * DAY, interval: "DAY" },
  all: { title: "All", spanMs: null, interval: "DAY" },
};

const MOST_PAGES = 15;

/** The oldest first; null where the service did not tell. What lies before the newest 1,500 points is left out. */
export async function readHistory(id: string, { spanMs, interval }: Range): Promise<PointData[] | null> {
  const from = spanMs === null ? undefined : new Date(Date.now() - spanMs).toISOString();
  const points: PointData[] = [];
  let before: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await readPage({ id, from, interval, before });
    if (!found) return null;
    points.unshift(...found.nodes);
    if (!found.pageInfo.hasPreviousPage) break;
    before = found.pageInfo.startCursor;
  }
  return points;
}

type HistoryPage = NonNullable<ResultOf<typeof History>["asset"]>["history"];

async function readPage(wanted: VariablesOf<typeof History>): Promise<HistoryPage | undefined> {
  const { data } = await client.query(History, wanted, { requestPolicy: "network-only" }).toPromise();
  return data?.asset?.history;
}
