/** Every column that the table of assets can show. */
import { formatCompact, formatCount, formatMoney, formatPrice } from "../format/number";
import { Change } from "../parts/change";
import type { Column } from "../parts/grid";
import { Ago, Moment } from "../parts/moment";
import { SourceName, sourceTitle } from "../parts/source-name";
import { href } from "../state/route";
import { narrow } from "../state/width";
import type { AssetOrderField, AssetRow } from "./assets.graph";
import { SparkLine } from "./spark-line";

export const assetHref = ({ id }: Pick<AssetRow, "id">): string => href(["assets", id]);

const figure = (id: string, title: string, width: number, cell: Column<AssetRow>["cell"]): Column<AssetRow> => ({
  id,
  title,
  width,
  grow: 1,
  number: true,
  sortable: id in ORDER_FIELDS,
  cell,
});

/** Which columns the graph sorts by. */
export const ORDER_FIELDS: Record<string, AssetOrderField> = {
  rank: "RANK",
  name: "NAME",
  price: "PRICE_USD",
  change24h: "PERCENT_CHANGE_24H",
  marketCap: "MARKET_CAP_USD",
  volume: "VOLUME_24H_USD",
  lastUpdated: "LAST_UPDATED",
  firstSeen: "ID",
};

export const ASSET_COLUMNS: Column<AssetRow>[] = [
  { id: "rank", title: "Rank", width: 68, number: true, sortable: true, cell: ({ rank }) => <span class="muted">{formatCount(rank)}</span> },
  { id: "name", title: "Asset", width: 140, grow: 2.4, sortable: true, cell: (row) => <AssetName {...row} /> },
  { id: "source", title: "Source", width: 126, grow: 1, cell: ({ source }) => <SourceName name={source} /> },
  figure("price", "Price", 108, ({ priceUsd }) => formatPrice(priceUsd)),
  figure("change1h", "1 h", 84, ({ percentChange1h }) => <Change percent={percentChange1h} />),
  figure("change24h", "24 h", 88, ({ percentChange24h }) => <Change percent={percentChange24h} />),
  figure("change7d", "7 d", 88, ({ percentChange7d }) => <Change percent={percentChange7d} />),
  { id: "trend", title: "Last changes", width: 110, grow: 1, cell: ({ id }) => <SparkLine assetId={id} /> },
  figure("marketCap", "Market cap", 106, ({ marketCapUsd }) => formatMoney(marketCapUsd)),
  figure("volume", "Volume 24 h", 106, ({ volume24hUsd }) => formatMoney(volume24hUsd)),
  figure("circulating", "Circulating", 106, ({ circulatingSupply }) => formatCompact(circulatingSupply)),
  figure("totalSupply", "Total supply", 106, ({ totalSupply }) => formatCompact(totalSupply)),
  figure("maxSupply", "Max supply", 106, ({ maxSupply }) => formatCompact(maxSupply)),
  figure("ath", "All-time high", 112, ({ athUsd }) => formatPrice(athUsd)),
  figure("athAt", "High reached", 124, ({ athAt }) => <Moment at={athAt} />),
  figure("lastUpdated", "Updated", 104, ({ lastUpdated }) => <Ago at={lastUpdated} none="unknown" />),
  figure("firstSeen", "First seen", 124, ({ firstSeenAt }) => <Moment at={firstSeenAt} />),
];

export const WIDE = ["rank", "name", "source", "price", "change24h", "change7d", "trend", "marketCap", "volume", "lastUpdated"];
export const NARROW = ["name", "price", "change24h"];

function AssetName(row: AssetRow) {
  return (
    <a class="asset-name" href={assetHref(row)} tabIndex={-1} title={row.name}>
      <b>{row.name}</b>
      <small>
        {row.symbol.toUpperCase()}
        {narrow.value && ` · ${sourceTitle(row.source)}`}
      </small>
    </a>
  );
}
