/** Where registers and displays roll over, before any scale. */
const MODULI = [2 ** 16, 2 ** 32, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const SCALES = [1, 0.1, 0.01, 0.001];
/** A counter that dropped from the last hundredth below a modulus to the first hundredth above zero has rolled over. */
const NEAR = 0.01;
/** … and only if that makes a step of no more than this many times the largest one seen. */
const LEAP = 100;
/** After a replacement the first number counts only if it is no more than this many usual steps. */
const STEPS = 10;

/**
 * Adds up what a counter counted. A drop is a roll-over (nothing lost), a reset to zero (what has been counted since is
 * known), or another meter that starts anywhere (unknown, so nothing is made up).
 */
export class Counting {
  /** Null until two numbers are known. */
  total: number | null = null;
  #last: number | undefined;
  #largest = 0;

  add(value: number): void {
    if (this.#last !== undefined) this.#step(value - this.#last, value);
    this.#last = value;
  }

  /** A stretch that was added up before: from `first` to `last` it counted `rise`. */
  addStretch(first: number, last: number, rise: number): void {
    this.add(first);
    this.total = (this.total ?? 0) + rise;
    this.#last = last;
    if (rise > this.#largest) this.#largest = rise;
  }

  #step(step: number, value: number): void {
    const before = this.#last ?? value;
    let counted = step;
    if (step < 0) counted = this.#rolledOver(before, value) ?? (value <= STEPS * this.#largest ? value : 0);
    else if (step > this.#largest) this.#largest = step;
    this.total = (this.total ?? 0) + Math.max(0, counted);
  }

  #rolledOver(before: number, after: number): number | undefined {
    for (const scale of SCALES)
      for (const bare of MODULI) {
        const modulus = bare * scale;
        const near = before < modulus && before >= modulus * (1 - NEAR) && after >= 0 && after <= modulus * NEAR;
        const counted = modulus - before + after;
        if (near && (this.#largest === 0 || counted <= LEAP * this.#largest)) return counted;
      }
    return undefined;
  }
}
