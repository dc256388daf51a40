import type { Ms } from "../../core/time.ts";

/** No device is given less: an adapter's own buffer alone may hold an answer for 16 ms, a busy computer for as long again. */
export const FLOOR: Ms = 50;

/**
 * How long to wait for one device, learned from its own answers the way TCP learns it (RFC 6298): smoothed mean plus four times
 * the deviation, between a floor and the ceiling of the site file. Every silence doubles it, the next answer forgets that.
 */
export class Patience {
  readonly #ceiling: Ms;
  #mean: Ms | undefined;
  #deviation: Ms = 0;
  #doubled = 0;

  constructor(ceiling: Ms) {
    this.#ceiling = ceiling;
  }

  get timeout(): Ms {
    const learned = this.#mean === undefined ? this.#ceiling : this.#mean + 4 * this.#deviation;
    return Math.min(this.#ceiling, Math.max(FLOOR, learned) * 2 ** this.#doubled);
  }

  get isLearned(): boolean {
    return this.#mean !== undefined;
  }

  answered(thought: Ms): void {
    this.#doubled = 0;
    if (this.#mean === undefined) {
      this.#mean = thought;
      this.#deviation = thought / 2;
      return;
    }
    this.#deviation += 0.25 * (Math.abs(thought - this.#mean) - this.#deviation);
    this.#mean += 0.125 * (thought - this.#mean);
  }

  silent(): void {
    if (this.timeout < this.#ceiling) this.#doubled++;
  }
}
