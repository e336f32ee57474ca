/** What each source says of a coin, how far they are apart, and why they are taken for the same. */
import { formatCount, formatMoney, formatPercent, formatPrice } from "../format/number";
import { Change } from "../parts/change";
import { Ago } from "../parts/moment";
import { SourceName } from "../parts/source-name";
import { Pill } from "../parts/state-pill";
import { href } from "../state/route";
import type { CoinData } from "./asset.graph";
import { UnlinkButton } from "../review/unlink";

interface SideBySideProps {
  coin: CoinData;
  /** The asset whose page this is on. */
  here?: string;
}

export function SideBySide({ coin, here }: SideBySideProps) {
  return (
    <section class="card">
      <header class="card-head">
        <h2>
          Sources side by side
          {here && (
            <>
              {" "}
              · <a href={href(["coins", coin.slug])}>{coin.name}</a>
            </>
          )}
        </h2>
        <span class="muted">
          Consensus {formatPrice(coin.priceUsd)} · <Divergence percent={coin.divergencePercent} />
        </span>
      </header>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="Sources side by side">
        <table class="plain-table stacked">
          <thead>
            <tr>
              <th>Source</th>
              <th class="number">Price</th>
              <th class="number">From consensus</th>
              <th class="number">24 h</th>
              <th class="number">Market cap</th>
              <th class="number">Volume 24 h</th>
              <th class="number">Rank</th>
              <th>Updated</th>
              <th>Taken for the same because</th>
              <th>
                <span class="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {coin.assets.map((link) => (
              <SourceRow key={link.asset.id} link={link} coin={coin} here={here} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface SourceRowProps {
  link: CoinData["assets"][number];
  coin: CoinData;
  here?: string | undefined;
}

function SourceRow({ link: { asset, confidence, evidence, linkedBy, fresh }, coin, here }: SourceRowProps) {
  return (
    <tr>
      <td>
        {asset.id === here ? <SourceName name={asset.source} /> : <a href={href(["assets", asset.id])}><SourceName name={asset.source} /></a>}
      </td>
      <td class="number" data-label="Price">{formatPrice(asset.priceUsd)}</td>
      <td class="number" data-label="From consensus">{formatPercent(apart(asset.priceUsd, coin.priceUsd))}</td>
      <td class="number" data-label="24 h">
        <Change percent={asset.percentChange24h} />
      </td>
      <td class="number" data-label="Market cap">{formatMoney(asset.marketCapUsd)}</td>
      <td class="number" data-label="Volume 24 h">{formatMoney(asset.volume24hUsd)}</td>
      <td class="number" data-label="Rank">{formatCount(asset.rank)}</td>
      <td class="nowrap" data-label="Updated">
        <Ago at={asset.lastUpdated} none="unknown" /> {!fresh && <Pill tone="warn">Not fresh</Pill>}
      </td>
      <td class="evidence">
        {coin.assets.length > 1 && (
          <>
            {linkedBy === "manual" ? "Linked by hand" : `${Math.round(confidence * 100)} % sure`}
            <ul class="muted">
              {evidence.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </>
        )}
      </td>
      <td>{coin.assets.length > 1 && <UnlinkButton assetId={asset.id} source={asset.source} />}</td>
    </tr>
  );
}

/** Beyond this the service takes it for an anomaly, too. */
export const WIDE_PERCENT = 10;

export function Divergence({ percent }: { percent: number | null }) {
  if (percent == null) return <>one price only</>;
  const text = `up to ${percent.toFixed(2)} % apart`;
  return percent >= WIDE_PERCENT ? <Pill tone="warn">{text}</Pill> : <>{text}</>;
}

function apart(price: number | null, consensus: number | null): number | null {
  return price == null || !consensus ? null : (price / consensus - 1) * 100;
}
