/** The order of a table, as it stands in the address. */
import type { Sort } from "../parts/grid";
import { route, setParams } from "../state/route";

/** By rank, unless something else was chosen; what was searched for is best found by how well it fits. */
export function sortOf(params: URLSearchParams): Sort | null {
  const sort = params.get("sort") ?? (params.get("q") ? "" : "rank");
  return sort ? { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") } : null;
}

/** First ascending, then descending; ranks and names read best from the start, figures from the largest. */
export function sortBy(column: string): void {
  const sort = sortOf(route.value.params);
  const descendsFirst = !["rank", "name"].includes(column);
  const descending = sort?.column === column ? !sort.descending : descendsFirst;
  setParams({ sort: `${descending ? "-" : ""}${column}` });
}
