import { Counting } from "../../core/counting.ts";
import { DAY, MINUTE } from "../../core/time.ts";
import type { Samples } from "./chunk.ts";
import { packColumns, unpackColumns } from "./columns.ts";

/** The three widths of roll-up, each with its table: one row per UTC day and point. */
export const levels = {
  minute: { width: MINUTE, kind: 0x314d4756 },
  quarter: { width: 15 * MINUTE, kind: 0x31514756 },
  daily: { width: DAY, kind: 0x31444756 },
} as const;

export type Level = keyof typeof levels;

/** What one stretch of time held. */
export interface Stretch {
  /** Its start, in widths since the start of the day. */
  index: number;
  count: number;
  bad: number;
  /** The most frequent fault number of the bad ones. */
  why: number;
  min: number;
  max: number;
  sum: number;
  /** Counters: first and last number, and how much was counted in between. */
  first: number;
  last: number;
  rise: number;
}

/** Rolls up the readings of one point and one day; stretches without any reading are left out. */
export function rollUp(samples: Samples, day: number, width: number): Stretch[] {
  const stretches: Stretch[] = [];
  let now: Stretch | undefined;
  let whys = new Map<number, number>();
  let counting = new Counting();
  for (let i = 0; i < samples.t.length; i++) {
    const index = Math.floor(((samples.t[i] ?? 0) - day * DAY) / width);
    if (!now || now.index !== index) {
      now = {
        index,
        count: 0,
        bad: 0,
        why: 0,
        min: Infinity,
        max: -Infinity,
        sum: 0,
        first: Number.NaN,
        last: Number.NaN,
        rise: 0,
      };
      stretches.push(now);
      whys = new Map();
      counting = new Counting();
    }
    const state = samples.state[i] ?? 0;
    const value = samples.value[i] ?? Number.NaN;
    if ((state & 3) === 2) addBad(now, state >> 2, whys);
    else addGood(now, samples.t[i] ?? 0, value, counting);
  }
  return stretches;
}

function addBad(stretch: Stretch, why: number, whys: Map<number, number>): void {
  stretch.bad++;
  const times = (whys.get(why) ?? 0) + 1;
  whys.set(why, times);
  if (times > (whys.get(stretch.why) ?? 0) || stretch.bad === 1) stretch.why = why;
}

function addGood(stretch: Stretch, t: number, value: number, counting: Counting): void {
  stretch.count++;
  stretch.sum += value;
  if (value < stretch.min) stretch.min = value;
  if (value > stretch.max) stretch.max = value;
  if (stretch.count === 1) stretch.first = value;
  stretch.last = value;
  counting.add(t, value);
  stretch.rise = counting.total ?? 0;
}

export function packRollUp(level: Level, key: number, stretches: readonly Stretch[], counter: boolean): Uint8Array {
  const column = (of: (stretch: Stretch) => number) => Float64Array.from(stretches, of);
  return packColumns(levels[level].kind, key, stretches.length, counter ? 1 : 0, [
    Uint16Array.from(stretches, (s) => s.index),
    Uint32Array.from(stretches, (s) => s.count),
    Uint32Array.from(stretches, (s) => s.bad),
    Uint8Array.from(stretches, (s) => s.why),
    column((s) => s.min),
    column((s) => s.max),
    column((s) => s.sum),
    ...(counter ? [column((s) => s.first), column((s) => s.last), column((s) => s.rise)] : []),
  ]);
}

/** Undefined for a damaged row. `counter` tells whether first, last and rise mean anything. */
export function unpackRollUp(
  level: Level,
  key: number,
  body: Uint8Array,
): { stretches: Stretch[]; counter: boolean } | undefined {
  const packed = unpackColumns(levels[level].kind, key, body);
  if (!packed) return undefined;
  const counter = packed.note === 1;
  const [index, count, bad] = [packed.take(Uint16Array, 2), packed.take(Uint32Array, 4), packed.take(Uint32Array, 4)];
  const why = packed.take(Uint8Array, 1);
  const take = () => packed.take(Float64Array, 8);
  const [min, max, sum] = [take(), take(), take()];
  const [first, last, rise] = counter ? [take(), take(), take()] : [undefined, undefined, undefined];
  const stretches = Array.from(index, (at, i) => ({
    index: at,
    count: count[i] ?? 0,
    bad: bad[i] ?? 0,
    why: why[i] ?? 0,
    min: min[i] ?? Infinity,
    max: max[i] ?? -Infinity,
    sum: sum[i] ?? 0,
    first: first?.[i] ?? Number.NaN,
    last: last?.[i] ?? Number.NaN,
    rise: rise?.[i] ?? 0,
  }));
  return { stretches, counter };
}
