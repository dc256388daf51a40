/** How often somebody may knock: so many at once after a quiet time, then so many a second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Addresses that are remembered; beyond it the one that was there first is forgotten, and starts with a full bucket again. */
const ADDRESSES = 4_096;

/**
 * Who may open another connection now. A stranger who is thrown out costs the gateway a few dozen µs, and one who may come in
 * a parser and its buffers: neither may come so often that polls wait for it. One address cannot use up what all others have,
 * and several together leave the last quarter to those that have hardly knocked.
 */
export class Knocks {
  readonly #each: Rate;
  readonly #all: Rate;
  readonly #neighbours = new Map<string, Bucket>();
  readonly #everybody: Bucket;

  constructor(each: Rate, all: Rate) {
    this.#each = each;
    this.#all = all;
    this.#everybody = { left: all.burst, at: 0 };
  }

  /** `from` as `neighbour` calls an address, `now` in monotonic ms. A knock that is refused for its address takes nothing from the others. */
  may(from: string, now: number): boolean {
    const own = this.#neighbours.get(from) ?? this.#meet(from, now);
    fill(own, this.#each, now);
    fill(this.#everybody, this.#all, now);
    if (own.left < 1) return false;
    own.left -= 1;
    const rare = own.left >= this.#each.burst / 2;
    if (this.#everybody.left < (rare ? 1 : this.#all.burst / 4)) return false;
    this.#everybody.left -= 1;
    return true;
  }

  #meet(from: string, now: number): Bucket {
    const [oldest] = this.#neighbours.keys();
    if (oldest !== undefined && this.#neighbours.size >= ADDRESSES) this.#neighbours.delete(oldest);
    const bucket = { left: this.#each.burst, at: now };
    this.#neighbours.set(from, bucket);
    return bucket;
  }
}

function fill(bucket: Bucket, { burst, perSecond }: Rate, now: number): void {
  bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1_000) * perSecond);
  bucket.at = now;
}

/** Whom an address belongs to: an IPv6 host has as many addresses as it likes within its /64. */
export function neighbour(address: string): string {
  if (!address.includes(":") || /^::ffff:\d+\./.test(address)) return address.replace(/^::ffff:/, "");
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
