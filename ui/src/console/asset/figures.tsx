/** Everything a source says of an asset. */
import { formatCompact, formatCount, formatMoney, formatPrice } from "../format/number";
import { Change } from "../parts/change";
import { Ago, Moment } from "../parts/moment";
import type { AssetData } from "./asset.graph";

export function Figures({ asset }: { asset: AssetData }) {
  const figures = {
    Rank: formatCount(asset.rank),
    "Market cap": formatMoney(asset.marketCapUsd),
    "Volume 24 h": formatMoney(asset.volume24hUsd),
    "Change in 1 h": <Change percent={asset.percentChange1h} />,
    "Change in 24 h": <Change percent={asset.percentChange24h} />,
    "Change in 7 d": <Change percent={asset.percentChange7d} />,
    Circulating: formatCompact(asset.circulatingSupply),
    "Total supply": formatCompact(asset.totalSupply),
    "Max supply": formatCompact(asset.maxSupply),
    "All-time high": formatPrice(asset.athUsd),
    "High reached": <Moment at={asset.athAt} />,
    Updated: <Ago at={asset.lastUpdated} none="unknown" />,
    "First seen": <Moment at={asset.firstSeenAt} />,
    "Last written": <Ago at={asset.updatedAt} />,
  };
  return (
    <section class="card">
      <header class="card-head">
        <h2>Figures</h2>
      </header>
      <dl class="card-body lines">
        {Object.entries(figures).map(([name, figure]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
