/** Sign-ins that one address may try for one name: ten at once, then one every six minutes. Nobody is ever locked out. */
const TRIES = 10;
const PER_HOUR = 10;
const HOUR = 3_600_000;
const KEYS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Slows down guessing, by name and address together, so that a stranger cannot keep the owner out from elsewhere. */
export class Throttle {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one try; the answer is how long to wait (ms), 0 for "go on". */
  take(name: string, address: string, now: number): number {
    const key = JSON.stringify([name, address]);
    const bucket = this.#buckets.get(key) ?? { tokens: TRIES, at: now };
    const tokens = Math.min(TRIES, bucket.tokens + ((now - bucket.at) / HOUR) * PER_HOUR);
    // The newest stands last, so that the oldest is the first to be forgotten when there are too many.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / PER_HOUR) * HOUR);
  }

  /** A right password: the tries before it were a person's slips. */
  forgive(name: string, address: string): void {
    this.#buckets.delete(JSON.stringify([name, address]));
  }
}
