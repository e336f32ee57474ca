/**
 * A table of any length: only the rows in sight are there. One row is active; the arrow keys move it, Enter opens it.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { RowList } from "../graph/row-list";
import { moved, reveal } from "./grid-keys";
import { GridRow } from "./grid-row";
import { Icon } from "./icon";
import { Failure } from "./states";
import { useSight } from "./use-sight";

export interface Column<Row> {
  id: string;
  title: string;
  /** The least width in pixels, and its share of what is left over. */
  width: number;
  grow?: number;
  number?: boolean;
  sortable?: boolean;
  cell: (row: Row) => ComponentChildren;
}

export interface Sort {
  column: string;
  descending: boolean;
}

interface GridProps<Row> {
  label: string;
  list: RowList<Row>;
  columns: Column<Row>[];
  rowHeight: number;
  /** Where a row leads; without it rows lead nowhere. */
  href?: (row: Row) => string;
  sort?: Sort | null;
  onSort?: (column: string) => void;
  old?: boolean;
  empty: ComponentChildren;
}

const ROW_PADDING = 16;

export function Grid<Row>(props: GridProps<Row>) {
  const { label, list, columns, rowHeight, href, old = false, empty } = props;
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const { first, last } = useSight(place, rowHeight, list.length.value);
  const [active, setActive] = useState(-1);

  useEffect(() => list.need(first, last), [list, first, last]);
  useEffect(() => {
    place.current!.scrollTop = 0;
    setActive(-1);
  }, [list]);

  const move = (event: KeyboardEvent) => {
    const target = moved(event.key, active, list.length.value, Math.floor(place.current!.clientHeight / rowHeight) - 2);
    const chosen = list.row(active);
    if (event.key === "Enter" && chosen && href) location.hash = href(chosen);
    if (target === null || event.target !== place.current) return;
    event.preventDefault();
    setActive(target);
    reveal(place.current!, target, rowHeight);
  };
  const template = { gridTemplateColumns: columns.map(({ width, grow = 0 }) => (grow ? `minmax(${width}px, ${grow}fr)` : `${width}px`)).join(" ") };
  const least = columns.reduce((sum, { width }) => sum + width, ROW_PADDING);
  const inSight = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div
      class={`grid ${old ? "grid-old" : ""}`}
      role="grid"
      aria-label={label}
      aria-rowcount={list.length.value + 1}
      aria-busy={list.loading.value}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      ref={place}
      onKeyDown={move}
    >
      <Head {...props} style={{ ...template, minWidth: `${least}px` }} />
      <div class="grid-rows" role="rowgroup" style={{ height: `${list.length.value * rowHeight}px`, minWidth: `${least}px` }}>
        {inSight.map((index) => (
          <GridRow
            key={index}
            id={`${id}-${index}`}
            index={index}
            row={list.row(index)}
            columns={columns}
            href={href}
            active={index === active}
            style={{ ...template, height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
          />
        ))}
      </div>
      {list.error.value && <Failure error={list.error.value} again={() => list.again()} />}
      {list.whole.value && list.length.value === 0 && <div class="grid-empty">{empty}</div>}
      {!list.begun.value && <Bones count={12} height={rowHeight} />}
    </div>
  );
}

type HeadProps<Row> = Pick<GridProps<Row>, "columns" | "sort" | "onSort"> & { style: Record<string, string> };

function Head<Row>({ columns, sort, onSort, style }: HeadProps<Row>) {
  return (
    <div class="grid-head" role="rowgroup">
      <div class="grid-head-row" role="row" aria-rowindex={1} style={style}>
        {columns.map((column) => {
          const sorted = sort?.column === column.id ? (sort.descending ? "descending" : "ascending") : undefined;
          return (
            <div key={column.id} role="columnheader" class={column.number ? "cell number" : "cell"} aria-sort={sorted}>
              {column.sortable ? (
                <button class="grid-sort" tabIndex={0} onClick={() => onSort?.(column.id)}>
                  {column.title}
                  {sorted && <Icon name="chevron" />}
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Bones({ count, height }: { count: number; height: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: count }, (_, index) => (
        <i key={index} style={{ marginBottom: `${height - 22}px` }} />
      ))}
    </div>
  );
}
