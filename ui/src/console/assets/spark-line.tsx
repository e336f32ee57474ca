/** A small chart in a table's cell. */
import { type Spark, spark } from "./sparks";

const WIDTH = 100;
const HEIGHT = 24;
const EDGE = 2;

export function SparkLine({ assetId }: { assetId: string }) {
  const prices = spark(assetId).value;
  if (!prices) return <i class="bone" />;
  if (prices.length < 2) return <span class="faint" title="It has not changed yet">–</span>;
  return (
    <svg class={`spark spark-${trend(prices)}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points(prices)} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

function trend(prices: Spark): "up" | "down" | "flat" {
  const change = prices.at(-1)! - prices[0]!;
  return change > 0 ? "up" : change < 0 ? "down" : "flat";
}

function points(prices: Spark): string {
  const least = Math.min(...prices);
  const span = Math.max(...prices) - least || 1;
  const x = (index: number) => (index / (prices.length - 1)) * WIDTH;
  const y = (price: number) => HEIGHT - EDGE - ((price - least) / span) * (HEIGHT - 2 * EDGE);
  return prices.map((price, index) => `${x(index).toFixed(1)},${y(price).toFixed(1)}`).join(" ");
}
