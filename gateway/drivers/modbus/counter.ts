/** What happened to a counter between two readings. */
export type CounterEvent = "on" | "rolled_over" | "reset";

/**
 * Follows a counter over its end. A value that falls from near the end to near the beginning has rolled over: the count goes
 * on upwards. Any other fall is a reset (meter exchanged, machine rebooted): the count starts again from what the device shows.
 */
export class Counter {
  readonly #modulus: number;
  readonly #heard: ((event: CounterEvent, offset: number) => void) | undefined;
  #last: number | undefined;
  #offset: number;

  constructor(modulus: number, offset = 0, heard?: (event: CounterEvent, offset: number) => void) {
    this.#modulus = modulus;
    this.#offset = offset;
    this.#heard = heard;
  }

  /** Raw value in, count without jumps out. */
  count(raw: number): number {
    const event = this.#last === undefined ? "on" : compare(this.#last, raw, this.#modulus);
    this.#last = raw;
    if (event === "rolled_over") this.#offset += this.#modulus;
    if (event === "reset") this.#offset = 0;
    if (event !== "on") this.#heard?.(event, this.#offset);
    return raw + this.#offset;
  }
}

/** A quarter of the way is more than any counter moves between two polls, and less than what most resets lose. */
const compare = (last: number, now: number, modulus: number): CounterEvent => {
  if (now >= last) return "on";
  return last > 0.75 * modulus && now < 0.25 * modulus ? "rolled_over" : "reset";
};
