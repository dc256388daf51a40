import type { Ms } from "../../core/time.ts";

/** No device is given less: an adapter's own buffer alone may hold an answer for 16 ms, a busy computer for several times that. */
export const FLOOR: Ms = 100;

/** And no device this little more than usual: one that always takes as long has no deviation, and would be given up for a millisecond. */
const MARGIN: Ms = 50;

/** What a device that was never heard gets: most answer within 100 ms, and most that are silent are not there. */
export const STRANGER: Ms = 250;

/**
 * How long to wait for one device, learned from its own answers the way TCP learns it (RFC 6298): smoothed mean plus four times
 * the deviation (or a margin), between a floor and the ceiling of the site file. Every silence doubles it, the next
 * answer forgets that.
 */
export class Patience {
  readonly #ceiling: Ms;
  #mean: Ms | undefined;
  #deviation: Ms = 0;
  #doubled = 0;
  #tardy = false;

  constructor(ceiling: Ms) {
    this.#ceiling = ceiling;
  }

  get timeout(): Ms {
    return Math.min(this.#ceiling, this.#expected * 2 ** this.#doubled);
  }

  /** For the short question to a silent device: what it used to need, and as much again. */
  get probe(): Ms {
    return Math.min(this.#ceiling, this.#tardy ? this.#ceiling : 2 * this.#expected);
  }

  get #expected(): Ms {
    return this.#mean === undefined ? STRANGER : Math.max(FLOOR, this.#mean + Math.max(MARGIN, 4 * this.#deviation));
  }

  get isLearned(): boolean {
    return this.#mean !== undefined;
  }

  answered(thought: Ms): void {
    this.#doubled = 0;
    this.#tardy = false;
    if (this.#mean === undefined) {
      this.#mean = thought;
      this.#deviation = thought / 2;
      return;
    }
    this.#deviation += 0.25 * (Math.abs(thought - this.#mean) - this.#deviation);
    this.#mean += 0.125 * (thought - this.#mean);
  }

  /** It does answer, only later than we waited. */
  tardy(): void {
    this.#doubled = 10;
    this.#tardy = true;
  }

  silent(): void {
    if (this.timeout < this.#ceiling) this.#doubled++;
  }
}
