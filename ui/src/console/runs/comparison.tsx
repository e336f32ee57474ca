/** A run beside an earlier one of its source, and what is unusual about it. */
import { useState } from "preact/hooks";
import { formatCount, formatPercent } from "../format/number";
import { formatDuration, formatShort } from "../format/time";
import { isActive } from "../graph/run-fields";
import { useQuery } from "../graph/use-query";
import { Icon } from "../parts/icon";
import { titled } from "../parts/state-pill";
import { Empty, Shown } from "../parts/states";
import { zone } from "../state/zone";
import { Comparison as Compared, type Difference, EarlierRuns, type RunDetail } from "./runs.graph";

export function Comparison({ run }: { run: RunDetail }) {
  const [chosen, choose] = useState<string | null>(null);
  const { data } = useQuery(EarlierRuns, { source: run.source, before: run.startedAt ?? run.requestedAt });
  const earlier = data?.runs.nodes ?? [];
  const base = chosen ?? earlier[0]?.id;
  return (
    <section class="card">
      <header class="card-head">
        <h2>Compared with</h2>
        <select class="control" aria-label="The run to compare with" value={base} disabled={!base} onChange={(event) => choose(event.currentTarget.value)}>
          {earlier.map(({ id, startedAt, status, mode }, index) => (
            <option key={id} value={id}>
              {index === 0 ? "the previous run" : startedAt && formatShort(startedAt, zone.value)}, {titled(mode).toLowerCase()}, {titled(status).toLowerCase()}
            </option>
          ))}
        </select>
      </header>
      {base && isActive(run) && <Empty icon="clock" title="Compared once it has ended" />}
      {base && !isActive(run) && <Differences base={base} run={run} />}
      {data && !base && <Empty icon="runs" title="There is no earlier run" />}
    </section>
  );
}

function Differences({ base, run }: { base: string; run: RunDetail }) {
  const answer = useQuery(Compared, { base, other: run.id });
  return (
    <Shown answer={answer}>
      {({ compareRuns }) =>
        compareRuns && (
          <>
            <ul class="anomalies">
              {compareRuns.anomalies.map((text) => (
                <li key={text} class="notice notice-warn">
                  <Icon name="bolt" />
                  <p>{text}</p>
                </li>
              ))}
            </ul>
            <div class="scroll-x" tabIndex={0} role="region" aria-label="Comparison">
              <table class="plain-table">
                <thead>
                  <tr>
                    <th>Figure</th>
                    <th class="number">Then</th>
                    <th class="number">This run</th>
                    <th class="number">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {compareRuns.differences.map((difference) => (
                    <DifferenceRow key={difference.metric} {...difference} />
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )
      }
    </Shown>
  );
}

const TITLES: Record<string, string> = {
  recordsProcessed: "Records",
  inserted: "New",
  updated: "Changed",
  durationMs: "Duration",
  recordsPerSecond: "Records per second",
};

function DifferenceRow({ metric, base, other, changePercent }: Difference) {
  const format = metric === "durationMs" ? formatDuration : formatCount;
  return (
    <tr>
      <td>{TITLES[metric] ?? titled(metric)}</td>
      <td class="number muted">{format(base)}</td>
      <td class="number">{format(other)}</td>
      <td class={changePercent ? "number" : "number faint"}>{formatPercent(changePercent)}</td>
    </tr>
  );
}
