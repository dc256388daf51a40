import type { Entry } from "../core/log.ts";
import type { PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";

/** Fewer readings tell nothing about noise. */
const ENOUGH = 30;

/**
 * The noise of each point (1 σ), from the differences of neighbouring readings: slow movement hardly counts, and the
 * median keeps jumps out.
 */
export function noiseOf(entries: readonly Entry<Reading>[], points: ReadonlySet<PointId>): Map<PointId, number> {
  const last = new Map<PointId, number>();
  const steps = new Map<PointId, number[]>();
  for (const { item } of entries) {
    if (item.quality !== "good" || !points.has(item.point)) continue;
    const before = last.get(item.point);
    last.set(item.point, item.value);
    if (before === undefined) continue;
    const list = steps.get(item.point);
    if (list) list.push(Math.abs(item.value - before));
    else steps.set(item.point, [Math.abs(item.value - before)]);
  }
  const noise = new Map<PointId, number>();
  for (const [point, list] of steps) {
    if (list.length < ENOUGH) continue;
    const median = list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
    // A normal step has σ√2; its median magnitude is 0.6745 of that.
    if (median > 0) noise.set(point, median / (0.6745 * Math.SQRT2));
  }
  return noise;
}
