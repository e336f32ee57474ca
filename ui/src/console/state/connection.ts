/** Whether the service answers, and whether it tells of what happens. */
import { computed, signal } from "@preact/signals";

export type Line = "connecting" | "open" | "lost";

/** Whether the last request got an answer of any kind. */
export const answering = signal(true);
/** The WebSocket over which runs are followed. */
export const line = signal<Line>("connecting");
/** When the service last answered, for those who look at what it said. */
export const lastAnswerAt = signal(Date.now());
/** Grows when something changed that a page may show; see `graph/live`. */
export const changes = signal(0);

/** Grows when the service is back; what is shown is asked for again then. */
export const returns = signal(0);

export const offline = computed(() => !answering.value || line.value === "lost");

export function heard(): void {
  if (!answering.peek()) returns.value += 1;
  answering.value = true;
  lastAnswerAt.value = Date.now();
}

addEventListener("offline", () => (answering.value = false));
