/** What can be done: each mutation, with what came of it told in a toast. */
import type { AnyVariables, DocumentInput } from "@urql/core";
import { sourceTitle } from "../parts/source-name";
import { toast } from "../shell/toasts";
import { changes } from "../state/connection";
import { client, explained } from "./client";
import { graphql, type VariablesOf } from "./graphql";

const TriggerEtl = graphql(`
  mutation TriggerEtl($source: String, $mode: RunMode) {
    outcome: triggerEtl(source: $source, mode: $mode) {
      started {
        id
        source
      }
      alreadyActive {
        id
        source
      }
      errors {
        code
        message
      }
    }
  }
`);
const CancelRun = graphql(`
  mutation CancelRun($id: ID!) {
    outcome: cancelRun(id: $id) {
      run {
        id
        status
      }
      errors {
        code
        message
      }
    }
  }
`);
const PauseSource = graphql(`
  mutation PauseSource($source: String!) {
    outcome: pauseSource(source: $source) {
      source {
        id
        paused
        nextRunAt
      }
      errors {
        code
        message
      }
    }
  }
`);
const ResumeSource = graphql(`
  mutation ResumeSource($source: String!) {
    outcome: resumeSource(source: $source) {
      source {
        id
        paused
        nextRunAt
      }
      errors {
        code
        message
      }
    }
  }
`);
const ResetCheckpoint = graphql(`
  mutation ResetCheckpoint($source: String!) {
    outcome: resetCheckpoint(source: $source) {
      checkpoint {
        id
        position
        complete
      }
      errors {
        code
        message
      }
    }
  }
`);
const ReplayQuarantine = graphql(`
  mutation ReplayQuarantine($source: String, $ids: [ID!]) {
    outcome: replayQuarantine(source: $source, ids: $ids) {
      started {
        id
        source
      }
      alreadyActive {
        id
        source
      }
      errors {
        code
        message
      }
    }
  }
`);

export type Mode = NonNullable<VariablesOf<typeof TriggerEtl>["mode"]>;
type Runs = { source: string }[];

/** Null for all enabled sources. */
export const trigger = (source: string | null, mode: Mode): Promise<void> => start(TriggerEtl, { source, mode });

export const replay = (wanted: VariablesOf<typeof ReplayQuarantine>): Promise<void> => start(ReplayQuarantine, wanted);

export async function cancel(id: string): Promise<void> {
  const outcome = await carriedOut(CancelRun, { id });
  if (outcome?.run) toast(outcome.run.status === "CANCELLED" ? "The run was cancelled." : "The run ends at its next batch.");
}

export async function setPaused(source: string, paused: boolean): Promise<void> {
  const outcome = await carriedOut(paused ? PauseSource : ResumeSource, { source });
  if (outcome) toast(`${sourceTitle(source)} was ${paused ? "paused" : "resumed"}.`);
}

export async function resetCheckpoint(source: string): Promise<void> {
  const outcome = await carriedOut(ResetCheckpoint, { source });
  if (outcome) toast(`The next run of ${sourceTitle(source)} reads everything from the start.`);
}

async function start<Variables extends AnyVariables>(
  document: DocumentInput<{ outcome: Start }, Variables>,
  variables: Variables,
): Promise<void> {
  const outcome = await carriedOut(document, variables);
  const named = (runs: Runs) => runs.map(({ source }) => sourceTitle(source)).join(", ");
  if (outcome?.started.length) toast(`Asked for: ${named(outcome.started)}.`);
  if (outcome?.alreadyActive.length) toast(`At work already: ${named(outcome.alreadyActive)}.`);
}

interface Outcome {
  errors: { code: string; message: string }[];
}

interface Start extends Outcome {
  started: Runs;
  alreadyActive: Runs;
}

/** What the mutation answers, or null where it was refused, which is told. */
export async function carriedOut<Answer extends Outcome, Variables extends AnyVariables>(
  document: DocumentInput<{ outcome: Answer }, Variables>,
  variables: Variables,
): Promise<Answer | null> {
  const { data, error } = await client.mutation(document, variables).toPromise();
  changes.value += 1;
  const refusals = error ? [explained(error)] : (data?.outcome.errors.map(({ message }) => message) ?? []);
  for (const refusal of refusals) toast(refusal, { bad: true });
  return error || refusals.length ? null : (data?.outcome ?? null);
}
