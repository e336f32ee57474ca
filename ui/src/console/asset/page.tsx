/** One asset: how it changed, what other sources say, and where its figures came from. */
import { useState } from "preact/hooks";
import { formatPrice } from "../format/number";
import { useQuery } from "../graph/use-query";
import { Change } from "../parts/change";
import { Crumb } from "../parts/crumb";
import { Icon } from "../parts/icon";
import { SourceName } from "../parts/source-name";
import { Empty, Shown } from "../parts/states";
import { type AssetData, OneAsset, PointLineage } from "./asset.graph";
import { Figures } from "./figures";
import { Lineage } from "./lineage";
import { PriceChart } from "./price-chart";
import { SideBySide } from "./side-by-side";

export function AssetPage({ id }: { id: string }) {
  const answer = useQuery(OneAsset, { id }, { live: true });
  return (
    <>
      <Crumb to={["assets"]}>Assets</Crumb>
      <Shown answer={answer} lines={8}>
        {({ asset }) => (asset ? <Asset asset={asset} /> : <Empty icon="search" title="There is no such asset" />)}
      </Shown>
    </>
  );
}

function Asset({ asset }: { asset: AssetData }) {
  const [picked, pick] = useState<string | null>(null);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>
            {asset.name} <span class="faint">{asset.symbol.toUpperCase()}</span>
          </h1>
          <p class="muted row">
            <SourceName name={asset.source} /> <code class="break">{asset.externalId}</code>
          </p>
        </div>
        <div class="headline">
          <span class="headline-figure">{formatPrice(asset.priceUsd)}</span>
          <span>
            <Change percent={asset.percentChange24h} /> <span class="faint">24 h</span>
          </span>
        </div>
      </header>
      <div class="chart-and-figures">
        <PriceChart assets={[asset]} onPick={pick} />
        <Figures asset={asset} />
      </div>
      {asset.coin && <SideBySide coin={asset.coin} here={asset.id} />}
      <section class="card">
        <header class="card-head">
          <h2>Where the {picked ? "picked point" : "figures"} came from</h2>
          {picked ? (
            <button class="button button-small" onClick={() => pick(null)}>
              <Icon name="back" />
              The latest figures
            </button>
          ) : (
            <span class="muted">A click on the chart asks for the point there</span>
          )}
        </header>
        <div class="card-body stack">
          {picked ? (
            <PickedLineage id={asset.id} at={picked} />
          ) : (
            <Lineage figure={formatPrice(asset.priceUsd)} at={asset.lastUpdated} raw={asset.raw} batch={asset.batch} run={asset.lastRun} />
          )}
        </div>
      </section>
    </>
  );
}

function PickedLineage({ id, at }: { id: string; at: string }) {
  const answer = useQuery(PointLineage, { id, from: at });
  return (
    <Shown answer={answer}>
      {({ asset }) => {
        const [point] = asset?.history.nodes ?? [];
        if (!point) return <Empty title="This point is no longer kept" />;
        return <Lineage figure={formatPrice(point.priceUsd)} at={point.at} raw={point.raw} batch={point.batch} run={point.run} />;
      }}
    </Shown>
  );
}
