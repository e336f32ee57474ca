/** A query as a component sees it: what was last heard is shown while it is asked again. */
import type { AnyVariables, CombinedError, DocumentInput } from "@urql/core";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { changes, returns } from "../state/connection";
import { client } from "./client";

export interface Answer<Data> {
  data: Data | undefined;
  error: CombinedError | undefined;
  /** Ask again, whatever is known. */
  again: () => void;
}

interface Options {
  /** Ask again whenever a run began, ended or changed. */
  live?: boolean;
  /** Don't ask yet. */
  pause?: boolean;
}

type Held<Data> = Pick<Answer<Data>, "data" | "error">;

export function useQuery<Data, Variables extends AnyVariables>(
  document: DocumentInput<Data, Variables>,
  variables: Variables,
  { live = false, pause = false }: Options = {},
): Answer<Data> {
  const [held, hold] = useState<Held<Data>>({ data: undefined, error: undefined });
  const [asked, ask] = useState(0);
  const key = JSON.stringify(variables);
  const shown = useRef(key);
  const pulse = `${returns.value} ${live ? changes.value : ""}`;

  useEffect(() => {
    if (pause) return;
    const another = shown.current !== key;
    shown.current = key;
    if (another) hold((before) => ({ ...before, data: undefined }));
    const source = client.query(document, variables, { requestPolicy: "cache-and-network" });
    const { unsubscribe } = source.subscribe((result) => {
      hold((before) => ({ data: result.data ?? before.data, error: result.error }));
    });
    return unsubscribe;
  }, [document, key, pause, pulse, asked]);

  const again = useCallback(() => ask((times) => times + 1), []);
  return { ...held, again };
}
