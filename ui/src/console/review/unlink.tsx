/** Taking an asset away from its coin, by hand. */
import { unlink } from "../graph/links";
import { Action } from "../parts/action";

export function UnlinkButton({ assetId, source }: { assetId: string; source: string }) {
  return (
    <Action class="button button-small" icon="split" title={`Take the asset of ${source} away from this coin`} act={() => unlink(assetId)}>
      Unlink
    </Action>
  );
}
