/** Records that broke a rule and were put aside: why, what they hold, and judging them again. */
import { useEffect, useState } from "preact/hooks";
import { formatCount } from "../format/number";
import { replay } from "../graph/actions";
import { client } from "../graph/client";
import { useSourceTitles } from "../graph/source-names";
import { usePages } from "../graph/use-pages";
import { Action } from "../parts/action";
import { Choice } from "../parts/choice";
import { More } from "../parts/more";
import { Empty, Shown } from "../parts/states";
import { route, setParams } from "../state/route";
import { QuarantinedCard } from "./quarantined-card";
import { Quarantine as Asked } from "./review.graph";

const STATES = { waiting: "Waiting", replayed: "Accepted later", all: "All" };
type State = keyof typeof STATES;

export function Quarantine() {
  const { params } = route.value;
  const source = params.get("source") ?? undefined;
  const runId = params.get("run") ?? undefined;
  const state = (params.get("state") ?? "waiting") as State;
  const replayed = state === "all" ? undefined : state === "replayed";
  const key = JSON.stringify([source, runId, state]);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => choose(new Set()), [key]);
  const pages = usePages(async (after) => {
    const { data, error } = await client.query(Asked, { source, runId, replayed, after }, { requestPolicy: "network-only" }).toPromise();
    return { listing: data?.quarantine, error };
  }, key);
  const waits = pages.data?.nodes.some(({ replayedAt }) => !replayedAt);
  const toggle = (id: string) => choose(new Set(chosen.has(id) ? [...chosen].filter((other) => other !== id) : [...chosen, id]));
  const replayChosen = async () => {
    await replay({ ids: [...chosen] });
    choose(new Set());
  };
  return (
    <>
      <div class="toolbar">
        <Choice label="Which records" options={Object.keys(STATES) as State[]} titles={STATES} chosen={state} choose={(next) => setParams({ state: next })} />
        <select class="control" aria-label="Source" value={source ?? ""} onChange={(event) => setParams({ source: event.currentTarget.value })}>
          {Object.entries({ "": "All sources", ...useSourceTitles() }).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
        {runId && (
          <button class="button" onClick={() => setParams({ run: null })}>
            Of one run only: show all
          </button>
        )}
        <div class="toolbar-end">
          <Action icon="refresh" act={replayChosen} not={chosen.size ? "" : "Choose records first"}>
            Replay {chosen.size ? formatCount(chosen.size) : "chosen"}
          </Action>
          <Action icon="refresh" act={() => replay({ source })} not={runId ? "Shows the records of one run only" : waits ? "" : "None waits"}>
            Replay all
          </Action>
        </div>
      </div>
      <Shown answer={pages}>
        {({ nodes }) => (
          <ul class="stack">
            {nodes.length === 0 && (
              <li class="card">
                <Empty title="Nothing is put aside">Records that break a rule wait here, as received, until they are judged again.</Empty>
              </li>
            )}
            {nodes.map((record) => (
              <QuarantinedCard key={record.id} record={record} chosen={chosen.has(record.id)} onToggle={() => toggle(record.id)} />
            ))}
          </ul>
        )}
      </Shown>
      <More pages={pages} />
    </>
  );
}
