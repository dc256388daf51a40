import type { Samples } from "./chunk.ts";
import type { Stretch } from "./rollup.ts";

/** One bucket while it fills. `whys`: how often each fault number was the cause. */
export interface Pot {
  t: number;
  count: number;
  bad: number;
  sum: number;
  min: number;
  max: number;
  whys: Map<number, number> | undefined;
  /** Why there is nothing at all, where that is known. */
  silence: string | undefined;
}

/** Equal stretches of time from `start` on. */
export class Pots {
  readonly list: Pot[];
  readonly #start: number;
  readonly #width: number;

  constructor(start: number, width: number, count: number) {
    this.#start = start;
    this.#width = width;
    this.list = Array.from({ length: count }, (_, i) => ({
      t: start + i * width,
      count: 0,
      bad: 0,
      sum: 0,
      min: Infinity,
      max: -Infinity,
      whys: undefined,
      silence: undefined,
    }));
  }

  /** What lies outside of the range is left out. */
  addSamples({ t, value, state }: Samples, shift = 0): void {
    for (let i = 0; i < t.length; i++) this.add((t[i] ?? 0) + shift, value[i] ?? Number.NaN, state[i] ?? 0);
  }

  add(t: number, value: number, state: number): void {
    const pot = this.#at(t);
    if (!pot) return;
    if ((state & 3) === 2) {
      blame(pot, state >> 2, 1);
      return;
    }
    pot.count++;
    pot.sum += value;
    if (value < pot.min) pot.min = value;
    if (value > pot.max) pot.max = value;
  }

  addStretch(t: number, stretch: Stretch): void {
    const pot = this.#at(t);
    if (!pot) return;
    pot.count += stretch.count;
    pot.sum += stretch.sum;
    pot.min = Math.min(pot.min, stretch.min);
    pot.max = Math.max(pot.max, stretch.max);
    if (stretch.bad > 0) blame(pot, stretch.why, stretch.bad);
  }

  /** Says why nothing was read between two times, in the buckets that hold nothing. */
  silent(from: number, to: number, why: string): void {
    const first = Math.max(0, Math.floor((from - this.#start) / this.#width));
    const last = Math.min(this.list.length - 1, Math.floor((to - this.#start) / this.#width));
    for (let i = first; i <= last; i++) {
      const pot = this.list[i];
      if (pot && pot.count === 0 && pot.bad === 0) pot.silence ??= why;
    }
  }

  #at(t: number): Pot | undefined {
    return this.list[Math.floor((t - this.#start) / this.#width)];
  }
}

function blame(pot: Pot, why: number, times: number): void {
  pot.bad += times;
  pot.whys ??= new Map();
  pot.whys.set(why, (pot.whys.get(why) ?? 0) + times);
}
