/** The columns of the table of coins. */
import { WIDE_PERCENT } from "../asset/side-by-side";
import type { CoinOrderField, CoinRow } from "../assets/assets.graph";
import { formatCount, formatMoney, formatPrice } from "../format/number";
import type { Column } from "../parts/grid";
import { sourceHue, sourceTitle } from "../parts/source-name";
import { Pill } from "../parts/state-pill";
import { SparkLine } from "../assets/spark-line";
import { href } from "../state/route";

export const coinHref = ({ slug }: Pick<CoinRow, "slug">): string => href(["coins", slug]);

/** Which columns the graph sorts by. */
export const ORDER_FIELDS: Record<string, CoinOrderField> = {
  rank: "RANK",
  name: "NAME",
  price: "PRICE_USD",
  divergence: "DIVERGENCE",
  marketCap: "MARKET_CAP_USD",
};

export const COIN_COLUMNS: Column<CoinRow>[] = [
  { id: "rank", title: "Rank", width: 68, number: true, sortable: true, cell: ({ rank }) => <span class="muted">{formatCount(rank)}</span> },
  { id: "name", title: "Coin", width: 140, grow: 2, sortable: true, cell: (row) => <CoinName {...row} /> },
  { id: "price", title: "Consensus", width: 112, grow: 1, number: true, sortable: true, cell: ({ priceUsd }) => formatPrice(priceUsd) },
  { id: "divergence", title: "Divergence", width: 96, grow: 1, number: true, sortable: true, cell: (row) => <Apart {...row} /> },
  { id: "trend", title: "Last changes", width: 110, grow: 1, cell: ({ assets }) => assets[0] && <SparkLine assetId={assets[0].asset.id} /> },
  { id: "marketCap", title: "Market cap", width: 106, grow: 1, number: true, sortable: true, cell: ({ marketCapUsd }) => formatMoney(marketCapUsd) },
  { id: "sources", title: "Sources", width: 190, grow: 1.4, cell: (row) => <Sources {...row} /> },
];

export const WIDE = COIN_COLUMNS.map(({ id }) => id);
export const NARROW = ["name", "price", "divergence"];

function CoinName(row: CoinRow) {
  return (
    <a class="asset-name" href={coinHref(row)} tabIndex={-1} title={row.name}>
      <b>{row.name}</b>
      <small>{row.symbol.toUpperCase()}</small>
    </a>
  );
}

function Apart({ divergencePercent, assets }: CoinRow) {
  if (assets.length < 2 || divergencePercent == null) return <span class="faint">–</span>;
  const text = `${divergencePercent.toFixed(2)} %`;
  return divergencePercent >= WIDE_PERCENT ? <Pill tone="warn">{text}</Pill> : <>{text}</>;
}

function Sources({ assets }: CoinRow) {
  return (
    <span class="row coin-sources">
      {assets.map(({ asset, fresh }) => (
        <a
          key={asset.id}
          class={fresh ? "source-name" : "source-name not-fresh"}
          href={href(["assets", asset.id])}
          tabIndex={-1}
          title={fresh ? sourceTitle(asset.source) : `${sourceTitle(asset.source)}: not fresh, does not count`}
        >
          <i class={`swatch hue-${sourceHue(asset.source)}`} />
          {assets.length < 2 && sourceTitle(asset.source)}
        </a>
      ))}
      {assets.length > 1 && <span class="muted">{assets.length} sources</span>}
    </span>
  );
}
