/** Says when what is shown may be old, because the service does not answer. */
import { formatClock } from "../format/time";
import { Icon } from "../parts/icon";
import { lastAnswerAt, offline } from "../state/connection";
import { zone } from "../state/zone";

export function ConnectionNote() {
  if (!offline.value) return null;
  return (
    <div class="connection-note" role="status">
      <Icon name="alert" />
      <span>
        Not connected. What you see is as of {formatClock(lastAnswerAt.value, zone.value)}; trying again.
      </span>
    </div>
  );
}
