import type { Ms } from "../../core/time.ts";

/** Looks within this time share one measurement. */
const FRESH: Ms = 1_000;

/** How much of the time since the last look something was in use. */
export class Share {
  readonly #used: () => Ms;
  readonly #now: () => Ms;
  #seen: { at: Ms; used: Ms };
  #percent = 0;

  constructor(used: () => Ms, now: () => Ms) {
    this.#used = used;
    this.#now = now;
    this.#seen = { at: now(), used: used() };
  }

  /** In %, to a tenth. */
  look(): number {
    const [at, used] = [this.#now(), this.#used()];
    if (at - this.#seen.at < FRESH) return this.#percent;
    this.#percent = Math.round((1_000 * (used - this.#seen.used)) / (at - this.#seen.at)) / 10;
    this.#seen = { at, used };
    return this.#percent;
  }
}
