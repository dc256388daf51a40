/** Where a noisy series stands and how fast it moves, with how well both are known. */
export interface Trend {
  level: number;
  /** Per unit of the times given. */
  slope: number;
  levelVar: number;
  slopeVar: number;
  /** Covariance of the two. */
  both: number;
}

export interface TrendNoise {
  /** Variance of one observation. */
  observed: number;
  /** Variance that the level gains per unit of time by wandering. */
  level: number;
  /** Variance that the slope gains per unit of time. */
  slope: number;
}

/**
 * Runs a local linear trend (level and slope, both wandering) over a series and returns it as of the last observation.
 * Starts knowing nothing of the level, and of the slope only that it is 0 ± `slopePrior` (a standard deviation).
 */
export function localTrend(
  times: readonly number[],
  values: readonly number[],
  noise: TrendNoise,
  slopePrior: number,
): Trend {
  let level = values[0] ?? 0;
  let slope = 0;
  let p = noise.observed;
  let c = 0;
  let s = slopePrior * slopePrior;
  let before = times[0] ?? 0;
  for (let i = 1; i < values.length; i++) {
    const now = times[i] ?? before;
    const dt = now - before;
    before = now;
    level += slope * dt;
    p += 2 * c * dt + s * dt * dt + noise.level * dt + (noise.slope * dt * dt * dt) / 3;
    c += s * dt + (noise.slope * dt * dt) / 2;
    s += noise.slope * dt;
    const surprise = (values[i] ?? level) - level;
    const spread = p + noise.observed;
    const gain = p / spread;
    const slopeGain = c / spread;
    level += gain * surprise;
    slope += slopeGain * surprise;
    s -= slopeGain * c;
    c -= gain * c;
    p -= gain * p;
  }
  return { level, slope, levelVar: p, slopeVar: s, both: c };
}

/**
 * Variance of one observation around a smooth course, from the second differences: a trend does not inflate it, and the
 * median keeps a jump from doing so.
 */
export function roughness(values: readonly number[]): number {
  const bends = new Float64Array(Math.max(0, values.length - 2));
  for (let i = 0; i < bends.length; i++) {
    bends[i] = Math.abs((values[i + 1] ?? 0) - ((values[i] ?? 0) + (values[i + 2] ?? 0)) / 2);
  }
  const spread = 1.4826 * median(bends);
  return (spread * spread) / 1.5;
}

const FEW = 16;
/** A few values are sorted here, and nothing is made for them: some rules ask at every reading. */
const few = new Float64Array(FEW);

/** The middle value; 0 for none. */
export function median(values: ArrayLike<number>): number {
  const n = values.length;
  const sorted = n > FEW ? new Float64Array(values).sort() : insert(values, n);
  const half = n >> 1;
  const upper = n === 0 ? 0 : (sorted[half] ?? 0);
  return n % 2 === 1 || n === 0 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}

function insert(values: ArrayLike<number>, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    const value = values[i] ?? 0;
    let place = i;
    for (; place > 0 && (few[place - 1] ?? 0) > value; place--) few[place] = few[place - 1] ?? 0;
    few[place] = value;
  }
  return few;
}
