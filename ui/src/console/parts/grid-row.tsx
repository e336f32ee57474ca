/** A row of a grid: its cells, or their places while it is not read yet. */
import type { Column } from "./grid";

interface GridRowProps<Row> {
  id: string;
  index: number;
  row: Row | undefined;
  columns: Column<Row>[];
  href: ((row: Row) => string) | undefined;
  active: boolean;
  style: Record<string, string>;
}

export function GridRow<Row>({ id, index, row, columns, href, active, style }: GridRowProps<Row>) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      class={`grid-row ${active ? "grid-active" : ""} ${href ? "grid-link" : ""}`}
      style={style}
      onClick={(event) => row && href && opened(event, href(row))}
    >
      {columns.map((column) => (
        <div key={column.id} role="gridcell" class={column.number ? "cell number" : "cell"}>
          {row ? column.cell(row) : <i class="bone" />}
        </div>
      ))}
    </div>
  );
}

/** A click anywhere in a row opens it, but for what in it has a use of its own. */
function opened(event: MouseEvent, target: string): void {
  if (event.defaultPrevented || (event.target as Element).closest("a, button, input, label")) return;
  if (getSelection()?.toString()) return;
  location.hash = target;
}
