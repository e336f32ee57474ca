/** How the fields of upstreams' records changed. */
import { client } from "../graph/client";
import { usePages } from "../graph/use-pages";
import { More } from "../parts/more";
import { Ago } from "../parts/moment";
import { SourceName } from "../parts/source-name";
import { Pill, type Tone } from "../parts/state-pill";
import { Empty, Shown } from "../parts/states";
import { href } from "../state/route";
import { Drift as Asked, type DriftEvent } from "./review.graph";

const TONES: Record<string, Tone> = { appeared: "good", vanished: "bad", retyped: "warn" };

export function Drift() {
  const pages = usePages(async (after) => {
    const { data, error } = await client.query(Asked, { after }, { requestPolicy: "network-only" }).toPromise();
    return { listing: data?.drift, error };
  }, "");
  return (
    <>
      <section class="card">
        <Shown answer={pages}>
          {({ nodes }) =>
            nodes.length === 0 ? (
              <Empty title="No field changed">Fields that appear, vanish or change their kind of value are listed here.</Empty>
            ) : (
              <ul class="list">
                {nodes.map((event) => (
                  <Change key={event.id} event={event} />
                ))}
              </ul>
            )
          }
        </Shown>
      </section>
      <More pages={pages} />
    </>
  );
}

function Change({ event: { source, path, kind, before, after, affectedPercent, at, run } }: { event: DriftEvent }) {
  return (
    <li>
      <div class="list-text">
        <div class="row">
          <code class="break">{path}</code>
          <Pill tone={TONES[kind] ?? "calm"}>{kind}</Pill>
        </div>
        <p class="muted row">
          <SourceName name={source} />
          <span>
            {before ?? "nothing"} → {after ?? "nothing"}
          </span>
          {affectedPercent != null && <span>{affectedPercent.toFixed(1)} % of the records</span>}
          <Ago at={at} />
          {run && <a href={href(["runs", run.id])}>the run that noticed</a>}
        </p>
      </div>
    </li>
  );
}
