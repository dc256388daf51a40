/**
 * How many signals stand at the edge of their usual range at the same time: a share, 0 … 1. Each signal's edges are four
 * quantiles (13.5 and 1.8 per cent on both sides) that are followed step by step; no history is kept. One signal at its
 * edge says nothing, most of them at once say much, whatever their shapes.
 */
export interface Edges {
  n: number;
  mean: number[];
  spread: number[];
  /** Four to a signal, lowest first. */
  quantiles: number[];
}

const SHARES = [Math.exp(-4), Math.exp(-2), 1 - Math.exp(-2), 1 - Math.exp(-4)] as const;

export const edges = (signals: number): Edges => ({
  n: 0,
  mean: new Array<number>(signals).fill(0),
  spread: new Array<number>(signals).fill(0),
  quantiles: new Array<number>(4 * signals).fill(0),
});

/** The share at the edge now, before this row is learned. */
export function atEdge(of: Edges, row: readonly (number | null)[]): number {
  of.n++;
  const step = 3 * Math.max(0.2 / Math.sqrt(of.n / 100), 0.005);
  const slow = Math.max(1 / of.n, 0.005);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? null;
    if (value === null) continue;
    if (of.n === 1) {
      of.mean[i] = value;
      of.quantiles.fill(value, 4 * i, 4 * i + 4);
      continue;
    }
    sum += outwards(of.quantiles, 4 * i, value);
    const mean = of.mean[i] ?? 0;
    const spread = (of.spread[i] ?? 0) + slow * (Math.abs(value - mean) - (of.spread[i] ?? 0));
    of.spread[i] = spread;
    of.mean[i] = mean + slow * (value - mean);
    for (let k = 0; k < 4; k++) {
      const [at, share] = [4 * i + k, SHARES[k] ?? 0];
      const quantile = of.quantiles[at] ?? 0;
      if (value > quantile) of.quantiles[at] = quantile + step * spread * share;
      else if (value < quantile) of.quantiles[at] = quantile - step * spread * (1 - share);
    }
  }
  return sum / row.length;
}

/** 0 inside, 1 beyond the outer quantile, a ramp between. */
function outwards(quantiles: readonly number[], at: number, value: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [quantiles[at], quantiles[at + 1], quantiles[at + 2], quantiles[at + 3]];
  const ramp = (inner: number, outer: number) =>
    outer > inner ? (value - inner) / (outer - inner) : value > inner ? 1 : 0;
  const low = b > a ? (b - value) / (b - a) : value < b ? 1 : 0;
  return Math.max(0, Math.min(1, Math.max(ramp(c, d), low)));
}
