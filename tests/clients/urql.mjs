// urql: a query, a mutation and a subscription, each result as urql sees it.
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [http, ws] = process.argv.slice(2);
const socket = createClient({ url: ws, webSocketImpl: WebSocket });
const client = new Client({
  url: http,
  preferGetMethod: true,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink) }),
      }),
    }),
  ],
});

const failure = ({ error }) => error?.graphQLErrors.map(({ extensions }) => extensions.code);
const assets = await client.query(gql`query ($n: Int!) { assets(first: $n) { nodes { symbol } totalCount } }`, { n: 2 });
const refused = await client.query(gql`query ($n: Int!) { assets(first: $n) { totalCount nodes { id } } }`, { n: 1000 });
const { data } = await client.mutation(gql`mutation { triggerEtl(source: "csv") { started { id } alreadyActive { id } } }`, {});
const [run] = [...data.triggerEtl.started, ...data.triggerEtl.alreadyActive];
const states = await new Promise((resolve, reject) => {
  const seen = [];
  const following = client
    .subscription(gql`subscription ($id: ID!) { runProgress(runId: $id) { status recordsProcessed total } }`, { id: run.id })
    .subscribe(({ data: told, error }) => {
      if (error) reject(error);
      if (told) seen.push(told.runProgress);
      if (told && !['QUEUED', 'RUNNING'].includes(told.runProgress.status)) {
        queueMicrotask(() => following.unsubscribe());
        resolve(seen);
      }
    });
});
await socket.dispose();
console.log(JSON.stringify({ assets: assets.data.assets, refused: failure(refused), states }));
