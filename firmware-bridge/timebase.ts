/**
 * What the clock of a node says in the gateway's monotonic time. A node's oscillator may be wrong by half a per cent (the
 * ceramic resonator of an Arduino Uno), which is 300 ms on a sample that waited out a minute of pulled cable; so offset and
 * drift are both fitted, to ping exchanges weighted by how tightly each one bounds the offset.
 */
export class Timebase {
  readonly #recent: Exchange[] = [];
  readonly #kept: Exchange[] = [];
  readonly #prior: Prior;
  #line: Line | undefined;
  #last = 0;

  /** `drift`: what an earlier session learned of this node, as gateway ms per node ms less one. */
  constructor(drift?: number) {
    this.#prior = drift === undefined ? { drift: 0, sigma: 1e-3 } : { drift, sigma: 1e-4 };
  }

  /** A ping left at `asked`, its answer was there at `answered` (gateway ms); the node had it from `received` to `sent` (node ms). */
  add(asked: number, answered: number, received: number, sent: number): void {
    const arrived = this.#unwrap(received);
    const left = this.#unwrap(sent);
    // A node's millisecond counter is on average half a step behind.
    const node = (arrived + left) / 2 + 0.5;
    const width = Math.max(0, answered - asked - (left - arrived));
    this.#last = left;
    this.#recent.push({ node, gateway: (asked + answered) / 2, weight: 1 / (width / 2 + 0.5) ** 2 });
    this.#line = lineThrough([...this.#kept, ...this.#recent], this.#prior);
    if (this.#recent.length === RECENT) this.#keepBest();
  }

  get exchanges(): number {
    return this.#kept.length + this.#recent.length;
  }

  /** Enough exchanges to date a sample. */
  get ready(): boolean {
    return this.exchanges >= 3;
  }

  get drift(): number {
    return this.#line?.drift ?? this.#prior.drift;
  }

  /** Gateway monotonic ms of a node time of the last or next 24 days; undefined until ready. */
  monotonicOf(time: number): number | undefined {
    if (!this.#line || !this.ready) return undefined;
    const { node, gateway, drift } = this.#line;
    const since = this.#unwrap(time) - node;
    return gateway + since + since * drift;
  }

  /** The 32-bit counter of the node goes round every 49.7 days. */
  #unwrap(time: number): number {
    return this.#last + ((time - this.#last) | 0);
  }

  #keepBest(): void {
    const best = this.#recent.reduce((a, b) => (b.weight > a.weight ? b : a));
    this.#recent.length = 0;
    this.#kept.push(best);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }
}

const RECENT = 8;
const KEPT = 32;

interface Exchange {
  node: number;
  gateway: number;
  weight: number;
}

interface Prior {
  drift: number;
  sigma: number;
}

/** gateway = gateway₀ + (node − node₀) · (1 + drift). */
interface Line {
  node: number;
  gateway: number;
  drift: number;
}

/** Weighted least squares; the prior keeps the slope sane while the exchanges span only seconds. */
function lineThrough(exchanges: readonly Exchange[], prior: Prior): Line {
  let weights = 0;
  let node = 0;
  let gateway = 0;
  for (const e of exchanges) {
    weights += e.weight;
    node += e.weight * e.node;
    gateway += e.weight * e.gateway;
  }
  node /= weights;
  gateway /= weights;
  const pull = 1 / prior.sigma ** 2;
  let above = pull * prior.drift;
  let below = pull;
  for (const e of exchanges) {
    const x = e.node - node;
    above += e.weight * x * (e.gateway - gateway - x);
    below += e.weight * x * x;
  }
  return { node, gateway, drift: above / below };
}

const PINGS_KEPT = 8;

/** The pings to one node: when the next is due, which are unanswered, and what their answers say of its clock. */
export class Pings {
  readonly timebase: Timebase;
  readonly #open = new Map<number, number>();
  #token = 0;
  #asked = Number.NEGATIVE_INFINITY;

  constructor(drift?: number) {
    this.timebase = new Timebase(drift);
  }

  /** The token to send now, if a ping is due: quick while a clock is being learned, then once a second. */
  due(at: number): number | undefined {
    const known = this.timebase.exchanges;
    const every = known < 4 ? 50 : known < 12 ? 250 : 1_000;
    if (at - this.#asked < every) return undefined;
    this.#asked = at;
    this.#token = (this.#token + 1) & 0xffff;
    this.#open.set(this.#token, at);
    const [oldest] = this.#open.keys();
    if (this.#open.size > PINGS_KEPT && oldest !== undefined) this.#open.delete(oldest);
    return this.#token;
  }

  answered(token: number, received: number, sent: number, at: number): void {
    const asked = this.#open.get(token);
    if (asked === undefined) return;
    this.#open.delete(token);
    this.timebase.add(asked, at, received, sent);
  }

  /** The wire was cut: answers to what went before it would date wrongly. */
  forget(): void {
    this.#open.clear();
  }
}
