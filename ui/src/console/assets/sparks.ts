/** Prices for the small charts of a table, asked for together for all rows that came in sight. */
import { type Signal, signal } from "@preact/signals";
import { client } from "../graph/client";
import { Sparks } from "./assets.graph";

export type Spark = readonly number[];

const GATHERED_MS = 80;
const MOST_AT_ONCE = 50;

const sparks = new Map<string, Signal<Spark | null>>();
let wanted: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** The last changes of an asset's price, the oldest first; null until they are there. */
export function spark(assetId: string): Signal<Spark | null> {
  let found = sparks.get(assetId);
  if (!found) {
    found = signal<Spark | null>(null);
    sparks.set(assetId, found);
    wanted.push(assetId);
    timer ??= setTimeout(() => void ask(), GATHERED_MS);
  }
  return found;
}

async function ask(): Promise<void> {
  // The newest are in sight; those that were scrolled past can wait.
  const ids = wanted.splice(-MOST_AT_ONCE);
  const { data } = await client.query(Sparks, { ids }, { requestPolicy: "network-only" }).toPromise();
  for (const node of data?.nodes ?? []) {
    if (!node || !("history" in node)) continue;
    const prices = node.history.nodes.flatMap(({ priceUsd }) => (priceUsd == null ? [] : [priceUsd]));
    const held = sparks.get(node.id);
    if (held) held.value = prices;
  }
  if (!data) for (const id of ids) sparks.delete(id);
  timer = wanted.length ? setTimeout(() => void ask(), GATHERED_MS) : undefined;
}

/** What was heard is old once a run has ended. */
export function forgetSparks(): void {
  sparks.clear();
}
