/** How figures changed: of one asset, or of a coin's assets in one picture. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { formatCount, formatMoney, formatPrice } from "../format/number";
import { Choice } from "../parts/choice";
import { Legend, type Line, Plot } from "../parts/plot";
import { sourceHue, sourceTitle } from "../parts/source-name";
import { Empty, Skeleton } from "../parts/states";
import { changes } from "../state/connection";
import { route, setParams } from "../state/route";
import type { PointData } from "./asset.graph";
import { RANGES, readHistory } from "./history";

const FIGURES = {
  priceUsd: { title: "Price", format: formatPrice },
  marketCapUsd: { title: "Market cap", format: formatMoney },
  volume24hUsd: { title: "Volume", format: formatMoney },
  rank: { title: "Rank", format: formatCount },
} as const;

type FigureName = keyof typeof FIGURES;

interface Charted {
  id: string;
  source: string;
}

interface PriceChartProps {
  assets: Charted[];
  /** The moment of the point that was clicked. */
  onPick?: (at: string) => void;
}

export function PriceChart({ assets, onPick }: PriceChartProps) {
  const range = route.value.params.get("range") ?? "1d";
  const [figure, setFigure] = useState<FigureName>("priceUsd");
  const histories = useHistories(assets, range);
  const { times, lines } = useMemo(() => plotted(assets, histories ?? [], figure), [histories, figure]);
  const pick = (index: number) => {
    const found = changedBy(histories ?? [], times[index]!);
    if (found) onPick?.(found);
  };
  return (
    <section class="card price-chart">
      <header class="card-head">
        <Choice
          label="Figure"
          options={Object.keys(FIGURES) as FigureName[]}
          titles={Object.fromEntries(Object.entries(FIGURES).map(([name, { title }]) => [name, title]))}
          chosen={figure}
          choose={setFigure}
        />
        <Choice
          label="Range"
          options={Object.keys(RANGES)}
          titles={Object.fromEntries(Object.entries(RANGES).map(([name, { title }]) => [name, title]))}
          chosen={range}
          choose={(chosen) => setParams({ range: chosen })}
        />
      </header>
      <div class="card-body chart-body">
        {!histories && <Skeleton lines={8} />}
        {histories && times.length === 0 && (
          <Empty icon="clock" title="No change in this range">
            <button class="button" onClick={() => setParams({ range: "all" })}>
              Show everything
            </button>
          </Empty>
        )}
        {histories && times.length > 0 && (
          <>
            <Plot
              label={`${FIGURES[figure].title} over time`}
              times={times}
              lines={lines}
              format={FIGURES[figure].format}
              height={300}
              onPick={onPick && pick}
            />
            {lines.length > 1 && <Legend lines={lines.filter(({ values }) => values.some((value) => value !== null))} />}
          </>
        )}
      </div>
    </section>
  );
}

function useHistories(assets: Charted[], range: string): PointData[][] | null {
  const [histories, setHistories] = useState<PointData[][] | null>(null);
  const key = assets.map(({ id }) => id).join() + range;
  useEffect(() => setHistories(null), [key]);
  useEffect(() => {
    let left = false;
    const wanted = RANGES[range] ?? RANGES["1d"]!;
    void Promise.all(assets.map(({ id }) => readHistory(id, wanted))).then((found) => {
      if (!left) setHistories(found.map((points) => points ?? []));
    });
    return () => void (left = true);
  }, [key, changes.value]);
  return histories;
}

/** A line for each asset, over all moments at which any of them changed; what was told last holds until now. */
function plotted(assets: Charted[], histories: PointData[][], figure: FigureName): { times: number[]; lines: Line[] } {
  const moments = new Set(histories.flatMap((points) => points.map(({ at }) => seconds(at))));
  const times = [...moments].sort((one, other) => one - other);
  if (times.length) times.push(Math.max(Date.now() / 1000, times.at(-1)! + 1));
  const lines = histories.map((points, index): Line => {
    const values = new Map(points.map((point) => [seconds(point.at), point[figure]]));
    values.set(times.at(-1)!, points.at(-1)?.[figure] ?? null);
    const { source } = assets[index]!;
    return { label: sourceTitle(source), hue: sourceHue(source), values: times.map((time) => values.get(time) ?? null) };
  });
  return { times, lines };
}

/** When the last change up to a moment was. */
function changedBy(histories: PointData[][], time: number): string | undefined {
  const last = histories.flatMap((points) => points.findLast(({ at }) => seconds(at) <= time)?.at ?? []);
  return last.sort().at(-1);
}

const seconds = (at: string): number => Date.parse(at) / 1000;
