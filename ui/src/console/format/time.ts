/** Moments and durations for people. */
import type { Zone } from "../state/zone";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { ...options, ...(zone === "UTC" && { timeZone: "UTC" }) });
    formats.set(key, found);
  }
  return found;
}

/** `27 Nov 2026, 15:04:29` */
export function formatMoment(at: string | number, zone: Zone): string {
  return format(zone, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

/** `27 Nov, 15:04`; of another year `1 Aug 2024`. */
export function formatShort(at: string | number, zone: Zone): string {
  const moment = new Date(at);
  if (moment.getFullYear() !== new Date().getFullYear()) return format(zone, { dateStyle: "medium" }).format(moment);
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return format(zone, options).format(moment);
}

/** `15:04:29` */
export function formatClock(at: string | number, zone: Zone): string {
  return format(zone, { timeStyle: "medium" }).format(new Date(at));
}

/** `3 min ago`, `in 40 s`, `just now` */
export function formatAgo(at: string | number, now: number): string {
  const distance = now - new Date(at).getTime();
  if (Math.abs(distance) < 2 * SECOND) return "just now";
  return distance > 0 ? `${formatSpan(distance)} ago` : `in ${formatSpan(-distance)}`;
}

/** A span in its largest unit: `45 s`, `3 min`, `5 h`, `12 d`. */
export function formatSpan(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.max(1, Math.round(milliseconds / SECOND))} s`;
  if (milliseconds < HOUR) return `${Math.round(milliseconds / MINUTE)} min`;
  if (milliseconds < 2 * DAY) return `${Math.round(milliseconds / HOUR)} h`;
  return `${Math.round(milliseconds / DAY)} d`;
}

/** How long something took: `265 ms`, `4.03 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number | null | undefined): string {
  if (milliseconds == null) return "–";
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toPrecision(3)} s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min ${Math.floor((milliseconds % MINUTE) / SECOND)} s`;
  return `${Math.floor(milliseconds / HOUR)} h ${Math.floor((milliseconds % HOUR) / MINUTE)} min`;
}
