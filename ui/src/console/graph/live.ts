/**
 * What happens to runs, as it happens. The subscription is resumed behind the last event that was seen, and what is
 * shown is asked for again after every reconnect, so nothing is missed.
 */
import { signal } from "@preact/signals";
import { print } from "@0no-co/graphql.web";
import { createClient, type Client as Socket } from "graphql-ws";
import { changes, heard, line, returns } from "../state/connection";
import { authorization, token } from "../state/token";
import { endpoint } from "./client";
import { graphql, type ResultOf } from "./graphql";
import { RunFields } from "./run-fields";

const RunEvents = graphql(
  `
    subscription RunEvents($after: String) {
      runEvents(after: $after) {
        cursor
        at
        kind
        message
        run {
          ...RunFields
        }
      }
    }
  `,
  [RunFields],
);

export type RunEvent = ResultOf<typeof RunEvents>["runEvents"];

/** The last event, for who follows them one by one. */
export const lastEvent = signal<RunEvent | null>(null);
/** The last event of each run, by the run's id. */
export const liveRuns = signal<ReadonlyMap<string, RunEvent>>(new Map());

const PROGRESS = new Set(["BATCH_LOADED", "PAGE_STAGED"]);
const SETTLING_MS = 1500;
const KEPT_RUNS = 200;
const RETRY_MS = { least: 500, most: 5000 };

/** Read anew at each reconnect; that is how the subscription goes on behind the last event. */
const variables: { after: string | null } = { after: null };

export function follow(): void {
  let stop = following();
  token.subscribe(skippingFirst(() => {
    stop();
    stop = following();
  }));
}

function following(): () => void {
  let stopped = false;
  const socket = createClient({
    url: endpoint.href.replace(/^http/, "ws"),
    connectionParams: authorization,
    lazy: false,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: (retries) => pause(Math.min(RETRY_MS.least * 2 ** retries, RETRY_MS.most)),
    keepAlive: 10_000,
    on: {
      connected: () => {
        line.value = "open";
        heard();
        // What happened before the subscription holds is asked for; with a cursor that is told anyway.
        setTimeout(() => (returns.value += 1), SETTLING_MS);
      },
      closed: () => stopped || (line.value = "lost"),
    },
  });
  void subscribed(socket, () => stopped);
  return () => {
    stopped = true;
    void socket.dispose();
  };
}

async function subscribed(socket: Socket, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    await new Promise<void>((ended) => {
      socket.subscribe<{ runEvents: RunEvent }>(
        { query: print(RunEvents), variables },
        {
          next: ({ data }) => data && tell(data.runEvents),
          // Such as CURSOR_EXPIRED: what happened meanwhile is in the answers to the queries.
          error: () => {
            variables.after = null;
            changes.value += 1;
            ended();
          },
          complete: ended,
        },
      );
    });
    await pause(RETRY_MS.most);
  }
}

function tell(event: RunEvent): void {
  variables.after = event.cursor;
  const runs = new Map(liveRuns.value);
  runs.delete(event.run.id);
  runs.set(event.run.id, event);
  for (const oldest of runs.keys()) {
    if (runs.size <= KEPT_RUNS) break;
    runs.delete(oldest);
  }
  liveRuns.value = runs;
  lastEvent.value = event;
  if (!PROGRESS.has(event.kind)) changes.value += 1;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function skippingFirst(act: () => void): () => void {
  let first = true;
  return () => {
    if (!first) act();
    first = false;
  };
}
