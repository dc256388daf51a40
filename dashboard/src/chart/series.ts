import type { HistoryAnswer } from "../../../gateway/core/api.ts";
import type { FaultCode } from "../../../gateway/core/fault.ts";
import type { Bucket } from "../../../gateway/core/history.ts";

/** A stretch without any number, and why. `none`: before the first record there is. */
export interface Gap {
  from: number;
  to: number;
  why: FaultCode | "none";
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
export const bucketsFor = (span: number, width: number, every: number, most = 800): number =>
  Math.max(2, Math.min(most, Math.floor(width / 2), Math.floor(span / Math.max(every, 1))));

/**
 * What to draw of a history. An empty stretch between two readings is a gap only when it is longer than the point's pace
 * explains, or when something said that it was bad; the future is no gap.
 */
export function columnsOf({ buckets }: HistoryAnswer, to: number, every: number, now: number): Columns {
  const found: Columns = { t: [], min: [], max: [], mean: [], gaps: [] };
  const end = Math.min(to, now);
  const length = (buckets[1]?.t ?? end) - (buckets[0]?.t ?? 0);
  const patience = Math.max(3_000, 3 * every);
  let empty: Bucket[] = [];
  const close = (at: number): void => {
    const gaps = gapsOf(empty, at, found.t.length === 0, patience);
    empty = [];
    // The newest stretch may simply not be written yet.
    const told = gaps.filter(
      (gap) => gap.to - gap.from > patience + (at < end ? 0 : length) || (at < end && gap.why !== "unknown"),
    );
    found.gaps.push(...told);
    if (told[0]) push(found, told[0].from, null, null, null);
  };
  for (const bucket of buckets) {
    if (bucket.t >= end) break;
    if (bucket.count === 0 || bucket.mean === null) {
      empty.push(bucket);
      continue;
    }
    close(bucket.t);
    push(found, bucket.t + length / 2, bucket.min, bucket.max, bucket.mean);
  }
  close(end);
  return found;
}

/** An empty stretch cut by cause. Buckets without one take that of their neighbour, unless they are too many to be its pauses. */
function gapsOf(empty: readonly Bucket[], to: number, first: boolean, patience: number): Gap[] {
  const cut: Gap[] = [];
  for (const [i, { t, why, bad }] of empty.entries()) {
    const cause = why ?? (bad > 0 ? "unknown" : "none");
    const before = cut.at(-1);
    const until = empty[i + 1]?.t ?? to;
    if (before?.why === cause) before.to = until;
    else cut.push({ from: t, to: until, why: cause });
  }
  const whole: Gap[] = [];
  for (const [i, gap] of cut.entries()) {
    const before = whole.at(-1);
    const pause = gap.why === "none" && gap.to - gap.from <= patience;
    const neighbour = pause ? (before?.why ?? cut[i + 1]?.why) : undefined;
    const why = neighbour ?? (gap.why === "none" && !(first && i === 0) ? "unknown" : gap.why);
    if (before?.why === why) before.to = gap.to;
    else whole.push({ ...gap, why });
  }
  return whole;
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
