/** Whether there is little room, as on a phone. The style sheets know the same width. */
import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 760px)");

export const narrow = signal(query.matches);
query.addEventListener("change", () => (narrow.value = query.matches));
