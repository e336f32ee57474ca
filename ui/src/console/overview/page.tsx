/** The first page: is it all right, and if not, where to look. */
import { useEffect } from "preact/hooks";
import { useQuery } from "../graph/use-query";
import { Choice } from "../parts/choice";
import { Shown, Skeleton } from "../parts/states";
import { route, setParams } from "../state/route";
import { Attention } from "./attention";
import { Overview, type OverviewData } from "./overview.graph";
import { RunCharts } from "./run-charts";
import { SourceCard } from "./source-card";
import { Timeline } from "./timeline";
import { useRecentRuns } from "./use-recent-runs";
import { Verdict } from "./verdict";

const LOOK_AGAIN_MS = 30_000;
const HOUR = 3_600_000;
const SPANS: Record<string, number> = { "1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR };

export function OverviewPage() {
  const answer = useQuery(Overview, {}, { live: true });
  // Data grow old without anything happening.
  useEffect(() => {
    const timer = setInterval(answer.again, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <Shown answer={answer} lines={6}>
      {(data) => (
        <>
          <Verdict data={data} />
          <section class="sources" aria-label="Sources">
            {data.sources.map((source) => (
              <SourceCard key={source.id} source={source} />
            ))}
          </section>
          <Attention data={data} />
          <History data={data} />
        </>
      )}
    </Shown>
  );
}

function History({ data }: { data: OverviewData }) {
  const span = route.value.params.get("span") ?? "1h";
  const spanMs = SPANS[span] ?? HOUR;
  const runs = useRecentRuns(spanMs);
  return (
    <>
      <section class="card">
        <header class="card-head">
          <h2>Runs</h2>
          <Choice label="How far back" options={Object.keys(SPANS)} chosen={span} choose={(chosen) => setParams({ span: chosen })} />
        </header>
        <div class="card-body">
          {runs ? <Timeline sources={data.sources.map(({ name }) => name)} runs={runs} spanMs={spanMs} /> : <Skeleton />}
        </div>
      </section>
      {runs && <RunCharts runs={runs} spanMs={spanMs} />}
    </>
  );
}
