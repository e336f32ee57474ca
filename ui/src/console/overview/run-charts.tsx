/** Records per run and how long runs took, by source. */
import { useMemo } from "preact/hooks";
import { formatCompact } from "../format/number";
import { formatDuration } from "../format/time";
import { type Line, Legend, Plot } from "../parts/plot";
import { sourceHue, sourceTitle } from "../parts/source-name";
import { Empty } from "../parts/states";
import type { RecentRun } from "./overview.graph";

type Figure = (run: RecentRun) => number | null;

const records: Figure = (run) => run.recordsProcessed;
const duration: Figure = (run) => run.durationMs;

export function RunCharts({ runs, spanMs }: { runs: RecentRun[]; spanMs: number }) {
  return (
    <div class="two">
      <Chart title="Records per run" runs={runs} spanMs={spanMs} figure={records} format={formatCompact} />
      <Chart title="Duration of runs" runs={runs} spanMs={spanMs} figure={duration} format={formatDuration} />
    </div>
  );
}

interface ChartProps {
  title: string;
  runs: RecentRun[];
  spanMs: number;
  figure: Figure;
  format: (value: number | null) => string;
}

function Chart({ title, runs, spanMs, figure, format }: ChartProps) {
  const { times, lines } = useMemo(() => plotted(runs, figure), [runs, figure]);
  const end = Date.now() / 1000;
  return (
    <section class="card">
      <header class="card-head">
        <h2>{title}</h2>
        <Legend lines={lines} />
      </header>
      <div class="card-body chart-body">
        {times.length ? (
          <Plot label={title} times={times} lines={lines} format={format} height={190} shape="points" range={[end - spanMs / 1000, end]} />
        ) : (
          <Empty icon="clock" title="No run ended in this time" />
        )}
      </div>
    </section>
  );
}

/** Ended runs by the moment they began, the oldest first; a line for each source. */
function plotted(runs: RecentRun[], figure: Figure): { times: number[]; lines: Line[] } {
  const ended = runs.filter((run) => run.startedAt && run.finishedAt).reverse();
  ended.sort((one, other) => Date.parse(one.startedAt!) - Date.parse(other.startedAt!));
  const sources = [...new Set(ended.map(({ source }) => source))].sort();
  return {
    times: ended.map((run) => Date.parse(run.startedAt!) / 1000),
    lines: sources.map((source) => ({
      label: sourceTitle(source),
      hue: sourceHue(source),
      values: ended.map((run) => (run.source === source ? figure(run) : null)),
    })),
  };
}
