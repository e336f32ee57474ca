/** Pairs of assets that may be one coin, for a person to decide. */
import { formatCount, formatMoney, formatPrice } from "../format/number";
import { client } from "../graph/client";
import { keepApart, link } from "../graph/links";
import { usePages } from "../graph/use-pages";
import { Action } from "../parts/action";
import { More } from "../parts/more";
import { Ago } from "../parts/moment";
import { SourceName } from "../parts/source-name";
import { Empty, Shown } from "../parts/states";
import { href } from "../state/route";
import { type DoubtfulPair, DoubtfulPairs } from "./review.graph";

export function Doubts() {
  const pages = usePages(async (after) => {
    const { data, error } = await client.query(DoubtfulPairs, { after }, { requestPolicy: "network-only" }).toPromise();
    return { listing: data?.doubtfulPairs, error };
  }, "");
  return (
    <>
      <Shown answer={pages}>
        {({ nodes }) => (
          <ul class="stack">
            {nodes.length === 0 && (
              <li class="card">
                <Empty title="No pair is doubtful">Assets of different sources that may be one coin are shown here.</Empty>
              </li>
            )}
            {nodes.map((pair) => (
              <Pair key={pair.assets.map(({ id }) => id).join()} pair={pair} />
            ))}
          </ul>
        )}
      </Shown>
      <More pages={pages} />
    </>
  );
}

function Pair({ pair: { score, why, evidence, assets } }: { pair: DoubtfulPair }) {
  const ids = assets.map(({ id }) => id);
  return (
    <li class="card pair">
      <div class="pair-sides">
        {assets.map((asset) => (
          <Side key={asset.id} asset={asset} />
        ))}
      </div>
      <div class="pair-judgement">
        <p>
          <b>{Math.round(score * 100)} % sure</b> <span class="muted">{why}</span>
        </p>
        <ul class="muted pair-evidence">
          {evidence.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
        <div class="row">
          <Action icon="link" class="button button-primary" act={() => link(ids)}>
            Link
          </Action>
          <Action icon="split" act={() => keepApart(ids)}>
            Keep apart
          </Action>
        </div>
      </div>
    </li>
  );
}

function Side({ asset }: { asset: DoubtfulPair["assets"][number] }) {
  return (
    <div class="pair-side">
      <SourceName name={asset.source} />
      <a class="pair-name" href={href(["assets", asset.id])}>
        {asset.name} <span class="faint">{asset.symbol.toUpperCase()}</span>
      </a>
      <code class="muted break">{asset.externalId}</code>
      <dl class="lines">
        <div>
          <dt>Price</dt>
          <dd>{formatPrice(asset.priceUsd)}</dd>
        </div>
        <div>
          <dt>Market cap</dt>
          <dd>{formatMoney(asset.marketCapUsd)}</dd>
        </div>
        <div>
          <dt>Rank</dt>
          <dd>{formatCount(asset.rank)}</dd>
        </div>
        <div>
          <dt>Updated</dt>
          <dd>
            <Ago at={asset.lastUpdated} none="unknown" />
          </dd>
        </div>
      </dl>
    </div>
  );
}
