import { HOUR } from "../../core/time.ts";
import { median } from "./kalman.ts";

/**
 * What a trend remembers: at most 128 blocks of readings, oldest first. While young, a block is one reading; each time
 * the window is full, pairs are merged, so that it always spans the whole age in 64 to 128 steps, until a block lasts
 * half an hour or more; from then on the oldest leaves. A course of two minutes and one of weeks look alike in it.
 */
export interface Window {
  /** Readings per block. */
  size: number;
  /** Time of use (ms the machine was measured) at the middle of each block. */
  run: number[];
  /** Steady ms of the same. */
  steady: number[];
  value: number[];
  /** The block in the making. */
  open: { count: number; run: number; steady: number; value: number };
}

export const BLOCKS = 128;
const LONG: number = HOUR / 2;

export const newWindow = (): Window => ({
  size: 1,
  run: [],
  steady: [],
  value: [],
  open: { count: 0, run: 0, steady: 0, value: 0 },
});

/** Adds a reading. True when that closed a block. */
export function add(window: Window, run: number, steady: number, value: number): boolean {
  const { open } = window;
  open.count++;
  open.run += run;
  open.steady += steady;
  open.value += value;
  if (open.count < window.size) return false;
  window.run.push(open.run / open.count);
  window.steady.push(open.steady / open.count);
  window.value.push(open.value / open.count);
  window.open = { count: 0, run: 0, steady: 0, value: 0 };
  return true;
}

/** Makes room in a full window: merges pairs, or lets the oldest go and returns its value. */
export function makeRoom(window: Window): number | undefined {
  if (window.value.length < BLOCKS) return undefined;
  if (spanOf(window.run) / BLOCKS < LONG) {
    window.size *= 2;
    for (const list of [window.run, window.steady, window.value]) halve(list);
    return undefined;
  }
  window.run.shift();
  window.steady.shift();
  return window.value.shift();
}

/** From the first to the last. */
export const spanOf = (times: readonly number[]): number => (times.at(-1) ?? 0) - (times[0] ?? 0);

/**
 * Middle of the first `count` blocks, and how far they wander (as a standard deviation): by the middle distance, or by the
 * farthest twentieth upward where a few knocks reach farther than that.
 */
export function usual(values: readonly number[], count: number): { middle: number; spread: number } {
  const first = values.slice(0, count);
  const middle = median(first);
  const far = new Float64Array(first).sort()[Math.floor(0.95 * first.length)] ?? middle;
  const near = 1.4826 * median(first.map((value) => Math.abs(value - middle)));
  return { middle, spread: Math.max(near, (far - middle) / 1.645) };
}

/** The highest that three in succession agree on. */
export function highest(values: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 3; i <= values.length; i++) most = Math.max(most, median(values.slice(i - 3, i)));
  return most;
}

function halve(list: number[]): void {
  for (let i = 0; 2 * i + 1 < list.length; i++) list[i] = ((list[2 * i] ?? 0) + (list[2 * i + 1] ?? 0)) / 2;
  list.length >>= 1;
}
