/** Filters of the table of runs. */
import { useSourceTitles } from "../graph/source-names";
import { titled } from "../parts/state-pill";
import { route, setParams } from "../state/route";
import { STATUSES, TRIGGERS } from "./run-filter";

const titles = (words: string[]) => Object.fromEntries(words.map((word) => [word, titled(word)]));

export function RunFilters() {
  return (
    <div class="row run-filters" role="group" aria-label="Filters">
      <Select name="source" label="Source" all="All sources" options={useSourceTitles()} />
      <Select name="status" label="Status" all="Any status" options={titles(STATUSES)} />
      <Select name="trigger" label="Asked for by" all="Asked for by anyone" options={titles(TRIGGERS)} />
    </div>
  );
}

interface SelectProps {
  name: string;
  label: string;
  all: string;
  options: Record<string, string>;
}

function Select({ name, label, all, options }: SelectProps) {
  return (
    <select
      class="control"
      aria-label={label}
      value={route.value.params.get(name) ?? ""}
      onChange={(event) => setParams({ [name]: event.currentTarget.value })}
    >
      {Object.entries({ "": all, ...options }).map(([value, title]) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
    </select>
  );
}
