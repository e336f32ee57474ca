/** Where a table's columns are chosen. */
import { Menu } from "../parts/menu";
import { narrow } from "../state/width";
import type { ChosenColumns } from "./chosen-columns";

interface ColumnMenuProps {
  columns: { id: string; title: string }[];
  chosen: ChosenColumns;
}

export function ColumnMenu({ columns, chosen }: ColumnMenuProps) {
  return (
    <Menu label="Choose columns" icon="columns" text={narrow.value ? "" : "Columns"}>
      <div class="menu-tall">
        {columns.map(({ id, title }) => (
          <label class="check" key={id}>
            <input
              type="checkbox"
              checked={chosen.ids.value.includes(id)}
              disabled={id === "name"}
              onChange={() => chosen.toggle(id)}
            />
            {title}
          </label>
        ))}
      </div>
      <button class="menu-item" onClick={chosen.reset}>
        As many as fit
      </button>
    </Menu>
  );
}
