/** Where another asset is taken for a coin, by hand. */
import { useState } from "preact/hooks";
import type { CoinData } from "../asset/asset.graph";
import { Assets, type AssetRow } from "../assets/assets.graph";
import { formatPrice } from "../format/number";
import { link } from "../graph/links";
import { useQuery } from "../graph/use-query";
import { Action } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { SourceName } from "../parts/source-name";
import { Empty, Shown } from "../parts/states";

const SHOWN = 8;

export function LinkDialog({ coin, onClose }: { coin: CoinData; onClose: () => void }) {
  const [search, type] = useState(coin.symbol);
  const taken = coin.assets.map(({ asset }) => asset.source);
  const answer = useQuery(Assets, {
    first: SHOWN,
    search,
    filter: { not: { source: { in: taken } } },
    orderBy: null,
    counted: false,
  });
  return (
    <Dialog title={`Link an asset to ${coin.name}`} onClose={onClose}>
      <p class="muted">Stronger than any evidence, and kept through every run. A coin has one asset of each source.</p>
      <label class="field">
        Name, symbol or id
        <input type="search" value={search} onInput={(event) => type(event.currentTarget.value)} />
      </label>
      <Shown answer={answer}>
        {({ assets: { nodes } }) =>
          nodes.length === 0 ? (
            <Empty icon="search" title="No asset of another source fits" />
          ) : (
            <ul class="list candidates">
              {nodes.map((asset) => (
                <Candidate key={asset.id} asset={asset} act={() => link([coin.assets[0]!.asset.id, asset.id]).then(onClose)} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Dialog>
  );
}

function Candidate({ asset, act }: { asset: AssetRow; act: () => Promise<void> }) {
  return (
    <li>
      <div class="list-text">
        <b>{asset.name}</b> <span class="faint">{asset.symbol.toUpperCase()}</span>
        <div class="muted row">
          <SourceName name={asset.source} /> {formatPrice(asset.priceUsd)} <code class="break">{asset.externalId}</code>
        </div>
      </div>
      <Action icon="link" class="button button-small" act={act}>
        Link
      </Action>
    </li>
  );
}
