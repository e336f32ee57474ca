/** What a run committed, batch by batch. */
import { formatCount } from "../format/number";
import { client } from "../graph/client";
import type { Slice } from "../graph/row-list";
import { useRows } from "../graph/use-rows";
import { type Column, Grid } from "../parts/grid";
import { Moment } from "../parts/moment";
import { Empty } from "../parts/states";
import { type BatchRow, RunBatches } from "./runs.graph";

const COLUMNS: Column<BatchRow>[] = [
  { id: "sequence", title: "Batch", width: 70, number: true, cell: ({ sequence }) => sequence },
  { id: "positions", title: "Records of the pass", width: 160, grow: 1, number: true, cell: (batch) => <Positions {...batch} /> },
  { id: "seen", title: "Records", width: 90, grow: 0.6, number: true, cell: ({ seen }) => formatCount(seen) },
  { id: "at", title: "Committed", width: 180, grow: 1, number: true, cell: ({ committedAt }) => <Moment at={committedAt} precise /> },
  { id: "last", title: "Last record", width: 240, grow: 2, cell: ({ lastRecordId }) => <code class="ellipsis" title={lastRecordId ?? ""}>{lastRecordId}</code> },
];
const ROW_HEIGHT = 34;

/** `version` changes when there may be more batches. */
export function Batches({ runId, version }: { runId: string; version: string }) {
  const { list } = useRows<BatchRow>((slice, counted) => page(runId, slice, counted), `${runId} ${version}`);
  const height = Math.min(420, Math.max(150, (list.length.value + 1) * ROW_HEIGHT + 12));
  return (
    <section class="stack">
      <h2>
        Batches <span class="count">{formatCount(list.length.value)}</span>
      </h2>
      <div class="batches" style={{ height: `${height}px` }}>
        <Grid
          label="Batches"
          list={list}
          columns={COLUMNS}
          rowHeight={ROW_HEIGHT}
          empty={<Empty icon="table" title="No batch">Nothing is committed, or the journal of that time is forgotten.</Empty>}
        />
      </div>
    </section>
  );
}

function Positions({ fromPosition, toPosition }: BatchRow) {
  return (
    <>
      {formatCount(fromPosition + 1)} – {formatCount(toPosition)}
    </>
  );
}

async function page(id: string, slice: Slice, counted: boolean) {
  const { data, error } = await client.query(RunBatches, { ...slice, id, counted }, { requestPolicy: "network-only" }).toPromise();
  return data?.run ? { page: data.run.batches } : { error };
}
