/** Moments in the chosen zone; those near to now also by how far they are. */
import { formatAgo, formatMoment, formatShort } from "../format/time";
import { now } from "../state/now";
import { zone } from "../state/zone";

interface MomentProps {
  at: string | null | undefined;
  none?: string;
}

/** `3 min ago`, the moment itself when pointed at. */
export function Ago({ at, none = "never" }: MomentProps) {
  if (!at) return <span class="faint">{none}</span>;
  return (
    <time dateTime={at} title={`${formatMoment(at, zone.value)} ${zone.value}`}>
      {formatAgo(at, now.value)}
    </time>
  );
}

/** `27 Nov, 15:04` */
export function Moment({ at, none = "–", precise = false }: MomentProps & { precise?: boolean }) {
  if (!at) return <span class="faint">{none}</span>;
  return (
    <time dateTime={at} title={`${formatMoment(at, zone.value)} ${zone.value}`}>
      {precise ? formatMoment(at, zone.value) : formatShort(at, zone.value)}
    </time>
  );
}
