/** What happened to a run, line by line, as it happens. */
import { useEffect, useRef } from "preact/hooks";
import { formatCount } from "../format/number";
import { formatClock } from "../format/time";
import { graphql, type ResultOf } from "../graph/graphql";
import { lastEvent } from "../graph/live";
import { useQuery } from "../graph/use-query";
import { titled } from "../parts/state-pill";
import { Empty, Shown } from "../parts/states";
import { zone } from "../state/zone";

const RunLogQuery = graphql(`
  query RunLog($id: ID!, $last: Int!) {
    run(id: $id) {
      id
      log(last: $last) {
        totalCount
        nodes {
          at
          kind
          message
        }
      }
    }
  }
`);

type Log = NonNullable<ResultOf<typeof RunLogQuery>["run"]>["log"];

const SHOWN = 100;

export function RunLog({ runId }: { runId: string }) {
  const answer = useQuery(RunLogQuery, { id: runId, last: SHOWN });
  const event = lastEvent.value;
  const news = event?.run.id === runId ? event.cursor : "";
  useEffect(() => void (news && answer.again()), [news]);
  return (
    <section class="card">
      <header class="card-head">
        <h2>Log</h2>
      </header>
      <Shown answer={answer}>{({ run }) => run && <Lines log={run.log} />}</Shown>
    </section>
  );
}

function Lines({ log }: { log: Log }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => list.current?.scrollTo(0, list.current.scrollHeight), [log.nodes.length]);
  if (!log.nodes.length) return <Empty icon="clock" title="No longer kept">What happens to runs is kept for seven days.</Empty>;
  const left = log.totalCount - log.nodes.length;
  return (
    <ol class="log" ref={list} tabIndex={0} aria-label="Log lines">
      {left > 0 && <li class="faint">{formatCount(left)} earlier lines</li>}
      {log.nodes.map(({ at, kind, message }) => (
        <li key={at + kind + message}>
          <time class="faint" dateTime={at}>
            {formatClock(at, zone.value)}
          </time>
          <span class={`log-kind log-${kind}`}>{titled(kind)}</span>
          <span class="log-message">{message}</span>
        </li>
      ))}
    </ol>
  );
}
