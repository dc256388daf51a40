import { type Confirmed, confirm } from "./usual.ts";

/**
 * Many signals that belong together: the distance of a row from what is usual, given how the signals move with each
 * other (Mahalanobis, with the covariance shrunk so that few rows suffice). One signal that breaks the relation is far
 * though each value alone is ordinary. Looked at twice: row by row, and smoothed, for what is small and lasting.
 * The distance of healthy rows that came after the fit is the yardstick, never that of the rows fitted.
 */
export interface Joint extends Confirmed {
  n: number;
  nextFit: number;
  mean: number[];
  /** Lower triangle of the covariance, by rows. */
  covariance: number[];
  /** What the newest fit froze; `factor` is the Cholesky factor of the shrunk correlation. */
  fit: { centre: number[]; scale: number[]; factor: number[] } | null;
  smooth: number[];
  yardsticks: [Yardstick, Yardstick];
  /** How often it was away and came back: what always comes back is how this machine moves. */
  returns: number;
  /** Rows in a row that were away. */
  lasting: number;
}

interface Yardstick {
  n: number;
  mean: number;
  variance: number;
}

const SHRINK = 0.05;
const SMOOTH = 0.1;
const CLIP = 20;
const AWAY = 3;
const BACK = 1;
const CONFIRM = { leave: 2, back: 5 };
/** Each return doubles the rows that it takes to be away, so often. */
const STUBBORN = 5;
const REFIT = 1.15;
const MEMORY = 1_000;
const STILL = 1e150;

export function joint(signals: number): Joint {
  return {
    n: 0,
    nextFit: Math.max(100, 2 * signals),
    mean: new Array<number>(signals).fill(0),
    covariance: new Array<number>((signals * (signals + 1)) / 2).fill(0),
    fit: null,
    smooth: new Array<number>(signals).fill(0),
    yardsticks: [
      { n: 0, mean: 0, variance: 0 },
      { n: 0, mean: 0, variance: 0 },
    ],
    away: false,
    doubt: 0,
    returns: 0,
    lasting: 0,
  };
}

const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j;

/** Takes one row; says by how many standard deviations its distance is unusual. `judge` is false while still learning. */
export function relate(of: Joint, row: readonly (number | null)[], judge: boolean): number {
  of.n++;
  let far = 0;
  let suspect = false;
  if (of.fit) {
    const z = standardised(of.fit, row);
    for (let i = 0; i < z.length; i++)
      of.smooth[i] = (of.smooth[i] ?? 0) + SMOOTH * ((z[i] ?? 0) - (of.smooth[i] ?? 0));
    const distances = [distance(of.fit.factor, z), distance(of.fit.factor, of.smooth)];
    far = Math.max(...of.yardsticks.map((yard, k) => measure(yard, distances[k] ?? 0)));
    suspect = judge && far > (of.away ? BACK : AWAY);
    const turned = confirm(of, suspect, {
      leave: CONFIRM.leave * 2 ** Math.min(of.returns, STUBBORN),
      back: CONFIRM.back,
    });
    if (turned && !of.away) of.returns++;
    if (!suspect && !of.away) for (const [k, yard] of of.yardsticks.entries()) calibrate(yard, distances[k] ?? 0);
  }
  if (!suspect && !of.away) learn(of, row);
  // A model that has been wrong for six times as long as it was ever right has learned too little.
  of.lasting = of.away ? of.lasting + 1 : 0;
  if (of.lasting > 6 * (of.n - of.lasting)) Object.assign(of, joint(of.mean.length));
  return far;
}

