/** All assets of all sources in one table. */
import { useState } from "preact/hooks";
import { client } from "../graph/client";
import type { Slice } from "../graph/row-list";
import { useRows } from "../graph/use-rows";
import { inUse } from "../parts/filter-fields";
import { Grid } from "../parts/grid";
import { Empty } from "../parts/states";
import { route } from "../state/route";
import { narrow } from "../state/width";
import { ASSET_COLUMNS, assetHref, NARROW, WIDE } from "./asset-columns";
import { AssetFilters } from "./asset-filters";
import { assetQuestion, type AssetQuestion, FILTERS } from "./asset-question";
import { Assets, type AssetRow } from "./assets.graph";
import { chosenColumns } from "./chosen-columns";
import { ColumnMenu } from "./column-menu";
import { sortBy, sortOf } from "./sort";
import { TableToolbar } from "./table-toolbar";
import { useReload } from "./use-reload";

const chosen = chosenColumns("assets", ASSET_COLUMNS.map(({ id }) => id), { wide: WIDE, narrow: NARROW });

export function AssetsPage() {
  const { params } = route.value;
  const filters = inUse(FILTERS, params);
  const [filtering, setFiltering] = useState(filters > 0);
  const reload = useReload();
  const question = assetQuestion(params);
  const { list, old } = useRows<AssetRow>((slice, counted) => page(question, slice, counted), JSON.stringify([question, reload.times]));
  return (
    <>
      <TableToolbar noun="assets" list={list} filtering={filtering} onFilter={() => setFiltering(!filtering)} filters={filters} reload={reload}>
        <ColumnMenu columns={ASSET_COLUMNS} chosen={chosen} />
      </TableToolbar>
      {filtering && <AssetFilters />}
      <Grid
        label="Assets"
        list={list}
        old={old}
        columns={ASSET_COLUMNS.filter(({ id }) => chosen.ids.value.includes(id))}
        rowHeight={narrow.value ? 52 : 40}
        href={assetHref}
        sort={sortOf(params)}
        onSort={sortBy}
        empty={
          question.search || filters ? (
            <Empty icon="search" title="No asset fits">
              Try fewer letters or filters.
            </Empty>
          ) : (
            <Empty icon="table" title="No assets yet">
              They appear with the first run.
            </Empty>
          )
        }
      />
    </>
  );
}

async function page({ search, filter, orderBy }: AssetQuestion, slice: Slice, counted: boolean) {
  const asked = { search: search ?? undefined, filter: filter ?? undefined, orderBy };
  const { data, error } = await client.query(Assets, { ...slice, ...asked, counted }, { requestPolicy: "network-only" }).toPromise();
  return data ? { page: data.assets } : { error };
}
