/** What stands above the tables of assets and coins. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/number";
import type { RowList } from "../graph/row-list";
import { Icon } from "../parts/icon";
import { AssetsOrCoins } from "./assets-or-coins";
import { SearchBox } from "./search-box";
import type { Reload } from "./use-reload";

interface TableToolbarProps {
  noun: string;
  list: RowList<unknown>;
  filtering: boolean;
  onFilter: () => void;
  filters: number;
  reload: Reload;
  children: ComponentChildren;
}

export function TableToolbar({ noun, list, filtering, onFilter, filters, reload, children }: TableToolbarProps) {
  return (
    <div class="toolbar">
      <AssetsOrCoins />
      <SearchBox label={`Search ${noun} by name, symbol or id`} />
      <button class="button" aria-expanded={filtering} onClick={onFilter}>
        Filters
        {filters > 0 && <span class="count">{filters}</span>}
      </button>
      <div class="toolbar-end">
        {reload.due && (
          <button class="button" onClick={reload.reload}>
            <Icon name="refresh" />
            New figures
          </button>
        )}
        <span class="muted nowrap" aria-live="polite">
          {list.begun.value && `${formatCount(list.length.value)} ${noun}`}
        </span>
        {children}
      </div>
    </div>
  );
}
