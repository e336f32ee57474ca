/** A state in a word and a colour; never by the colour alone. */
import type { ComponentChildren } from "preact";
import type { Run } from "../graph/run-fields";

export type Tone = "good" | "warn" | "bad" | "busy" | "calm";

export function Pill({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string }) {
  return (
    <span class={`pill pill-${tone}`} title={title}>
      <i class="dot" />
      {children}
    </span>
  );
}

const RUN_TONES: Record<Run["status"], Tone> = {
  QUEUED: "calm",
  RUNNING: "busy",
  SUCCESS: "good",
  FAILED: "bad",
  INTERRUPTED: "warn",
  CANCELLED: "calm",
  ABANDONED: "bad",
};

export function RunPill({ status }: Pick<Run, "status">) {
  return <Pill tone={RUN_TONES[status]}>{titled(status)}</Pill>;
}

/** `HALF_OPEN` as `Half open`. */
export function titled(word: string): string {
  const lower = word.toLowerCase().replaceAll("_", " ");
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
