/** Says that nothing can be changed here, and why. */
import { refusal, UNKNOWN } from "../graph/viewer";

/** Its id, for what is off because of it. */
export const READ_ONLY = "read-only";

export function ReadOnly() {
  if (!refusal.value || refusal.value === UNKNOWN) return null;
  return (
    <span class="read-only" id={READ_ONLY} title={refusal.value}>
      Read only<span class="visually-hidden">: {refusal.value}</span>
    </span>
  );
}
