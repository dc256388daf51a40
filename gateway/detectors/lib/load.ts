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

/** How a signal follows the load: `value ≈ usual + slope × (load − usual load)`. Slope 0 where it does not. */
export interface Following {
  load: number;
  slope: number;
}

/** Least squares over pairs, believed only where the load explains a quarter of what is seen. */
export function following(pairs: readonly { value: number; load: number }[]): Following {
  const n = pairs.length;
  const mean = (of: (p: { value: number; load: number }) => number) => pairs.reduce((a, p) => a + of(p), 0) / n;
  const [value, load] = [mean((p) => p.value), mean((p) => p.load)];
  const together = mean((p) => (p.value - value) * (p.load - load));
  const [spread, of] = [mean((p) => (p.value - value) ** 2), mean((p) => (p.load - load) ** 2)];
  const explained = spread > 0 && of > 0 ? together ** 2 / (spread * of) : 0;
  return { load, slope: explained > 0.25 ? together / of : 0 };
}
