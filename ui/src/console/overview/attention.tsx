/** What wants a person's look: unusual runs, changed fields, records that were put aside. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/number";
import { useQuery } from "../graph/use-query";
import { Icon, type IconName } from "../parts/icon";
import { Ago } from "../parts/moment";
import { sourceTitle } from "../parts/source-name";
import { href } from "../state/route";
import { Anomalies, type OverviewData, type Source } from "./overview.graph";

export function Attention({ data }: { data: OverviewData }) {
  const waiting = data.waiting.totalCount;
  const unusual = data.sources.flatMap(useAnomalies);
  const none = !waiting && !unusual.length && !data.drift.nodes.length;
  return (
    <section class="card">
      <header class="card-head">
        <h2>Wants a look</h2>
        <a href={href(["review"])}>Review</a>
      </header>
      {none && <p class="card-body muted">Nothing unusual: no anomaly, no changed field, no record put aside.</p>}
      <ul class="list attention">
        {unusual.map(({ text, runId, source }) => (
          <Entry key={runId + text} icon="bolt" href={href(["runs", runId])} detail={`Latest run of ${sourceTitle(source)}`}>
            {text}
          </Entry>
        ))}
        {waiting > 0 && (
          <Entry icon="alert" href={href(["review"])} detail="Put aside because they broke a rule; nothing is lost">
            {formatCount(waiting)} {waiting === 1 ? "record waits" : "records wait"} in quarantine
          </Entry>
        )}
        {data.drift.nodes.map((event) => (
          <Entry key={event.id} icon="split" href={href(["review", "drift"])} detail={<Ago at={event.at} />}>
            {sourceTitle(event.source)}: <code>{event.path}</code> {event.kind}
            {event.kind === "retyped" && ` from ${event.before} to ${event.after}`}
          </Entry>
        ))}
      </ul>
    </section>
  );
}

interface EntryProps {
  icon: IconName;
  href: string;
  detail: ComponentChildren;
  children: ComponentChildren;
}

function Entry({ icon, href: target, detail, children }: EntryProps) {
  return (
    <li>
      <Icon name={icon} />
      <div class="list-text">
        <a href={target}>{children}</a>
        <div class="muted">{detail}</div>
      </div>
    </li>
  );
}

interface Unusual {
  text: string;
  runId: string;
  source: string;
}

/** What is unusual about a source's last run, if it came to its end: failures are told elsewhere. */
function useAnomalies({ name, lastRun }: Source): Unusual[] {
  const id = lastRun?.status === "SUCCESS" ? lastRun.id : "";
  const { data } = useQuery(Anomalies, { base: id, other: id }, { pause: !id });
  return (data?.compareRuns?.anomalies ?? []).map((text) => ({ text, runId: id, source: name }));
}
