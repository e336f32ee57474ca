/** All coins in one table, whatever the source. */
import { useState } from "preact/hooks";
import { type CoinFilter, type CoinOrderField, type CoinRow, Coins } from "../assets/assets.graph";
import { chosenColumns } from "../assets/chosen-columns";
import { ColumnMenu } from "../assets/column-menu";
import { sortBy, sortOf } from "../assets/sort";
import { TableToolbar } from "../assets/table-toolbar";
import { useReload } from "../assets/use-reload";
import { client } from "../graph/client";
import type { Slice } from "../graph/row-list";
import { useRows } from "../graph/use-rows";
import { ClearFilters, inUse, NumberFilter } from "../parts/filter-fields";
import { Grid } from "../parts/grid";
import { Empty } from "../parts/states";
import { route } from "../state/route";
import { narrow } from "../state/width";
import { COIN_COLUMNS, coinHref, NARROW, ORDER_FIELDS, WIDE } from "./coin-columns";

const FILTERS = ["rank", "apart", "minPrice", "maxPrice"] as const;
const chosen = chosenColumns("coins", COIN_COLUMNS.map(({ id }) => id), { wide: WIDE, narrow: NARROW });

export function CoinsPage() {
  const { params } = route.value;
  const filters = inUse(FILTERS, params);
  const [filtering, setFiltering] = useState(filters > 0);
  const reload = useReload();
  const question = questionOf(params);
  const { list, old } = useRows<CoinRow>((slice, counted) => page(question, slice, counted), JSON.stringify([question, reload.times]));
  return (
    <>
      <TableToolbar noun="coins" list={list} filtering={filtering} onFilter={() => setFiltering(!filtering)} filters={filters} reload={reload}>
        <ColumnMenu columns={COIN_COLUMNS} chosen={chosen} />
      </TableToolbar>
      {filtering && (
        <div class="card filters" role="group" aria-label="Filters">
          <NumberFilter name="rank" label="Rank up to" />
          <NumberFilter name="apart" label="Sources apart by, in percent" />
          <NumberFilter name="minPrice" label="Price from" />
          <NumberFilter name="maxPrice" label="Price to" />
          <ClearFilters names={FILTERS} />
        </div>
      )}
      <Grid
        label="Coins"
        list={list}
        old={old}
        columns={COIN_COLUMNS.filter(({ id }) => chosen.ids.value.includes(id))}
        rowHeight={narrow.value ? 52 : 40}
        href={coinHref}
        sort={sortOf(params)}
        onSort={sortBy}
        empty={
          question.search || filters ? (
            <Empty icon="search" title="No coin fits">
              Try fewer letters or filters.
            </Empty>
          ) : (
            <Empty icon="table" title="No coins yet">
              They appear once a run has ended: assets of different sources are linked then.
            </Empty>
          )
        }
      />
    </>
  );
}

interface Question {
  search: string | undefined;
  filter: CoinFilter;
  orderBy: { field: CoinOrderField; direction: "ASC" | "DESC" }[] | undefined;
}

function questionOf(params: URLSearchParams): Question {
  const number = (name: string) => (params.get(name) ? Number(params.get(name)) : undefined);
  const within = (gte?: number, lte?: number) => (gte === undefined && lte === undefined ? {} : { gte, lte });
  const sort = sortOf(params);
  const field = sort && ORDER_FIELDS[sort.column];
  return {
    search: params.get("q") ?? undefined,
    filter: {
      rank: within(undefined, number("rank")),
      divergencePercent: within(number("apart")),
      priceUsd: within(number("minPrice"), number("maxPrice")),
    },
    orderBy: field ? [{ field, direction: sort.descending ? "DESC" : "ASC" }] : undefined,
  };
}

async function page(question: Question, slice: Slice, counted: boolean) {
  const { data, error } = await client.query(Coins, { ...slice, ...question, counted }, { requestPolicy: "network-only" }).toPromise();
  return data ? { page: data.coins } : { error };
}
