/** How many messages back a repeated one is recognised: ten minutes of a busy gateway, at 24 bytes each. */
const KEPT = 20_000;

/**
 * Which (boot, sequence) pairs have come already. A gateway may send one again after a crash or a lost PUBACK, and a late
 * one (after an outage) has a lower sequence than the live ones, so remembering the highest would not do.
 */
export class Seen {
  readonly #pairs = new Set<string>();

  /** True the first time. */
  first(boot: number, seq: number): boolean {
    const pair = `${boot}.${seq}`;
    if (this.#pairs.has(pair)) return false;
    this.#pairs.add(pair);
    if (this.#pairs.size > KEPT) {
      const [oldest] = this.#pairs;
      if (oldest !== undefined) this.#pairs.delete(oldest);
    }
    return true;
  }
}
