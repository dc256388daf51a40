import { MINUTE, type Ms, SECOND } from "../../core/time.ts";
import type { Hole, Span } from "./plan.ts";

/** A device that has just started may refuse everything for a while: what is refused is tried again soon, then ever more rarely. */
const AGAIN_FIRST = 30 * SECOND;
const AGAIN_LAST = 10 * MINUTE;

/**
 * What one device refuses: holes in its register map, and the signals in them with the time when each is asked again. What answers
 * after all is no hole any more.
 */
export class Gaps<T extends Span> {
  #holes: Hole[];
  /** Signals that are left out, until when. */
  readonly #out = new Map<T, Ms>();
  /** Signals that lie in a hole, and how long they are left out next time. */
  readonly #waits = new Map<T, Ms>();

  constructor(holes: readonly Hole[], signals: readonly T[]) {
    this.#holes = [...holes];
    for (const signal of signals) if (holes.some((hole) => lies(signal, hole))) this.#waits.set(signal, AGAIN_FIRST);
  }

  get holes(): readonly Hole[] {
    return this.#holes;
  }

  get refused(): readonly T[] {
    return [...this.#out.keys()];
  }

  isOut(signal: T): boolean {
    return this.#out.has(signal);
  }

  /** True where nobody knew of it. */
  add(hole: Hole): boolean {
    const same = (other: Hole) => other.table === hole.table && other.from === hole.from && other.to === hole.to;
    if (this.#holes.some(same)) return false;
    this.#holes.push(hole);
    return true;
  }

  /** Whether one of the signals with these indices lies in a hole. */
  suspects(indices: readonly number[], signals: readonly T[]): boolean {
    return this.#waits.size > 0 && indices.some((index) => signals[index] && this.#waits.has(signals[index]));
  }

  leaveOut(signal: T, now: Ms): void {
    const wait = this.#waits.get(signal) ?? AGAIN_FIRST;
    this.#out.set(signal, now + wait);
    this.#waits.set(signal, Math.min(2 * wait, AGAIN_LAST));
  }

  /** Takes in again what has been left out for long enough; whether there was any. */
  takeIn(now: Ms): boolean {
    let any = false;
    for (const [signal, until] of this.#out) {
      if (now < until) continue;
      this.#out.delete(signal);
      any = true;
    }
    return any;
  }

  /** The signals with these indices were read: what lay in a hole shows that it is none. Whether any did. */
  answered(indices: readonly number[], signals: readonly T[]): boolean {
    if (this.#waits.size === 0) return false;
    const found = indices.flatMap((index) => signals[index] ?? []).filter((signal) => this.#waits.delete(signal));
    this.#holes = this.#holes.filter((hole) => !found.some((signal) => lies(signal, hole)));
    return found.length > 0;
  }

  /** Another device may be in its place. Whether anything was known. */
  forget(): boolean {
    const known = this.#holes.length > 0;
    this.#holes = [];
    this.#out.clear();
    this.#waits.clear();
    return known;
  }
}

const lies = (signal: Span, hole: Hole): boolean =>
  signal.table === hole.table && signal.at < hole.to && hole.from < signal.at + signal.count;
