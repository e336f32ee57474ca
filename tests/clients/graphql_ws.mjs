// graphql-ws: a subscription that loses its connection again and again, and goes on behind the last event.
// The variables are read again at each reconnect, so that `after` is the cursor of the last event that was dealt with.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [ws, after, count, cut] = process.argv.slice(2);
const sockets = [];
class Noted extends WebSocket {
  constructor(...options) {
    super(...options);
    sockets.push(this);
  }
}
// What was already read from a connection is lost with it: several events may come in one read.
const lose = (socket) => {
  socket.onmessage = null;
  socket.terminate();
};
const client = createClient({
  url: ws,
  webSocketImpl: Noted,
  retryAttempts: 1000,
  retryWait: async () => {},
  shouldRetry: () => true,
});
const query = `subscription ($after: String) {
  runEvents(source: "csv", after: $after) { cursor kind message run { status recordsProcessed } }
}`;
const variables = { after };
const events = await new Promise((resolve, reject) => {
  const seen = [];
  const stop = client.subscribe({ query, variables }, {
    next: ({ data, errors }) => {
      if (errors) return reject(errors);
      if (seen.length === Number(count)) return;
      seen.push(data.runEvents);
      variables.after = data.runEvents.cursor;
      if (seen.length === Number(count)) {
        stop();
        resolve(seen);
      } else if (cut === 'cut') {
        lose(sockets.at(-1));
      }
    },
    error: reject,
    complete: () => {},
  });
});
await client.dispose();
console.log(JSON.stringify({ events, connections: sockets.length }));
