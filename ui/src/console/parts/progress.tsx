/** How far a run is, as it was heard last. */
import { formatCount } from "../format/number";
import { liveRuns } from "../graph/live";
import { type Run, isActive } from "../graph/run-fields";

/** A run as it stood at its last event, where that is newer than what a query told. */
export function newest<Known extends Pick<Run, "id" | "status" | "recordsProcessed">>(run: Known): Known {
  const live = liveRuns.value.get(run.id)?.run;
  if (!live || !isActive(run) || live.recordsProcessed < run.recordsProcessed) return run;
  return { ...run, ...live };
}

type Advance = Pick<Run, "id" | "recordsProcessed" | "progressPercent" | "total">;

export function Progress({ run }: { run: Advance }) {
  const percent = run.progressPercent;
  return (
    <div class="stack progress-stack">
      <div
        class={percent == null ? "progress progress-unknown" : "progress"}
        role="progressbar"
        aria-label="Share of the window that is committed"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent == null ? undefined : Math.round(percent)}
      >
        <i style={{ width: `${percent ?? 30}%` }} />
      </div>
      <span class="muted">{percent == null ? (liveRuns.value.get(run.id)?.message ?? "at its beginning") : committed(run, percent)}</span>
    </div>
  );
}

function committed({ recordsProcessed, total }: Advance, percent: number): string {
  return `${formatCount(recordsProcessed)} records, ${Math.floor(percent)} % of ${formatCount(total)}`;
}
