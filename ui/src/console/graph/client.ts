/** The same public API as everyone's, by relative address, so that a path prefix does not matter. */
import { effect } from "@preact/signals";
import { cacheExchange, Client, type CombinedError, fetchExchange, mapExchange } from "@urql/core";
import { answering, heard } from "../state/connection";
import { authorization } from "../state/token";
import { graphql } from "./graphql";

export const endpoint = new URL("graphql", document.baseURI);

export const client = new Client({
  url: endpoint.href,
  preferGetMethod: false,
  fetchOptions: () => ({ headers: authorization() }),
  exchanges: [cacheExchange, mapExchange({ onResult: (result) => noteAnswer(result.error) }), fetchExchange],
});

const Ping = graphql(`
  query Ping {
    __typename
  }
`);
const AGAIN_MS = 2000;

/** While the service does not answer, ask until it does. */
export function keepAsking(): void {
  effect(() => {
    if (answering.value) return;
    const ask = () => void client.query(Ping, {}, { requestPolicy: "network-only" }).toPromise();
    const timer = setInterval(ask, AGAIN_MS);
    return () => clearInterval(timer);
  });
}

function noteAnswer(error: CombinedError | undefined): void {
  if (error?.networkError && !error.response) answering.value = false;
  else heard();
}

/** What to tell a person; the service's own words where it had some. */
export function explained(error: CombinedError): string {
  if (error.networkError && !error.response) return "The service does not answer. It is asked again as soon as it does.";
  return error.graphQLErrors.map(({ message }) => message).join(" ") || error.message;
}

/** Whether the service wants to be shown a token before it tells anything. */
export function wantsToken(error: CombinedError | undefined): boolean {
  const status = (error?.response as Response | undefined)?.status;
  return status === 401 || !!error?.graphQLErrors.some(({ extensions }) => extensions["code"] === "UNAUTHENTICATED");
}
