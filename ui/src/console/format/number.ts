/** Figures for people; an unknown one is a dash. */
const DASH = "–";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const small = new Intl.NumberFormat("en-US", { minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
const decimals = new Intl.NumberFormat("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
const percent = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: "exceptZero",
});

type Figure = number | null | undefined;

export function formatCount(value: Figure): string {
  return value == null ? DASH : whole.format(value);
}

export function formatCompact(value: Figure): string {
  return value == null ? DASH : compact.format(value);
}

/** `$96,114.20`, `$1.0003`, `$0.00002381`: as many digits as tell one price from the next. */
export function formatPrice(value: Figure): string {
  if (value == null) return DASH;
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return `$${cents.format(value)}`;
  if (size >= 1) return `$${decimals.format(value)}`;
  return size < 1e-12 ? `$${value.toExponential(3)}` : `$${small.format(value)}`;
}

/** `$1.904T` */
export function formatMoney(value: Figure): string {
  return value == null ? DASH : `$${compact.format(value)}`;
}

/** `+1.50 %` */
export function formatPercent(value: Figure): string {
  return value == null ? DASH : `${Math.abs(value) >= 10_000 ? compact.format(value) : percent.format(value)} %`;
}
