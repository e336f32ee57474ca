/** When each source ran, and how it ended: a lane for each. */
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../format/number";
import { formatDuration, formatMoment, formatShort } from "../format/time";
import { sourceTitle } from "../parts/source-name";
import { titled } from "../parts/state-pill";
import { now } from "../state/now";
import { href } from "../state/route";
import { type Zone, zone } from "../state/zone";
import type { RecentRun } from "./overview.graph";

const LANE = 34;
const NAMES = 96;
const AXIS = 24;
const LEAST_WIDTH = 3;

interface TimelineProps {
  sources: string[];
  runs: RecentRun[];
  spanMs: number;
}

export function Timeline({ sources, runs, spanMs }: TimelineProps) {
  const [width, place] = useWidth();
  const end = now.value;
  const at = (moment: number) => NAMES + ((moment - (end - spanMs)) / spanMs) * (width - NAMES);
  const height = sources.length * LANE;
  return (
    <div ref={place}>
      <svg class="timeline" width={width} height={height + AXIS} role="group" aria-label="Runs by source over time">
        {sources.map((source, lane) => (
          <g key={source}>
            <text x={0} y={lane * LANE + LANE / 2 + 1} dominant-baseline="middle">
              {sourceTitle(source)}
            </text>
            <rect class="lane" x={NAMES} y={lane * LANE + 5} width={Math.max(0, width - NAMES)} height={LANE - 10} rx={4} />
          </g>
        ))}
        {ticks(end, spanMs, width).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={at(tick)} x2={at(tick)} y1={0} y2={height} />
            <text x={at(tick)} y={height + 16} text-anchor="middle">
              {tickLabel(tick, spanMs, zone.value)}
            </text>
          </g>
        ))}
        {runs.map((run) => (
          <Bar key={run.id} run={run} lane={sources.indexOf(run.source)} at={at} end={end} />
        ))}
      </svg>
    </div>
  );
}

interface BarProps {
  run: RecentRun;
  lane: number;
  at: (moment: number) => number;
  end: number;
}

function Bar({ run, lane, at, end }: BarProps) {
  if (!run.startedAt || lane < 0) return null;
  const left = Math.max(NAMES, at(Date.parse(run.startedAt)));
  const right = run.finishedAt ? at(Date.parse(run.finishedAt)) : at(end);
  if (right < NAMES) return null;
  const told = `${sourceTitle(run.source)}: ${titled(run.status)}, ${formatMoment(run.startedAt, zone.value)}, ${formatCount(run.recordsProcessed)} records in ${formatDuration(run.durationMs)}`;
  return (
    <a href={href(["runs", run.id])} aria-label={told}>
      <rect class={`bar-${run.status}`} x={left} y={lane * LANE + 8} width={Math.max(LEAST_WIDTH, right - left)} height={LANE - 16} rx={1.5}>
        <title>{told}</title>
      </rect>
    </a>
  );
}

function useWidth() {
  const [width, setWidth] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return [width, place] as const;
}

const MINUTE = 60_000;
const STEPS = [10, 30, 60, 180, 360, 720, 1440, 2880].map((minutes) => minutes * MINUTE);
const LABEL_WIDTH = 80;

/** Round moments, as many as there is room for their labels. */
function ticks(end: number, spanMs: number, width: number): number[] {
  const most = Math.max(1, Math.floor((width - NAMES) / LABEL_WIDTH));
  const step = STEPS.find((candidate) => spanMs / candidate <= most) ?? spanMs;
  const offset = zone.value === "UTC" ? 0 : new Date(end).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((end - spanMs - offset) / step) * step + offset;
  return Array.from({ length: Math.ceil(spanMs / step) }, (_, index) => first + index * step).filter(
    (tick) => tick < end - spanMs / 40 && tick > end - spanMs + spanMs / 40,
  );
}

function tickLabel(tick: number, spanMs: number, shown: Zone): string {
  const [day, clock = ""] = formatShort(tick, shown).split(", ");
  return spanMs > 36 * 60 * MINUTE ? day! : clock;
}
