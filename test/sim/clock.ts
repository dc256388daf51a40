import { type Clock, type EpochMs, epochMs, type Ms } from "../../gateway/core/time.ts";

/** How often `advance` lets I/O and worker messages through between two due timers. */
const TURNS = 3;

interface Sleeper {
  at: Ms;
  order: number;
  wake(): void;
}

/**
 * A clock that stands still until a test moves it. `advance` runs every sleeper that falls due, in order, and lets
 * promises, I/O and worker messages through in between. `step` moves the wall clock alone, as NTP or a person would.
 */
export class VirtualClock implements Clock {
  #monotonic: Ms;
  #wallMinusMonotonic: Ms;
  #sleepers: Sleeper[] = [];
  #order = 0;
  /** How many ppm the wall clock runs ahead of monotonic time. */
  drift = 0;

  constructor(start: { wall?: number; monotonic?: Ms } = {}) {
    this.#monotonic = start.monotonic ?? 1_000;
    this.#wallMinusMonotonic = (start.wall ?? Date.UTC(2026, 2, 2, 8)) - this.#monotonic;
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#wallMinusMonotonic + this.#monotonic));
  }

  monotonic(): Ms {
    return this.#monotonic;
  }

  /** Sleepers not yet due: a test that ends with some has left something running. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: Ms, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const sleeper: Sleeper = {
      at: this.#monotonic + Math.max(0, ms),
      order: this.#order++,
      wake: () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
    };
    const abort = () => {
      this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#sleepers.push(sleeper);
    return promise;
  }

  /** Moves the wall clock by `ms` without any time passing. */
  step(ms: Ms): void {
    this.#wallMinusMonotonic += ms;
  }

  /** Lets `ms` pass. */
  async advance(ms: Ms): Promise<void> {
    const until = this.#monotonic + ms;
    for (;;) {
      await turns();
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (a, b) => (!a || b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a),
        undefined,
      );
      if (!next || next.at > until) break;
      this.#pass(next.at);
      this.#sleepers = this.#sleepers.filter((s) => s !== next);
      next.wake();
    }
    this.#pass(until);
    await turns();
  }

  /** Lets time pass in small steps until `holds` does; fails after `limit` virtual ms. */
  async until(holds: () => boolean | Promise<boolean>, { limit = 60_000, step = 50 } = {}): Promise<void> {
    for (let passed = 0; ; passed += step) {
      if (await holds()) return;
      if (passed >= limit) throw new Error(`still not so after ${limit} virtual ms`);
      await this.advance(step);
    }
  }

  #pass(to: Ms): void {
    const passed = to - this.#monotonic;
    if (passed <= 0) return;
    this.#monotonic = to;
    this.#wallMinusMonotonic += (passed * this.drift) / 1e6;
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
