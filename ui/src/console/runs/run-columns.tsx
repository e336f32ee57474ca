/** The columns of the table of runs. */
import { formatCount } from "../format/number";
import { formatDuration } from "../format/time";
import { isActive, type Run } from "../graph/run-fields";
import type { Column } from "../parts/grid";
import { Moment } from "../parts/moment";
import { SourceName } from "../parts/source-name";
import { RunPill, titled } from "../parts/state-pill";
import { now } from "../state/now";
import { href } from "../state/route";

export const runHref = ({ id }: Pick<Run, "id">): string => href(["runs", id]);

const count = (id: string, title: string, of: (run: Run) => number): Column<Run> => ({
  id,
  title,
  width: 92,
  grow: 0.7,
  number: true,
  cell: (run) => <span class={of(run) ? "" : "faint"}>{formatCount(of(run))}</span>,
});

export const RUN_COLUMNS: Column<Run>[] = [
  { id: "status", title: "Status", width: 124, cell: ({ status }) => <RunPill status={status} /> },
  { id: "source", title: "Source", width: 126, grow: 1, cell: (run) => <Name {...run} /> },
  { id: "mode", title: "Mode", width: 104, grow: 0.6, cell: ({ mode }) => titled(mode) },
  { id: "trigger", title: "Asked for by", width: 96, grow: 0.6, cell: ({ trigger }) => <span class="muted">{titled(trigger)}</span> },
  { id: "started", title: "Started", width: 118, grow: 0.8, cell: ({ startedAt, requestedAt }) => <Moment at={startedAt ?? requestedAt} /> },
  { id: "duration", title: "Duration", width: 88, grow: 0.6, number: true, cell: (run) => formatDuration(elapsed(run)) },
  { id: "records", title: "Records", width: 104, grow: 0.8, number: true, cell: (run) => <Records {...run} /> },
  count("inserted", "New", ({ inserted }) => inserted),
  count("updated", "Changed", ({ updated }) => updated),
  count("quarantined", "Quarantined", ({ quarantined }) => quarantined),
  { id: "error", title: "Error", width: 160, grow: 2, cell: ({ error }) => <span class="down ellipsis" title={error ?? ""}>{error}</span> },
];

export const NARROW = ["status", "source", "started"];

/** Until now, while it is at work. */
export function elapsed({ startedAt, durationMs, status }: Run): number | null {
  if (durationMs !== null || !startedAt || status !== "RUNNING") return durationMs;
  return Math.max(0, now.value - Date.parse(startedAt));
}

function Name(run: Run) {
  return (
    <a class="plain-link" href={runHref(run)} tabIndex={-1}>
      <SourceName name={run.source} />
    </a>
  );
}

function Records(run: Run) {
  if (!isActive(run) || run.progressPercent == null) return <>{formatCount(run.recordsProcessed)}</>;
  return <span class="busy">{Math.floor(run.progressPercent)} %</span>;
}
