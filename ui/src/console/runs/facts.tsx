/** When a run was, how fast, and between which places of its source. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/number";
import { formatDuration } from "../format/time";
import { Moment } from "../parts/moment";
import { titled } from "../parts/state-pill";
import { elapsed } from "./run-columns";
import type { RunDetail } from "./runs.graph";

export function Facts({ run }: { run: RunDetail }) {
  const took = elapsed(run);
  const facts: Record<string, ComponentChildren> = {
    "Asked for by": titled(run.trigger),
    "Asked for": <Moment at={run.requestedAt} precise />,
    Started: <Moment at={run.startedAt} none="not yet" precise />,
    Ended: <Moment at={run.finishedAt} none="not yet" precise />,
    Duration: formatDuration(took),
    Speed: took ? `${formatCount((1000 * run.recordsProcessed) / took)} records/s` : "–",
    "Checkpoint before": <Place place={run.checkpointBefore} />,
    "Checkpoint after": <Place place={run.checkpointAfter} />,
    ...(run.resumedAfter && { "Resumed after": <code class="break">{run.resumedAfter}</code> }),
  };
  return (
    <dl class="figures facts">
      {Object.entries(facts).map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

function Place({ place }: { place: RunDetail["checkpointBefore"] }) {
  if (!place) return <span class="faint">–</span>;
  return <span title={place.lastRecordId ?? "the start"}>record {formatCount(place.position)}</span>;
}
