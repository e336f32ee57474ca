/** One coin: what all its sources say of it, side by side and over time. */
import { useState } from "preact/hooks";
import { type CoinData, OneCoin } from "../asset/asset.graph";
import { PriceChart } from "../asset/price-chart";
import { Divergence, SideBySide } from "../asset/side-by-side";
import { formatCount, formatMoney, formatPrice } from "../format/number";
import { useQuery } from "../graph/use-query";
import { Action } from "../parts/action";
import { Crumb } from "../parts/crumb";
import { Empty, Shown } from "../parts/states";
import { LinkDialog } from "./link-dialog";

export function CoinPage({ slug }: { slug: string }) {
  const answer = useQuery(OneCoin, { slug }, { live: true });
  return (
    <>
      <Crumb to={["coins"]}>Coins</Crumb>
      <Shown answer={answer} lines={8}>
        {({ coin }) => (coin ? <Coin coin={coin} /> : <Empty icon="search" title="There is no such coin" />)}
      </Shown>
    </>
  );
}

function Coin({ coin }: { coin: CoinData }) {
  const [linking, setLinking] = useState(false);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>
            {coin.name} <span class="faint">{coin.symbol.toUpperCase()}</span>
          </h1>
          <p class="muted">
            Rank {formatCount(coin.rank)} · market cap {formatMoney(coin.marketCapUsd)} · <code>{coin.slug}</code>
          </p>
        </div>
        <div class="headline">
          <span class="headline-figure">{formatPrice(coin.priceUsd)}</span>
          <span class="muted">
            consensus, <Divergence percent={coin.divergencePercent} />
          </span>
        </div>
      </header>
      <PriceChart assets={coin.assets.map(({ asset }) => asset)} />
      <SideBySide coin={coin} />
      <div class="row row-end">
        <Action icon="link" act={async () => setLinking(true)}>
          Link another asset
        </Action>
      </div>
      {linking && <LinkDialog coin={coin} onClose={() => setLinking(false)} />}
    </>
  );
}
