/** Filters of the table of assets. */
import { useSourceTitles } from "../graph/source-names";
import { ClearFilters, NumberFilter, SelectFilter } from "../parts/filter-fields";
import { FILTERS } from "./asset-question";

export function AssetFilters() {
  const sources = useSourceTitles();
  return (
    <div class="card filters" role="group" aria-label="Filters">
      <SelectFilter name="source" label="Source" options={{ "": "All", ...sources }} />
      <NumberFilter name="rank" label="Rank up to" />
      <div class="range">
        <NumberFilter name="minPrice" label="Price from" />
        <NumberFilter name="maxPrice" label="to" />
      </div>
      <NumberFilter name="minCap" label="Market cap from" />
      <NumberFilter name="minVolume" label="Volume from" />
      <SelectFilter name="change" label="Change in 24 h" options={{ "": "Any", up: "Up", down: "Down" }} />
      <ClearFilters names={FILTERS} />
    </div>
  );
}
