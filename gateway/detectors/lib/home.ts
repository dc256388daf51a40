/** One signal's upward passages through the middle of its range, and how regularly they come. */
export interface Home {
  low: number | null;
  high: number | null;
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

export const home = (): Home => ({
  low: null,
  high: null,
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
  // The range follows slowly, so that one spike does not hide all cycles after it.
  of.low = of.low === null ? value : value < of.low ? value : of.low + 1e-4 * (value - of.low);
  of.high = of.high === null ? value : value > of.high ? value : of.high + 1e-4 * (value - of.high);
  const [quarter, middle] = [of.low + 0.3 * (of.high - of.low), of.low + 0.6 * (of.high - of.low)];
  if (of.above) {
    if (value < quarter) of.above = false;
    return false;
  }
  if (value <= middle || of.high <= of.low) return false;
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
