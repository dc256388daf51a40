import { thirdOctaves } from "../../core/burst.ts";

/** An octave with its own baseline: what is usual in it, in decibels of its r.m.s., and how far it wanders. */
export interface Band {
  usual: number;
  wander: number;
}

export interface Rise {
  /** Decibels above the usual. */
  decibels: number;
  low: number;
  high: number;
}

/** Bursts from which a baseline is learned. */
export const LEARN = 24;
/** A band that has not wandered while it was learned may still do so by this much. */
const LEAST_WANDER = 1;
const WANDERINGS = 5;
/** Twice the amplitude: what a person would call a change. */
export const CLEAR = 6;
const SLOWEST = 1 / 200;
/** A band whose waves hardly fit into the burst tells nothing. */
const LEAST_WAVES = 4;

/** Octaves in decibels, from third-octaves in g. */
export function octaves(thirds: readonly number[]): number[] {
  const levels: number[] = [];
  for (let i = 0; i + 2 < thirds.length; i += 3) {
    const square = (thirds[i] ?? 0) ** 2 + (thirds[i + 1] ?? 0) ** 2 + (thirds[i + 2] ?? 0) ** 2;
    levels.push(10 * Math.log10(Math.max(square, 1e-18)));
  }
  return levels;
}

/** The bands with this burst learned; the `count`-th one. Only the early ones count in full. */
export function learn(bands: readonly Band[], levels: readonly number[], count: number): Band[] {
  const pace = Math.max(SLOWEST, 1 / (count + 1));
  return levels.map((level, i) => {
    const band = bands[i] ?? { usual: level, wander: 0 };
    const off = level - band.usual;
    return { usual: band.usual + pace * off, wander: band.wander + pace * (Math.abs(off) - band.wander) };
  });
}

/** The bands clearly above their usual, the strongest first. */
export function rises(bands: readonly Band[], levels: readonly number[], rate: number, seconds: number): Rise[] {
  const centres = thirdOctaves(rate);
  return levels
    .map((level, i): Rise => {
      const { usual, wander } = bands[i] ?? { usual: level, wander: 0 };
      const clear = level - usual >= Math.max(CLEAR, WANDERINGS * Math.max(LEAST_WANDER, wander));
      const middle = centres[3 * i + 1] ?? 0;
      return { decibels: clear ? level - usual : 0, low: middle / Math.SQRT2, high: middle * Math.SQRT2 };
    })
    .filter(({ decibels, low }) => decibels > 0 && low * seconds >= LEAST_WAVES)
    .sort((a, b) => b.decibels - a.decibels);
}
