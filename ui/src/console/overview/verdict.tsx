/** Is it all right? One sentence first, then what stands behind it. */
import { formatCount } from "../format/number";
import { isActive } from "../graph/run-fields";
import { Icon } from "../parts/icon";
import { Ago } from "../parts/moment";
import { sourceTitle } from "../parts/source-name";
import type { OverviewData, Source } from "./overview.graph";

type Grade = "good" | "warn" | "bad";

interface Judgement {
  grade: Grade;
  sentence: string;
  /** What is wrong, each as a sentence of its own. */
  reasons: string[];
}

const START = "Start a run of a source below, or wait for its schedule.";
const SIGNS = { good: "check", warn: "alert", bad: "cross" } as const;

export function Verdict({ data }: { data: OverviewData }) {
  const { grade, sentence, reasons } = judge(data);
  const { assetCount, rawCount, lastSuccessAt } = data.stats;
  return (
    <section class={`verdict verdict-${grade}`}>
      <span class="verdict-sign">
        <Icon name={SIGNS[grade]} />
      </span>
      <div class="stack verdict-text">
        <h1 aria-live="polite">{sentence}</h1>
        {reasons.map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
        <p class="muted">
          {formatCount(assetCount)} assets from {data.sources.filter(({ enabled }) => enabled).length} sources ·{" "}
          {formatCount(rawCount)} payloads kept · last success <Ago at={lastSuccessAt} />
        </p>
      </div>
    </section>
  );
}

function judge({ health, sources }: Pick<OverviewData, "health" | "sources">): Judgement {
  const reasons = health.reasons.map(withTitle).map(asSentence);
  if (health.status === "DOWN") return { grade: "bad", sentence: "The service cannot do its work", reasons };
  if (sources.every(({ lastRun }) => !lastRun)) return { grade: "warn", sentence: "Nothing was read yet", reasons: [START] };
  const ill = sources.filter(isIll);
  if (health.status === "DEGRADED" || ill.length) {
    const grade = ill.length && ill.length === sources.filter(({ enabled }) => enabled).length ? "bad" : "warn";
    return { grade, sentence: worded(ill), reasons: reasons.length ? reasons : ill.map(illness) };
  }
  const busy = sources.filter(({ activeRun }) => activeRun && isActive(activeRun));
  if (!busy.length) return { grade: "good", sentence: "All is well", reasons };
  return { grade: "good", sentence: `All is well; ${listed(busy)} ${busy.length > 1 ? "are" : "is"} being read`, reasons };
}

function isIll({ enabled, paused, circuit, lastRun }: Source): boolean {
  const failed = lastRun?.status === "FAILED" || lastRun?.status === "ABANDONED";
  return enabled && !paused && (circuit !== "CLOSED" || failed);
}

function worded(ill: Source[]): string {
  return ill.length ? `${listed(ill)} ${ill.length > 1 ? "need" : "needs"} a look` : "The data may be old or incomplete";
}

function illness({ name, circuit, lastRun }: Source): string {
  if (circuit !== "CLOSED") return `${sourceTitle(name)} is left alone after failures.`;
  return `${sourceTitle(name)}: ${asSentence(lastRun?.error ?? "the last run failed")}`;
}

function listed(sources: Source[]): string {
  return sources.map(({ name }) => sourceTitle(name)).join(" and ");
}

/** `coingecko: it fails` as `CoinGecko: it fails`. */
function withTitle(reason: string): string {
  return reason.replace(/^\w+(?=: )/, sourceTitle);
}

function asSentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}
