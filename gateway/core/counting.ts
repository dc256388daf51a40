/** Where registers and displays roll over, before any scale. */
const MODULI = [2 ** 16, 2 ** 32, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const SCALES = [1, 0.1, 0.01, 0.001];
/** A counter that dropped from the last hundredth below a modulus to the first hundredth above zero may have rolled over. */
const NEAR = 0.01;
/** No machine suddenly counts this many times faster than it ever did: then it is another meter. */
const LEAP = 1_000;

/**
 * Adds up what a counter counted. A drop is a roll-over (nothing lost), a reset to zero (what has been counted since is
 * known), or another meter that starts anywhere (unknown, so nothing is made up). A jump upwards may be another meter too.
 */
export class Counting {
  /** Null until two numbers are known. */
  total: number | null = null;
  #last: { t: number; value: number } | undefined;
  /** The fastest it has counted, per ms. */
  #fastest = 0;

  add(t: number, value: number): void {
    if (this.#last) this.#step(this.#last, t, value);
    this.#last = { t, value };
  }

  /** A stretch that was added up before: beginning at `t`, from `first` to `last`, it counted `rise`. */
  addStretch(t: number, width: number, { first, last, rise }: { first: number; last: number; rise: number }): void {
    this.add(t, first);
    this.total = (this.total ?? 0) + rise;
    this.#last = { t, value: last };
    this.#fastest = Math.max(this.#fastest, rise / width);
  }

  /** Whether it may have counted so much in so long. */
  believes(counted: number, passed: number): boolean {
    return this.#fastest === 0 || counted / passed <= LEAP * this.#fastest;
  }

  #step(before: { t: number; value: number }, t: number, value: number): void {
    const passed = Math.max(1, t - before.t);
    const step = value - before.value;
    const candidates = step >= 0 ? [step] : [...rolledOver(before.value, value), value];
    const counted = candidates.find((amount) => amount >= 0 && this.believes(amount, passed)) ?? 0;
    if (step > 0 && counted === step) this.#fastest = Math.max(this.#fastest, step / passed);
    this.total = (this.total ?? 0) + counted;
  }
}

/** How much was counted if it rolled over, for every modulus that this could have been. */
function* rolledOver(before: number, after: number): Iterable<number> {
  for (const scale of SCALES)
    for (const bare of MODULI) {
      const modulus = bare * scale;
      const near = before < modulus && before >= modulus * (1 - NEAR) && after >= 0 && after <= modulus * NEAR;
      if (near) yield modulus - before + after;
    }
}
