import type { Ms } from "../../core/time.ts";

/** Polls are planned in steps no finer than this. */
const STEP_MIN: Ms = 10;

/** Which signals are due now, as their indices, and a name for the set. */
export interface Due {
  readonly name: string;
  readonly indices: readonly number[];
  /** Readings that were due meanwhile and will never be taken. */
  readonly skipped: number;
}

interface Class {
  /** In beats. */
  readonly period: number;
  readonly indices: readonly number[];
}

/**
 * When the signals of one device are due: each at its own period, on a common beat, so that slow ones ride along with fast ones in
 * the same requests. Beats that were missed are taken together once, never queued up.
 */
export class Schedule {
  readonly beat: Ms;
  readonly #classes: readonly Class[];
  readonly #start: Ms;
  readonly #sets = new Map<string, readonly number[]>();
  #count = 0;

  /** `start`: the first beat, when everything is due. */
  constructor(every: readonly Ms[], start: Ms) {
    const steps = every.map((ms) => Math.max(1, Math.round(ms / STEP_MIN)));
    const step = steps.reduce(greatestCommonDivisor, 0) || 1;
    this.beat = step * STEP_MIN;
    this.#start = start;
    this.#classes = [...new Set(steps)].map((own) => ({
      period: own / step,
      indices: steps.flatMap((other, index) => (other === own ? [index] : [])),
    }));
  }

  /** The next beat at which anything is due. */
  get next(): Ms {
    const soonest = Math.min(...this.#classes.map(({ period }) => Math.ceil(this.#count / period) * period));
    return this.#start + soonest * this.beat;
  }

  /** Takes every beat up to now. */
  take(now: Ms): Due {
    const last = Math.max(this.#count, Math.floor((now - this.#start) / this.beat));
    let name = "";
    let skipped = 0;
    for (const { period, indices } of this.#classes) {
      const beats = Math.floor(last / period) - Math.ceil(this.#count / period) + 1;
      name += beats > 0 ? "1" : "0";
      skipped += Math.max(0, beats - 1) * indices.length;
    }
    this.#count = last + 1;
    return { name, indices: this.#set(name), skipped };
  }

  #set(name: string): readonly number[] {
    let set = this.#sets.get(name);
    if (!set) {
      set = this.#classes.flatMap(({ indices }, i) => (name[i] === "1" ? indices : [])).sort((a, b) => a - b);
      this.#sets.set(name, set);
    }
    return set;
  }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
