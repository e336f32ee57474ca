/** A change in percent: its sign, and the colour that goes with it. */
import { formatPercent } from "../format/number";

export function Change({ percent }: { percent: number | null | undefined }) {
  const direction = !percent ? "" : percent > 0 ? "up" : "down";
  return <span class={direction}>{formatPercent(percent)}</span>;
}
