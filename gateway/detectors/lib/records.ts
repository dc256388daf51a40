/**
 * How extreme is this, measured against the most extreme there has been? Keeps the highest values of blocks of readings and
 * fits an exponential tail to their logarithms (Hill), so that neither scale nor shape has to be known: a spiky signal has
 * a heavy tail and is given much room, a quiet one little. A new record is rare by itself: in a steady signal their
 * number grows with the logarithm of time only.
 */
export interface Records {
  /** Highest first. */
  top: number[];
  /** The highest of the block that is under way. */
  peak: number;
  age: number;
}

export interface RecordRule {
  /** How many to keep. */
  keep: number;
  /** Readings to a block: neighbours are not independent. */
  block: number;
}

/** A tail of unknown shape is believed to be this wide, and that belief weighs as much as three records. */
const PRIOR_WIDTH = 0.3;
const PRIOR_WEIGHT = 3;
const NARROWEST = 0.1;
/** What came within a tenth of it so often is known, whatever the tail says: the start of every shift, the spike of every night. */
const KNOWN = { share: 0.9, times: 2 };

export const records = (): Records => ({ top: [], peak: 0, age: 0 });

/** e-folds by which `value` exceeds the lowest of the records kept, in widths of the tail; 0 while it does not. */
export function excess(of: Records, value: number, floor = 0): number {
  const { top } = of;
  const lowest = Math.max(top[top.length - 1] ?? Infinity, floor);
  if (value <= lowest) return 0;
  if (lowest <= 0) return Infinity;
  return Math.log(value / lowest) / width(top);
}

/** Minus the decimal logarithm of how many such values would have been expected so far. */
export function surprise(of: Records, value: number, atLeast: number): number {
  if (of.top.length < atLeast || (of.top[KNOWN.times - 1] ?? 0) >= KNOWN.share * value) return 0;
  const folds = Math.min(excess(of, value), 100);
  return folds === 0 ? 0 : Math.max(0, folds / Math.LN10 - Math.log10(of.top.length));
}

export function remember(of: Records, value: number, { keep, block }: RecordRule): void {
  if (value > of.peak) of.peak = value;
  if (++of.age < block) return;
  const { top, peak } = of;
  of.peak = 0;
  of.age = 0;
  if (peak <= 0 || (top.length === keep && peak <= (top[keep - 1] ?? 0))) return;
  let place = top.length;
  while (place > 0 && (top[place - 1] ?? 0) < peak) place--;
  top.splice(place, 0, peak);
  if (top.length > keep) top.pop();
}

/** Lets all records shrink to a share of themselves: what a machine did before its repair must not excuse it for ever. */
export function fade({ top }: Records, share: number): void {
  for (let i = 0; i < top.length; i++) top[i] = share * (top[i] ?? 0);
}

function width(top: readonly number[]): number {
  const lowest = top[top.length - 1] ?? 1;
  let sum = PRIOR_WEIGHT * PRIOR_WIDTH;
  for (const value of top) sum += Math.log(value / lowest);
  return Math.max(NARROWEST, sum / (top.length - 1 + PRIOR_WEIGHT));
}
