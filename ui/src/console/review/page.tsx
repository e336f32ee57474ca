/** What wants a person's decision or look: records put aside, doubtful pairs, changed fields. */
import { formatCount } from "../format/number";
import type { ResultOf } from "../graph/graphql";
import { undo } from "../graph/links";
import { useQuery } from "../graph/use-query";
import { Action } from "../parts/action";
import { href } from "../state/route";
import { narrow } from "../state/width";
import { Doubts } from "./doubts";
import { Drift } from "./drift";
import { Quarantine } from "./quarantine";
import { ReviewCounts } from "./review.graph";

const TABS = [
  { tab: "quarantine", title: "Quarantine", short: "Quarantine", count: (counts: Counts) => counts.quarantine.totalCount, shows: Quarantine },
  { tab: "pairs", title: "Doubtful pairs", short: "Pairs", count: (counts: Counts) => counts.doubtfulPairs.totalCount, shows: Doubts },
  { tab: "drift", title: "Changed fields", short: "Fields", count: (counts: Counts) => counts.drift.totalCount, shows: Drift },
];

type Counts = ResultOf<typeof ReviewCounts>;

export function ReviewPage({ tab = "quarantine" }: { tab?: string | undefined }) {
  const { data } = useQuery(ReviewCounts, {}, { live: true });
  const Shows = (TABS.find((known) => known.tab === tab) ?? TABS[0]!).shows;
  return (
    <>
      <div class="page-head">
        <h1>Review</h1>
        {tab === "pairs" && (
          <Action icon="back" act={undo} title="Take back the last decision about coins">
            Undo the last decision
          </Action>
        )}
      </div>
      <nav class="tabs review-tabs" aria-label="Review">
        {TABS.map((known) => (
          <a key={known.tab} class="tab" href={href(["review", known.tab])} aria-current={known.tab === tab ? "page" : undefined}>
            {narrow.value ? known.short : known.title}
            {data && <span class={known.count(data) ? "count count-warn" : "count"}>{formatCount(known.count(data))}</span>}
          </a>
        ))}
      </nav>
      <Shows />
    </>
  );
}
