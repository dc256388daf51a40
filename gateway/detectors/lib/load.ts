import type { Point } from "../../core/point.ts";

/** Signals that tell how hard a machine works, best first, by unit. */
const units: readonly (readonly string[])[] = [
  ["W", "kW"],
  ["VA", "kVA"],
  ["A", "mA"],
];

/** The signal that tells the load of a machine, where it has one. */
export function loadOf(points: readonly Point[]): Point | undefined {
  for (const names of units) {
    const found = points.find(({ signal }) => signal.kind === "gauge" && names.includes(signal.unit));
    if (found) return found;
  }
  return undefined;
}

/** How a signal follows the load: `value ≈ usual + slope × (load − usual load)`, learned between `low` and `high`. */
export interface Following {
  load: number;
  slope: number;
  low: number;
  high: number;
}

export interface Pair {
  value: number;
  load: number;
}

/** A load that hardly ever changed teaches nothing about what it does. */
const LEAST_SPREAD = 0.05;

/** Least squares, believed only where the load changed and explains clearly more than chance would. */
export function following(pairs: readonly Pair[]): Following {
  const n = pairs.length;
  const mean = (of: (p: Pair) => number) => pairs.reduce((a, p) => a + of(p), 0) / n;
  const [value, load] = [mean((p) => p.value), mean((p) => p.load)];
  const together = mean((p) => (p.value - value) * (p.load - load));
  const [spread, changes] = [mean((p) => (p.value - value) ** 2), mean((p) => (p.load - load) ** 2)];
  const explained = spread > 0 && changes > 0 ? together ** 2 / (spread * changes) : 0;
  const believed = explained > 0.25 + 3 / n && Math.sqrt(changes) > LEAST_SPREAD * Math.abs(load);
  const loads = pairs.map((p) => p.load);
  return { load, slope: believed ? together / changes : 0, low: Math.min(...loads), high: Math.max(...loads) };
}

/**
 * How far a value is from what is to be expected at its load. Beyond the loads that were learned, anything between
 * unchanged and in proportion to the load is to be expected.
 */
export function beside(usual: number, { value, load }: Pair, of: Following): { value: number; expected: number } {
  const known = Math.max(of.low, Math.min(of.high, load));
  const plain = value - of.slope * (known - of.load);
  const inProportion = known > 0 ? (usual * load) / known : usual;
  const [low, high] = [Math.min(usual, inProportion), Math.max(usual, inProportion)];
  return { value: plain, expected: Math.max(low, Math.min(high, plain)) };
}
