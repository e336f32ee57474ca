/** A source by name, with its colour; the same colour stands for it in every chart. */
const KNOWN: Record<string, { title: string; hue: number }> = {
  coingecko: { title: "CoinGecko", hue: 1 },
  coinpaprika: { title: "CoinPaprika", hue: 2 },
  csv: { title: "CSV", hue: 3 },
};
const HUES = 5;

export const sourceTitle = (name: string): string => KNOWN[name]?.title ?? name;

/** 1 to 5: which of the styles' series colours the source has. */
export function sourceHue(name: string): number {
  const known = KNOWN[name];
  if (known) return known.hue;
  return ([...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % (HUES - 3)) + 4;
}

export function SourceName({ name }: { name: string }) {
  return (
    <span class="source-name">
      <i class={`swatch hue-${sourceHue(name)}`} />
      {sourceTitle(name)}
    </span>
  );
}
