/** Fields of filters; what is entered stands in the address. */
import { route, setParams } from "../state/route";

interface FilterProps {
  name: string;
  label: string;
}

export function SelectFilter({ name, label, options }: FilterProps & { options: Record<string, string> }) {
  return (
    <label class="field">
      {label}
      <select value={route.value.params.get(name) ?? ""} onChange={(event) => setParams({ [name]: event.currentTarget.value })}>
        {Object.entries(options).map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

export function NumberFilter({ name, label }: FilterProps) {
  return (
    <label class="field">
      {label}
      <input
        type="number"
        min="0"
        step="any"
        value={route.value.params.get(name) ?? ""}
        onChange={(event) => setParams({ [name]: event.currentTarget.value })}
      />
    </label>
  );
}

/** How many of the filters are in use. */
export function inUse(names: readonly string[], params: URLSearchParams): number {
  return names.filter((name) => params.get(name)).length;
}

export function ClearFilters({ names }: { names: readonly string[] }) {
  return (
    <button
      class="button button-quiet"
      disabled={!inUse(names, route.value.params)}
      onClick={() => setParams(Object.fromEntries(names.map((name) => [name, null])))}
    >
      Clear filters
    </button>
  );
}
