/** All runs, the newest first, as they happen. */
import { useEffect, useState } from "preact/hooks";
import { formatCount } from "../format/number";
import { client } from "../graph/client";
import { lastEvent } from "../graph/live";
import type { RowList, Slice } from "../graph/row-list";
import type { Run } from "../graph/run-fields";
import { useRows } from "../graph/use-rows";
import { Action } from "../parts/action";
import { Grid } from "../parts/grid";
import { Empty } from "../parts/states";
import { returns } from "../state/connection";
import { route } from "../state/route";
import { narrow } from "../state/width";
import { fits, filterOf } from "./run-filter";
import { RunFilters } from "./run-filters";
import { NARROW, RUN_COLUMNS, runHref } from "./run-columns";
import { Runs, type RunFilter } from "./runs.graph";
import { StartDialog } from "./start-dialog";

export function RunsPage() {
  const [starting, setStarting] = useState(false);
  const filter = filterOf(route.value.params);
  const [beginnings, beginAgain] = useState(0);
  const { list, old } = useRows<Run>((slice, counted) => page(filter, slice, counted), JSON.stringify([filter, beginnings]));
  useLiveRows(list);
  useEffect(() => void catchUp(list, filter).then((done) => done || beginAgain(returns.value)), [returns.value]);
  return (
    <>
      <div class="toolbar">
        <RunFilters />
        <div class="toolbar-end">
          <span class="muted nowrap" aria-live="polite">
            {list.begun.value && `${formatCount(list.length.value)} runs`}
          </span>
          <Action icon="play" class="button button-primary" act={async () => setStarting(true)}>
            Start a run
          </Action>
        </div>
      </div>
      <Grid
        label="Runs"
        list={list}
        old={old}
        columns={RUN_COLUMNS.filter(({ id }) => !narrow.value || NARROW.includes(id))}
        rowHeight={42}
        href={runHref}
        empty={
          Object.keys(filter).length ? (
            <Empty icon="runs" title="No run fits">
              Other filters may show some.
            </Empty>
          ) : (
            <Empty icon="runs" title="No runs yet">
              The schedule starts them, or you do.
            </Empty>
          )
        }
      />
      {starting && <StartDialog onClose={() => setStarting(false)} />}
    </>
  );
}

async function page(filter: RunFilter, slice: Slice, counted: boolean) {
  const { data, error } = await client.query(Runs, { ...slice, filter, counted }, { requestPolicy: "network-only" }).toPromise();
  return data ? { page: data.runs } : { error };
}

/** Runs in the list change as they happen, and new ones come to its top. */
function useLiveRows(list: RowList<Run>): void {
  useEffect(
    () =>
      lastEvent.subscribe((event) => {
        if (event && list.begun.value) list.merge([event.run], idOf, fits(event.run, route.value.params));
      }),
    [list],
  );
}

/** Take in what happened while the service was away; false where that is more than a page. */
async function catchUp(list: RowList<Run>, filter: RunFilter): Promise<boolean> {
  if (!list.begun.value) return true;
  const { page: start } = await page(filter, { first: 100, after: null, last: null, before: null }, false);
  return !start || list.merge(start.nodes, idOf);
}

const idOf = ({ id }: Run): string => id;
