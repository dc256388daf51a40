import { follow, type Usual, usual } from "./usual.ts";

/**
 * How many signals stand at the edge of their usual range at the same time: a share, 0 … 1. Each signal's edges are four
 * quantiles (13.5 and 1.8 per cent on both sides) that are followed step by step; no history is kept. One signal at its
 * edge says nothing, most of them at once say much, whatever their shapes.
 */
export interface Edges extends Usual {
  n: number;
  /** Four to a signal, lowest first. */
  quantiles: number[];
  /** The first rows, until there are enough to begin with. */
  early: (number | null)[][];
}

const EARLY = 50;

const SHARES = [Math.exp(-4), Math.exp(-2), 1 - Math.exp(-2), 1 - Math.exp(-4)] as const;

export const edges = (signals: number): Edges => ({
  n: 0,
  ...usual(signals),
  quantiles: new Array<number>(4 * signals).fill(0),
  early: [],
});

/** The share at the edge now, before this row is learned. */
export function atEdge(of: Edges, row: readonly (number | null)[]): number {
  of.n++;
  if (of.n <= EARLY) {
    of.early.push([...row]);
    if (of.n === EARLY) begin(of);
    return 0;
  }
  const step = 3 * Math.max(0.2 / Math.sqrt(of.n / 100), 0.005);
  const slow = Math.max(1 / of.n, 0.005);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? null;
    if (value === null) continue;
    sum += outwards(of.quantiles, 4 * i, value);
    const spread = follow(of, i, value, slow);
    for (let k = 0; k < 4; k++) {
      const [at, share] = [4 * i + k, SHARES[k] ?? 0];
      const quantile = of.quantiles[at] ?? 0;
      if (value > quantile) of.quantiles[at] = quantile + step * spread * share;
      else if (value < quantile) of.quantiles[at] = quantile - step * spread * (1 - share);
    }
  }
  return sum / row.length;
}

function begin(of: Edges): void {
  for (let i = 0; i < of.mean.length; i++) {
    const values = of.early.flatMap((row) => row[i] ?? []).sort((a, b) => a - b);
    const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
    of.mean[i] = mean;
    of.spread[i] = values.reduce((a, b) => a + Math.abs(b - mean), 0) / Math.max(1, values.length);
    for (const [k, share] of SHARES.entries()) {
      of.quantiles[4 * i + k] = values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
    }
  }
  of.early = [];
}

/** 0 inside, 1 beyond the outer quantile, a ramp between. */
function outwards(quantiles: readonly number[], at: number, value: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [quantiles[at], quantiles[at + 1], quantiles[at + 2], quantiles[at + 3]];
  const ramp = (inner: number, outer: number) =>
    outer > inner ? (value - inner) / (outer - inner) : value > inner ? 1 : 0;
  const low = b > a ? (b - value) / (b - a) : value < b ? 1 : 0;
  return Math.max(0, Math.min(1, Math.max(ramp(c, d), low)));
}
