/** Where a figure came from: the record as received, the batch it was committed with, the run that did it. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/number";
import { JsonView } from "../parts/json-view";
import { Moment } from "../parts/moment";
import { RunPill, titled } from "../parts/state-pill";
import { href } from "../state/route";
import type { Batch, Raw, Writer } from "./asset.graph";

interface LineageProps {
  figure: ComponentChildren;
  at: string | null;
  raw: Raw | null;
  batch: Batch | null;
  run: Writer | null;
}

export function Lineage({ figure, at, raw, batch, run }: LineageProps) {
  return (
    <>
      <ol class="lineage">
        <Step title="Figure" value={figure} detail={<Moment at={at} precise />} />
        <Step
          title="Record as received"
          value={raw ? <code class="break">{raw.recordId}</code> : "forgotten"}
          detail={raw && <>stored <Moment at={raw.ingestedAt} precise /></>}
        />
        <Step
          title="Batch"
          value={batch ? `Number ${batch.sequence}` : "no longer in the journal"}
          detail={batch && `records ${formatCount(batch.fromPosition + 1)} to ${formatCount(batch.toPosition)} of its pass`}
        />
        <Step
          title="Run"
          value={run ? <a href={href(["runs", run.id])}>{titled(run.mode)} run, {run.trigger.toLowerCase()}</a> : "unknown"}
          detail={run && <RunPill status={run.status} />}
        />
      </ol>
      {raw && <JsonView label="The record as received" value={raw.payload} />}
    </>
  );
}

function Step({ title, value, detail }: { title: string; value: ComponentChildren; detail: ComponentChildren }) {
  return (
    <li>
      <span class="faint">{title}</span>
      <div class="lineage-value">{value}</div>
      <div class="muted">{detail}</div>
    </li>
  );
}
