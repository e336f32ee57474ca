/** What the address says is to be shown of the assets, as the graph wants it. */
import { sortOf } from "./sort";
import { ORDER_FIELDS } from "./asset-columns";
import type { AssetFilter, AssetOrderField } from "./assets.graph";

export interface AssetQuestion {
  search: string | null;
  filter: AssetFilter | null;
  orderBy: { field: AssetOrderField; direction: "ASC" | "DESC" }[] | null;
}

/** The filters of the address, apart from the search. */
export const FILTERS = ["source", "rank", "minPrice", "maxPrice", "minCap", "minVolume", "change"] as const;

export function assetQuestion(params: URLSearchParams): AssetQuestion {
  const search = params.get("q") || null;
  const sort = sortOf(params);
  const field = sort && ORDER_FIELDS[sort.column];
  return {
    search,
    filter: filterOf(params),
    orderBy: field ? [{ field, direction: sort.descending ? "DESC" : "ASC" }] : null,
  };
}

function filterOf(params: URLSearchParams): AssetFilter | null {
  const number = (name: string) => (params.get(name) ? Number(params.get(name)) : undefined);
  const within = (gte?: number, lte?: number) => (gte === undefined && lte === undefined ? undefined : { gte, lte });
  const source = params.get("source");
  const change = params.get("change");
  const filter: AssetFilter = {
    source: source ? { eq: source } : undefined,
    rank: within(undefined, number("rank")),
    priceUsd: within(number("minPrice"), number("maxPrice")),
    marketCapUsd: within(number("minCap")),
    volume24hUsd: within(number("minVolume")),
    percentChange24h: change ? (change === "up" ? { gt: 0 } : { lt: 0 }) : undefined,
  };
  return Object.values(filter).some(Boolean) ? (JSON.parse(JSON.stringify(filter)) as AssetFilter) : null;
}
