/** The button at the end of a list of which there is more. */
import { formatCount } from "../format/number";
import type { Pages } from "../graph/use-pages";

export function More<Node>({ pages }: { pages: Pages<Node> }) {
  const { data, more } = pages;
  if (!data?.pageInfo.hasNextPage) return null;
  return (
    <div class="more">
      <button class="button" onClick={more}>
        Show more of {formatCount(data.totalCount)}
      </button>
    </div>
  );
}
