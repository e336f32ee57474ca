/** The time, for what says how long ago something was. */
import { signal } from "@preact/signals";

const TICK_MS = 1000;

export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, TICK_MS);
document.addEventListener("visibilitychange", () => (now.value = Date.now()));
