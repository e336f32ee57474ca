/** uPlot in a component: sized by its place, coloured by the theme, with what lies under the pointer in words. */
import uPlot from "uplot";
import { useEffect, useRef } from "preact/hooks";
import { formatMoment } from "../format/time";
import { theme } from "../state/theme";
import { zone } from "../state/zone";

export interface Line {
  label: string;
  /** Which of the styles' series colours. */
  hue: number;
  values: (number | null)[];
}

export interface PlotProps {
  /** Described for those who don't see it. */
  label: string;
  /** Seconds since 1970, rising. */
  times: number[];
  lines: Line[];
  format: (value: number | null) => string;
  height?: number;
  shape?: "line" | "points";
  /** The ends of the time axis, in seconds; by default those of the data. */
  range?: [number, number];
  /** The index of the point that was clicked. */
  onPick?: ((index: number) => void) | undefined;
}

const FONT = '12px "Inter Variable", system-ui, sans-serif';

export function Plot(props: PlotProps) {
  const { label, times, lines, height = 220 } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const holder = place.current!;
    const tip = holder.appendChild(document.createElement("div"));
    tip.className = "plot-tip";
    const size = () => ({ width: holder.clientWidth, height });
    const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
    const plot = new uPlot({ ...size(), ...options(props, tip) }, data, holder);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(holder);
    return () => {
      observer.disconnect();
      plot.destroy();
      tip.remove();
    };
  }, [times, lines, height, theme.value, zone.value]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}

function options(props: PlotProps, tip: HTMLElement): Omit<uPlot.Options, "width" | "height"> {
  const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color("muted"), font: FONT, grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
  return {
    legend: { show: false },
    padding: [12, 18, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    tzDate: (seconds) => (zone.value === "UTC" ? uPlot.tzDate(new Date(seconds * 1000), "UTC") : new Date(seconds * 1000)),
    scales: { x: props.range ? { range: props.range } : {}, y: { range: valueRange } },
    axes: [
      { ...axis, space: 70, values: timeLabels() },
      { ...axis, size: axisSize, gap: 8, space: 36, values: (_, ticks) => ticks.map(props.format) },
    ],
    series: [{}, ...props.lines.map((line) => series(line, props, color(`series-${line.hue}`)))],
    hooks: {
      setCursor: [(plot) => tellUnder(plot, props, tip)],
      ready: [(plot) => plot.over.addEventListener("click", () => plot.cursor.idx != null && props.onPick?.(plot.cursor.idx))],
    },
  };
}

function series({ label }: Line, { shape = "line", lines }: PlotProps, stroke: string): uPlot.Series {
  const common = { label, stroke, width: shape === "points" ? 1 : 1.7, spanGaps: true };
  if (shape === "points") return { ...common, points: { show: true, size: 4.5, width: 1, fill: stroke, stroke } };
  return {
    ...common,
    points: { show: false },
    ...(lines.length === 1 && { fill: `${stroke}1c` }),
  };
}

/** Some room around the values, also where all are the same. */
function valueRange(_: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.08 || Math.abs(most) * 0.01 || 1;
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
}

/** As wide as the longest label. */
function axisSize(_: uPlot, labels: string[] | null): number {
  const longest = (labels ?? []).reduce((most, label) => Math.max(most, label.length), 0);
  return longest === 0 ? 20 : Math.ceil(longest * 7 + 14);
}

function timeLabels(): uPlot.Axis.Values {
  const [minute, hour, day, year] = [60, 3600, 86_400, 31_536_000];
  // A step, its labels, and what is added where a new year, day or minute begins.
  return [
    [year, "{YYYY}", null, null, null, null, null, null, 1],
    [day * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [day, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [hour, "{HH}:00", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
    [minute, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  ];
}

function tellUnder(plot: uPlot, { times, lines, format }: PlotProps, tip: HTMLElement): void {
  const index = plot.cursor.idx;
  const left = plot.cursor.left ?? -1;
  const shown = index != null && left >= 0;
  tip.classList.toggle("shown", shown);
  if (!shown) return;
  const told = lines.filter(({ values }) => values[index] != null);
  tip.replaceChildren(
    line(formatMoment((times[index] ?? 0) * 1000, zone.value), "faint"),
    ...told.map(({ label, values }) => line(lines.length > 1 ? `${label}: ${format(values[index]!)}` : format(values[index]!))),
  );
  const room = plot.over.clientWidth - tip.offsetWidth;
  tip.style.left = `${plot.over.offsetLeft + Math.max(0, Math.min(left + 12, room))}px`;
  tip.style.top = "10px";
}

function line(text: string, className = ""): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.textContent = text;
  return element;
}

export function Legend({ lines }: Pick<PlotProps, "lines">) {
  return (
    <div class="plot-legend">
      {lines.map(({ label, hue }) => (
        <span class="source-name" key={label}>
          <i class={`swatch hue-${hue}`} />
          {label}
        </span>
      ))}
    </div>
  );
}
