/** One record that was put aside. */
import { JsonView } from "../parts/json-view";
import { Ago } from "../parts/moment";
import { SourceName } from "../parts/source-name";
import { Pill, titled } from "../parts/state-pill";
import { href } from "../state/route";
import type { QuarantinedRecord } from "./review.graph";

interface QuarantinedCardProps {
  record: QuarantinedRecord;
  chosen: boolean;
  onToggle: () => void;
}

export function QuarantinedCard({ record, chosen, onToggle }: QuarantinedCardProps) {
  const { source, reason, detail, externalId, payload, at, replayedAt, run, replayRun } = record;
  return (
    <li class="card finding">
      <input type="checkbox" aria-label={`Choose ${externalId ?? reason}`} checked={chosen} disabled={!!replayedAt} onChange={onToggle} />
      <div class="list-text">
        <div class="row">
          <b>{titled(reason)}</b>
          {replayedAt ? <Pill tone="good">Accepted</Pill> : <Pill tone="warn">Waiting</Pill>}
        </div>
        <p class="break">{detail}</p>
        <p class="muted row">
          <SourceName name={source} />
          {externalId && <code class="break">{externalId}</code>}
          <Ago at={at} />
          {run && <a href={href(["runs", run.id])}>the run that put it aside</a>}
          {replayRun && <a href={href(["runs", replayRun.id])}>the replay that accepted it</a>}
        </p>
        <details>
          <summary>The record as received</summary>
          <JsonView label={`Record ${externalId ?? ""} as received`} value={payload} />
        </details>
      </div>
    </li>
  );
}
