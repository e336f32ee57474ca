/** Who we are to the service, and so what may be done here. */
import { effect, signal } from "@preact/signals";
import { line } from "../state/connection";
import { token } from "../state/token";
import { client, wantsToken } from "./client";
import { graphql } from "./graphql";

const Viewer = graphql(`
  query Viewer {
    viewer {
      name
      mayChange
    }
  }
`);

export const UNKNOWN = "Asking the service what you may do";
const NO_TOKEN = "Enter the API token first (key k)";
const NOT_THE_TOKEN = "The token you entered is not the API token (key k)";

/** Why nothing may be changed; empty where it may. */
export const refusal = signal(UNKNOWN);

/** The end of the last question: of two at once only the first would be sent, with the token of then. */
let answered: Promise<void> = Promise.resolve();

export function askWhoWeAre(): void {
  effect(() => {
    void token.value;
    void line.value;
    answered = answered.then(ask);
  });
}

async function ask(): Promise<void> {
  const given = token.value;
  const { data, error } = await client.query(Viewer, {}, { requestPolicy: "network-only" }).toPromise();
  if (!data && !wantsToken(error)) return;
  refusal.value = data?.viewer.mayChange ? "" : given ? NOT_THE_TOKEN : NO_TOKEN;
}
