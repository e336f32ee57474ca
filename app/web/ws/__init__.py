"""/graphql over a WebSocket: queries, mutations and subscriptions in the graphql-transport-ws protocol."""
