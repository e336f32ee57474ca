/** What became of a run's records, as shares of one bar and in figures. */
import { formatCount } from "../format/number";
import { href } from "../state/route";
import { Facts } from "./facts";
import type { RunDetail } from "./runs.graph";

const OUTCOMES = {
  inserted: { title: "New", means: "brought a new asset" },
  updated: { title: "Changed", means: "changed an asset" },
  unchanged: { title: "Unchanged", means: "said nothing new" },
  stale: { title: "Stale", means: "older than what is stored; kept raw, not applied" },
  quarantined: { title: "Quarantined", means: "broke a rule and were put aside" },
  missing: { title: "Missing", means: "announced by the upstream, not delivered" },
} as const;

type Outcome = keyof typeof OUTCOMES;

export function Outcomes({ run }: { run: RunDetail }) {
  const names = Object.keys(OUTCOMES) as Outcome[];
  const all = names.reduce((sum, name) => sum + run[name], 0);
  return (
    <section class="card">
      <header class="card-head">
        <h2>{formatCount(run.recordsProcessed)} records</h2>
        <span class="muted">what became of them</span>
      </header>
      <div class="card-body stack">
        <div class="shares" aria-hidden="true">
          {names.filter((name) => run[name]).map((name) => (
            <i key={name} class={`share-${name}`} style={{ width: `${(100 * run[name]) / all}%` }} />
          ))}
        </div>
        <dl class="outcomes">
          {names.map((name) => (
            <div key={name} title={OUTCOMES[name].means}>
              <dt>
                <i class={`swatch share-${name}`} />
                {OUTCOMES[name].title}
              </dt>
              <dd class={run[name] ? "" : "faint"}>{formatCount(run[name])}</dd>
            </div>
          ))}
        </dl>
        <Facts run={run} />
        {run.quarantined > 0 && <a href={href(["review"], { run: run.id })}>Look at what was put aside</a>}
      </div>
    </section>
  );
}
