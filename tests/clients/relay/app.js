import { graphql } from 'relay-runtime';

graphql`
  query appQuery($count: Int!, $cursor: String) {
    ...app_assets @arguments(count: $count, cursor: $cursor)
    runs(first: 5) { edges { node { ...app_run } } }
  }
`;

graphql`
  fragment app_assets on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "appAssetsPaginationQuery") {
    assets(first: $count, after: $cursor, orderBy: [{ field: RANK }]) @connection(key: "app_assets") {
      edges { node { id symbol ...app_history } }
      totalCount
    }
  }
`;

graphql`
  fragment app_history on Asset
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "appHistoryRefetchQuery") {
    history(first: $count, after: $cursor) @connection(key: "app_history") {
      edges { node { at priceUsd } }
    }
  }
`;

graphql`
  fragment app_run on Run
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "appRunRefetchQuery") {
    status
    batches(first: $count, after: $cursor) @connection(key: "app_batches") { edges { node { sequence seen } } }
  }
`;

graphql`
  mutation appTriggerMutation($source: String) {
    triggerEtl(source: $source) { started { ...app_run } errors { code message } }
  }
`;

graphql`
  subscription appEventsSubscription($after: String) {
    runEvents(after: $after) { cursor kind run { id ...app_run } }
  }
`;
