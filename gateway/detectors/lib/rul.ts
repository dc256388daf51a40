import type { Trend } from "./kalman.ts";

/** How long until the limit: the median and an 80 % interval, in the unit of time of the trend. */
export interface TimeToLimit {
  at: number;
  low: number;
  high: number;
}

/** Above this chance that it does not rise at all, no date is named. */
const DOUBT = 0.2;

/** An interval that ends this many times later than its middle tells nobody anything. */
const WIDEST = 30;

/** Midpoints of equal slices of the normal distribution: what the slope may be, each as likely as the next. */
const SLICES = [-1.383, -0.674, -0.21, 0.21, 0.674, 1.383];

/** How likely the course says nothing of the end, and how long it has lasted: then it may last as long again. */
export interface Doubt {
  share: number;
  lasted: number;
}

/**
 * First passage through `limit` of a level that drifts by an uncertain slope and wanders (`wander`: variance per unit of
 * time). For a known slope that time is inverse Gaussian; over the slope's own spread it is averaged. Null while it may
 * well not be rising, while the interval is too wide to plan with, and beyond `horizon`: no trend is believed that long.
 */
export function timeToLimit(
  trend: Trend,
  limit: number,
  wander: number,
  horizon: number,
  doubt: Doubt = { share: 0, lasted: 1 },
): TimeToLimit | null {
  const slopeSpread = Math.sqrt(trend.slopeVar);
  const distance = limit - trend.level;
  if (distance <= 0 || trend.slope <= 0 || normal(-trend.slope / slopeSpread) > DOUBT) return null;
  const middle = distance / trend.slope;
  if (middle > horizon) return null;
  const chance = (t: number) => {
    let sum = 0;
    for (const z of SLICES) {
      sum += passed(t, distance, trend.slope + z * slopeSpread, wander, trend.levelVar);
    }
    return ((1 - doubt.share) * sum) / SLICES.length + (doubt.share * t) / (t + doubt.lasted);
  };
  const at = quantile(chance, 0.5, middle);
  const low = quantile(chance, 0.1, middle);
  const high = quantile(chance, 0.9, middle);
  return high > WIDEST * at ? null : { at, low, high };
}

/** Chance that a Wiener process with this drift has passed `distance` by `t`; its start is known to within `startVar`. */
function passed(t: number, distance: number, drift: number, wander: number, startVar: number): number {
  const ahead = normal((drift * t - distance) / Math.sqrt(wander * t + startVar));
  if (wander === 0) return ahead;
  // It may have passed and fallen back: e^(2·drift·distance/wander)·Φ(-z), with the two huge factors taken together.
  const root = Math.sqrt(wander * t);
  const z = (drift * t + distance) / root;
  const gap = (drift * t - distance) / root;
  const fallen = z > 2 ? Math.exp((-gap * gap) / 2) * mills(z) : Math.exp((z * z - gap * gap) / 2) * normal(-z);
  return Math.min(1, ahead + fallen);
}

/** Φ(-z) over e^(-z²/2), by its continued fraction: good to five digits from z = 2 on. */
const mills = (z: number): number => 1 / (z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 5 / z))))) / Math.sqrt(2 * Math.PI);

/** Where a rising chance reaches `share`, on a ladder of times around `middle`; at the most 50 times it. */
function quantile(chance: (t: number) => number, share: number, middle: number): number {
  let low = Math.log(middle) - 4;
  let high = Math.log(middle) + 4;
  for (let i = 0; i < 10; i++) {
    const half = (low + high) / 2;
    if (chance(Math.exp(half)) < share) low = half;
    else high = half;
  }
  return Math.exp((low + high) / 2);
}

/** Cumulative normal distribution (Abramowitz and Stegun 7.1.26, error below 2e-7). */
export function normal(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const k = 1 / (1 + 0.3275911 * x);
  const tail = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))));
  const erf = 1 - tail * Math.exp(-x * x);
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}
