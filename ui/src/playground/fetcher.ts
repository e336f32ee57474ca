import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { Kind, parse, type DocumentNode } from "graphql";

const url = new URL("./graphql", document.baseURI);
// Subscriptions send the headers of the editor when they connect.
const ask = createGraphiQLFetcher({
  url: url.href,
  subscriptionUrl: url.href.replace(/^http/, "ws"),
  enableIncrementalDelivery: false,
});

/**
 * Sends what the editor holds. Right after a change of tabs, GraphiQL still has the operation of the tab before in
 * mind, so both its name and whether it is a subscription are read from the text itself.
 */
export const fetcher: Fetcher = (params, options) => {
  const documentAST = parsed(params.query);
  if (!documentAST) return ask(params, options);
  return ask({ ...params, operationName: operationOf(params, documentAST) }, { ...options, documentAST });
};

function operationOf({ operationName }: FetcherParams, document: DocumentNode): string | null | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const names = operations.map(({ name }) => name?.value);
  return names.length === 1 ? names[0] : operationName;
}

/** Nothing where the text cannot be read: the server says why. */
function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}