/** The signals that broke the relation, worst first, with what was to be expected from the others. */
export function blame(
  of: Joint,
  row: readonly (number | null)[],
): { signal: number; expected: number; share: number }[] {
  if (!of.fit) return [];
  const { centre, scale, factor } = of.fit;
  const z = standardised(of.fit, row);
  const pull = solve(factor, z);
  const parts = pull.map((p, i) => Math.max(0, p * (z[i] ?? 0)));
  const sum = parts.reduce((a, b) => a + b, 0) || 1;
  return parts
    .map((part, signal) => ({ signal, share: part / sum }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 3)
    .map(({ signal, share }) => {
      const own =
        solve(
          factor,
          z.map((_, i) => (i === signal ? 1 : 0)),
        )[signal] ?? 1;
      const expected = (z[signal] ?? 0) - (pull[signal] ?? 0) / own;
      return { signal, share, expected: (centre[signal] ?? 0) + expected * (scale[signal] ?? 1) };
    });
}

function standardised({ centre, scale }: NonNullable<Joint["fit"]>, row: readonly (number | null)[]): number[] {
  return row.map((value, i) =>
    value === null ? 0 : Math.max(-CLIP, Math.min(CLIP, (value - (centre[i] ?? 0)) / (scale[i] ?? 1))),
  );
}

/** Log of the mean squared distance: close to normal in shape whatever the number of signals. */
function distance(factor: readonly number[], z: readonly number[]): number {
  return Math.log(forward(factor, z).reduce((sum, w) => sum + w * w, 0) / z.length + 1e-9);
}

function forward(factor: readonly number[], z: readonly number[]): number[] {
  const w = new Array<number>(z.length);
  for (let i = 0; i < z.length; i++) {
    let rest = z[i] ?? 0;
    const start = at(i, 0);
    for (let k = 0; k < i; k++) rest -= (factor[start + k] ?? 0) * (w[k] ?? 0);
    w[i] = rest / (factor[start + i] ?? 1);
  }
  return w;
}

function solve(factor: readonly number[], z: readonly number[]): number[] {
  const w = forward(factor, z);
  for (let i = w.length - 1; i >= 0; i--) {
    let rest = w[i] ?? 0;
    for (let k = i + 1; k < w.length; k++) rest -= (factor[at(k, i)] ?? 0) * (w[k] ?? 0);
    w[i] = rest / (factor[at(i, i)] ?? 1);
  }
  return w;
}

const measure = ({ n, mean, variance }: Yardstick, value: number): number =>
  n > 20 ? (value - mean) / Math.sqrt(variance + 1e-9) : 0;

function calibrate(yard: Yardstick, value: number): void {
  const n = ++yard.n;
  const weight = Math.max(1 / n, 1 / 200);
  const sigma = Math.sqrt(yard.variance + 1e-9);
  const off = n > 20 ? Math.max(-3 * sigma, Math.min(3 * sigma, value - yard.mean)) : value - yard.mean;
  yard.mean += weight * off;
  yard.variance += weight * (off * off - yard.variance);
}

function learn(of: Joint, row: readonly (number | null)[]): void {
  const weight = Math.max(1 / of.n, 1 / MEMORY);
  const off = row.map((value, i) => {
    if (value === null) return 0;
    const reach = of.fit ? 4 * (of.fit.scale[i] ?? 1) : Infinity;
    return Math.max(-reach, Math.min(reach, value - (of.mean[i] ?? 0)));
  });
  for (let i = 0; i < off.length; i++) {
    of.mean[i] = (of.mean[i] ?? 0) + weight * (off[i] ?? 0);
    const start = at(i, 0);
    for (let j = 0; j <= i; j++) {
      const known = of.covariance[start + j] ?? 0;
      of.covariance[start + j] = (1 - weight) * (known + weight * (off[i] ?? 0) * (off[j] ?? 0));
    }
  }
  if (of.n >= of.nextFit) refit(of);
}

function refit(of: Joint): void {
  const { mean, covariance } = of;
  const scale = mean.map((m, i) => {
    const spread = Math.sqrt(covariance[at(i, i)] ?? 0);
    // A signal that has not moved yet is not judged: nobody knows what a small move of it is.
    return spread > 1e-9 * Math.abs(m) ? spread : STILL;
  });
  const factor = new Array<number>(covariance.length).fill(0);
  for (let i = 0; i < mean.length; i++) {
    for (let j = 0; j <= i; j++) {
      const correlation = (covariance[at(i, j)] ?? 0) / ((scale[i] ?? 1) * (scale[j] ?? 1));
      let rest = i === j ? 1 : correlation * (1 - SHRINK);
      for (let k = 0; k < j; k++) rest -= (factor[at(i, k)] ?? 0) * (factor[at(j, k)] ?? 0);
      factor[at(i, j)] = i === j ? Math.sqrt(Math.max(rest, 1e-6)) : rest / (factor[at(j, j)] ?? 1);
    }
  }
  of.fit = { centre: [...mean], scale, factor };
  of.nextFit = Math.ceil(of.n * REFIT);
  // Distances shrink with a better fit: the yardsticks may move quickly again.
  for (const yard of of.yardsticks) yard.n = Math.min(yard.n, 60);
}
