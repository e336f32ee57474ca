/** Which sources there are, for filters. */
import { sourceTitle } from "../parts/source-name";
import { graphql } from "./graphql";
import { useQuery } from "./use-query";

const SourceNames = graphql(`
  query SourceNames {
    sources {
      id
      name
    }
  }
`);

/** The titles of the sources by name; empty until they are known. */
export function useSourceTitles(): Record<string, string> {
  const { data } = useQuery(SourceNames, {});
  return Object.fromEntries((data?.sources ?? []).map(({ name }) => [name, sourceTitle(name)]));
}
