type Row = readonly (number | null)[];

/**
 * How regularly something comes again: one signal that goes up through the middle of its range, or all of them standing
 * as they once stood.
 */
export interface Home {
  low: number | null;
  high: number | null;
  /** The newest value, and how far the next one usually is from it. */
  newest: number | null;
  step: number;
  readings: number;
  above: boolean;
  /** Steady ms of the newest passage. */
  at: number | null;
  intervals: number;
  interval: number;
  /** Mean deviation of the intervals, as a share of one. */
  spread: number;
  /** Readings seen since it last passed. */
  since: number;
}

/** A cycle has at least so many readings: less is noise, or cannot be looked into. */
const LEAST_READINGS = 20;
/** Two values are alike within this share of the signal's range and so many of its usual steps: some signals are rough. */
const ALIKE = { range: 0.1, steps: 2 };
/** They are elsewhere where so much less of them is alike than it takes to be there. */
const ELSEWHERE = 0.15;

export const home = (): Home => ({
  low: null,
  high: null,
  newest: null,
  step: 0,
  readings: 0,
  above: false,
  at: null,
  intervals: 0,
  interval: 0,
  spread: 1,
  since: 0,
});

/** True when the signal goes up through the middle of its range, having been well below before. */
export function passes(of: Home, value: number | null, steady: number): boolean {
  of.since++;
  if (value === null) return false;
  of.readings++;
  if (of.newest !== null) of.step += Math.max(1 / of.readings, 0.001) * (Math.abs(value - of.newest) - of.step);
  of.newest = value;
  // The range follows slowly, so that one spike does not hide all cycles after it.
  of.low = of.low === null ? value : value < of.low ? value : of.low + 1e-4 * (value - of.low);
  of.high = of.high === null ? value : value > of.high ? value : of.high + 1e-4 * (value - of.high);
  const range = of.high - of.low;
  return rises(of, value > of.low + 0.6 * range, value < of.low + 0.3 * range, steady);
}

/** The share of all signals that stand as they stood in that row; null while no signal has moved. */
export function likeness(signals: readonly Home[], then: Row, now: Row): number | null {
  let [alike, known] = [0, 0];
  for (const [i, { low, high, step }] of signals.entries()) {
    const [a, b] = [then[i] ?? null, now[i] ?? null];
    if (a === null || b === null || low === null || high === null || high <= low) continue;
    known++;
    if (Math.abs(a - b) < ALIKE.range * (high - low) + ALIKE.steps * step) alike++;
  }
  return known > 0 ? alike / known : null;
}

/** True when they stand so again, to this degree at the least, having been elsewhere. */
export function standsAgain(of: Home, like: number | null, degree: number, steady: number): boolean {
  of.since++;
  return like !== null && rises(of, like >= degree, like < degree - ELSEWHERE, steady);
}

/** There for the first time since it was last away. */
function rises(of: Home, there: boolean, away: boolean, steady: number): boolean {
  if (of.above) {
    of.above = !away;
    return false;
  }
  if (!there) return false;
  of.above = true;
  const interval = of.at === null ? 0 : steady - of.at;
  const long = of.since >= LEAST_READINGS;
  of.at = steady;
  of.since = 0;
  if (interval <= 0) return true;
  if (of.intervals === 0) of.interval = interval;
  of.intervals++;
  const weight = Math.max(1 / of.intervals, 0.1);
  const off = Math.abs(interval - of.interval) / of.interval;
  of.spread = long ? of.spread + weight * (Math.min(off, 1) - of.spread) : 1;
  of.interval += weight * (interval - of.interval);
  return true;
}
