// Apollo Client: queries by hash (GET), a mutation, pages merged by its Relay policy, and a subscription.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [http, ws, after] = process.argv.slice(2);
const sent = [];
const counted = async (url, options) => {
  sent.push(`${options.method} ${String(url).includes('query=') || options.body?.includes('"query"') ? 'document' : 'hash'}`);
  return fetch(url, options);
};
const socket = createClient({ url: ws, webSocketImpl: WebSocket });
const byHash = new PersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  useGETForHashedQueries: true,
}).concat(new HttpLink({ uri: http, fetch: counted }));
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: { Query: { fields: { assets: relayStylePagination() } } } }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    byHash,
  ),
});

const ASSETS = gql`query ($after: String) {
  assets(first: 3, after: $after, orderBy: [{ field: ID }]) { edges { cursor node { id symbol } } pageInfo { hasNextPage endCursor } }
}`;
const page = async (after, fetchPolicy) => (await client.query({ query: ASSETS, variables: { after }, fetchPolicy })).data.assets;

const { data } = await client.mutate({
  mutation: gql`mutation { triggerEtl(source: "csv") { started { id } errors { code } } }`,
});
const run = data.triggerEtl.started[0].id;
const kinds = await new Promise((resolve, reject) => {
  const seen = [];
  const query = gql`subscription ($after: String) { runEvents(source: "csv", after: $after) { kind run { id } } }`;
  const following = client.subscribe({ query, variables: { after } }).subscribe({
    next: ({ data: { runEvents: event } }) => {
      if (event.run.id !== run) return;
      seen.push(event.kind);
      if (event.kind === 'ENDED') {
        following.unsubscribe();
        resolve(seen);
      }
    },
    error: reject,
  });
});
const first = await page(null, 'network-only');
await page(null, 'network-only');
const second = await page(first.pageInfo.endCursor, 'network-only');
const merged = client.readQuery({ query: ASSETS, variables: {} });
await socket.dispose();
client.stop();
console.log(JSON.stringify({ sent, started: data.triggerEtl, kinds, first, second, merged }));
