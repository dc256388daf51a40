import type { HistoryAnswer } from "../../../gateway/core/api.ts";
import type { FaultCode } from "../../../gateway/core/fault.ts";

/** A stretch without any number, and why. */
export interface Gap {
  from: number;
  to: number;
  why: FaultCode;
}

/** Columns for drawing; null breaks the line. */
export interface Columns {
  t: number[];
  min: (number | null)[];
  max: (number | null)[];
  mean: (number | null)[];
  gaps: Gap[];
}

/** How many buckets to ask for: one per two pixels, and none shorter than the point's own pace. */
export const bucketsFor = (span: number, width: number, every: number): number =>
  Math.max(2, Math.min(800, Math.floor(width / 2), Math.floor(span / Math.max(every, 1))));

/**
 * What to draw of a history. An empty bucket between two readings is a gap only when the silence is longer than the point's
 * pace explains, or when something said that it was bad; the future is no gap.
 */
export function columnsOf({ buckets }: HistoryAnswer, to: number, every: number, now: number): Columns {
  const found: Columns = { t: [], min: [], max: [], mean: [], gaps: [] };
  const end = Math.min(to, now);
  const length = buckets.length > 1 ? (buckets[1]?.t ?? 0) - (buckets[0]?.t ?? 0) : end - (buckets[0]?.t ?? end);
  const patience = Math.max(3_000, 3 * every);
  let open: Gap | undefined;
  let said = false;
  const close = (at: number): void => {
    if (!open) return;
    const gap = { ...open, to: at };
    open = undefined;
    // The newest stretch may simply not be written yet.
    const last = at >= end;
    if ((said && !last) || gap.to - gap.from > patience + (last ? length : 0)) {
      found.gaps.push(gap);
      push(found, gap.from, null, null, null);
    }
    said = false;
  };
  for (const bucket of buckets) {
    if (bucket.t >= end) break;
    if (bucket.count === 0 || bucket.mean === null) {
      open ??= { from: bucket.t, to: bucket.t, why: bucket.why ?? "unknown" };
      if (bucket.bad > 0) said = true;
      if (bucket.why && open.why === "unknown") open.why = bucket.why;
      // One silence with two causes in a row is two gaps.
      else if (bucket.why && bucket.why !== open.why) {
        close(bucket.t);
        open = { from: bucket.t, to: bucket.t, why: bucket.why };
        said = bucket.bad > 0;
      }
      continue;
    }
    close(bucket.t);
    push(found, bucket.t + length / 2, bucket.min, bucket.max, bucket.mean);
  }
  close(end);
  return found;
}

function push(to: Columns, t: number, min: number | null, max: number | null, mean: number | null): void {
  to.t.push(t / 1_000);
  to.min.push(min);
  to.max.push(max);
  to.mean.push(mean);
}

/** The second line's means at the first one's moments: the nearest within one of its own steps, else nothing. */
export function aligned(t: readonly number[], other: Columns, shift: number): (number | null)[] {
  const step = (other.t[1] ?? 0) - (other.t[0] ?? 0) || 1;
  let i = 0;
  return t.map((moment) => {
    const wanted = moment - shift / 1_000;
    while (i + 1 < other.t.length && Math.abs((other.t[i + 1] ?? 0) - wanted) <= Math.abs((other.t[i] ?? 0) - wanted))
      i++;
    return Math.abs((other.t[i] ?? Number.NEGATIVE_INFINITY) - wanted) <= step * 1.5 ? (other.mean[i] ?? null) : null;
  });
}

/** The lowest and the highest of what is drawn; undefined when nothing is. */
export function extent({ min, max }: Columns): [low: number, high: number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of min) if (value !== null && value < low) low = value;
  for (const value of max) if (value !== null && value > high) high = value;
  return low <= high ? [low, high] : undefined;
}
