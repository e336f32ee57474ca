/** One run: how far it came, what became of its records, and what happened on the way. */
import { cancel, trigger } from "../graph/actions";
import { isActive } from "../graph/run-fields";
import { useQuery } from "../graph/use-query";
import { Action } from "../parts/action";
import { Crumb } from "../parts/crumb";
import { Icon } from "../parts/icon";
import { newest, Progress } from "../parts/progress";
import { sourceTitle } from "../parts/source-name";
import { Pill, RunPill, titled } from "../parts/state-pill";
import { Empty, Shown } from "../parts/states";
import { Batches } from "./batches";
import { Comparison } from "./comparison";
import { Outcomes } from "./outcomes";
import { RunLog } from "./run-log";
import { OneRun, type RunDetail } from "./runs.graph";

export function RunPage({ id }: { id: string }) {
  const answer = useQuery(OneRun, { id }, { live: true });
  return (
    <>
      <Crumb to={["runs"]}>Runs</Crumb>
      <Shown answer={answer} lines={8}>
        {({ run }) => (run ? <RunView run={newest(run)} /> : <Empty icon="search" title="There is no such run" />)}
      </Shown>
    </>
  );
}

function RunView({ run }: { run: RunDetail }) {
  return (
    <>
      <header class="page-head">
        <div class="row">
          <h1>
            {sourceTitle(run.source)} · {titled(run.mode).toLowerCase()} run
          </h1>
          <RunPill status={run.status} />
          {run.injectedFailure && <Pill tone="warn">Made to fail, as a drill</Pill>}
        </div>
        <Buttons run={run} />
      </header>
      {isActive(run) && <Progress run={run} />}
      {run.error && (
        <div class="notice notice-bad">
          <Icon name="alert" />
          <p>{run.error}</p>
        </div>
      )}
      <Outcomes run={run} />
      <div class="two">
        <Comparison key={run.id} run={run} />
        <RunLog runId={run.id} />
      </div>
      <Batches runId={run.id} version={`${run.recordsProcessed}`} />
    </>
  );
}

function Buttons({ run }: { run: RunDetail }) {
  if (isActive(run)) {
    return (
      <Action icon="stop" class="button button-danger" act={() => cancel(run.id)}>
        Cancel
      </Action>
    );
  }
  return (
    <Action icon="refresh" act={() => trigger(run.source, run.mode)} title={`Start another ${run.mode.toLowerCase()} run of ${run.source}`}>
      Run again
    </Action>
  );
}
