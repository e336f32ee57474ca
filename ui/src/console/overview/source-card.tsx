/** One source: its state, how fresh it is, when it runs next, and what can be done about it. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { formatCount } from "../format/number";
import { formatDuration, formatSpan } from "../format/time";
import { resetCheckpoint, setPaused, trigger } from "../graph/actions";
import { Action } from "../parts/action";
import { Menu } from "../parts/menu";
import { Ago } from "../parts/moment";
import { newest, Progress } from "../parts/progress";
import { SourceName } from "../parts/source-name";
import { Pill, RunPill, titled, type Tone } from "../parts/state-pill";
import { now } from "../state/now";
import { href } from "../state/route";
import type { Source } from "./overview.graph";

export function SourceCard({ source }: { source: Source }) {
  const active = source.activeRun && newest(source.activeRun);
  return (
    <article class="card source" aria-label={source.name}>
      <header class="source-head">
        <h3>
          <SourceName name={source.name} />
        </h3>
        <State source={source} />
      </header>
      <dl class="lines">
        <Line name="Newest figures">
          <Age seconds={source.dataAgeSeconds} />
        </Line>
        <Line name="Next run">
          <Next source={source} />
        </Line>
        <Line name="Circuit">
          <Circuit source={source} />
        </Line>
        <Line name="Last run">
          <LastRun source={source} />
        </Line>
        <Line name="Assets">
          <a href={href(["assets"], { source: source.name })}>{formatCount(source.assetCount)}</a>
        </Line>
      </dl>
      {active && <Progress run={active} />}
      <footer class="source-foot">
        <Action icon="play" class="button button-small" act={() => trigger(source.name, "INCREMENTAL")} not={blocked(source)}>
          Run now
        </Action>
        <Action class="button button-small" act={() => trigger(source.name, "FULL")} not={blocked(source)} title="Read everything, from the start">
          Full run
        </Action>
        <Menu label={`More for ${source.name}`}>
          <Action class="menu-item" icon={source.paused ? "play" : "pause"} act={() => setPaused(source.name, !source.paused)}>
            {source.paused ? "Resume" : "Pause"}
          </Action>
          <Action class="menu-item" icon="refresh" act={() => resetCheckpoint(source.name)} not={source.checkpoint ? "" : "It never ran"}>
            Reset the checkpoint
          </Action>
        </Menu>
      </footer>
    </article>
  );
}

function Line({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function State({ source }: { source: Source }) {
  const [tone, word] = stateOf(source);
  return <Pill tone={tone}>{word}</Pill>;
}

function stateOf({ enabled, paused, activeRun, circuit, lastRun }: Source): [Tone, string] {
  if (!enabled) return ["calm", "Off"];
  if (paused) return ["warn", "Paused"];
  if (activeRun) return activeRun.status === "QUEUED" ? ["calm", "Queued"] : ["busy", "Running"];
  if (circuit === "OPEN") return ["bad", "Left alone"];
  if (lastRun?.status === "FAILED" || lastRun?.status === "ABANDONED") return ["bad", titled(lastRun.status)];
  return lastRun ? ["good", "Idle"] : ["calm", "Never ran"];
}

/** Grows on while nothing newer is heard. */
function Age({ seconds }: { seconds: number | null }) {
  const since = useMemo(() => Date.now() - (seconds ?? 0) * 1000, [seconds]);
  return <>{seconds === null ? "none yet" : `${formatSpan(now.value - since)} old`}</>;
}

function Next({ source }: { source: Source }) {
  if (source.paused) return <span class="faint">paused</span>;
  return (
    <>
      <Ago at={source.nextRunAt} none={source.schedule ? "waiting" : "not scheduled"} />
      {source.schedule && <span class="faint"> · {isInterval(source.schedule) && "every "}{source.schedule}</span>}
    </>
  );
}

/** `5m` and not a cron line. */
const isInterval = (schedule: string): boolean => /^\d+\w+$/.test(schedule);

function Circuit({ source }: { source: Source }) {
  if (source.circuit === "CLOSED") return <>Closed</>;
  return (
    <span class={source.circuit === "OPEN" ? "down" : ""}>
      {titled(source.circuit)}
      {source.retryAt && (
        <>
          , tried again <Ago at={source.retryAt} />
        </>
      )}
    </span>
  );
}

function LastRun({ source: { lastRun } }: { source: Source }) {
  if (!lastRun) return <span class="faint">never</span>;
  return (
    <a class="run-link" href={href(["runs", lastRun.id])}>
      <Ago at={lastRun.finishedAt ?? lastRun.startedAt ?? lastRun.requestedAt} />
      {lastRun.status === "SUCCESS" ? <span class="faint"> · {formatDuration(lastRun.durationMs)}</span> : <RunPill status={lastRun.status} />}
    </a>
  );
}

function blocked({ enabled, paused, activeRun }: Source): string {
  if (!enabled) return "The settings switch this source off";
  if (paused) return "It is paused";
  return activeRun ? "It is at work" : "";
}
