import { type Ms, SECOND } from "../../core/time.ts";

/** After so many failed polls in a row a device counts as silent: one short probe now and then instead of its whole plan. */
const FAILURES = 3;
const PROBE_EVERY_MIN = SECOND;
const PROBE_EVERY_MAX = 30 * SECOND;
/** A probe may cost its bus one part in so many. */
const PROBE_SHARE = 40;
/** Every so many probes one waits to the ceiling, for a device that has become slow. */
const LONG_PROBE = 4;

/** Keeps a dead slave from taking the bus from the living ones. */
export class Breaker {
  readonly #share: number;
  #failures = 0;
  #probes = 0;
  #probeAt: Ms = 0;

  /** `alone`: nobody else waits for the wire, so that a probe costs nobody anything. */
  constructor(alone: boolean) {
    this.#share = alone ? 1 : PROBE_SHARE;
  }

  get isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  /** Failing, but not given up. */
  get isShaken(): boolean {
    return this.#failures > 0;
  }

  /** Whether the next probe should wait as long as the site file allows. */
  get isLong(): boolean {
    return this.#probes % LONG_PROBE === LONG_PROBE - 1;
  }

  mayProbe(now: Ms): boolean {
    return now >= this.#probeAt;
  }

  /** A poll failed. `known`: it has answered before; a stranger need not prove its silence three times. True when this opens it. */
  failed(known: boolean, now: Ms, cost: Ms): boolean {
    if (this.isOpen) return false;
    this.#failures += known ? 1 : FAILURES;
    if (this.isOpen) this.backOff(now, cost);
    return this.isOpen;
  }

  /** A probe that took `cost` was not answered: the next one is due later, and rarer the more they cost. */
  backOff(now: Ms, cost: Ms): void {
    const pause = Math.max(PROBE_EVERY_MIN * 2 ** Math.min(this.#probes, 5), this.#share * cost);
    this.#probeAt = now + Math.min(PROBE_EVERY_MAX, pause);
    this.#probes++;
  }

  /** How long until the next probe. */
  wait(now: Ms): Ms {
    return Math.max(0, this.#probeAt - now);
  }

  answered(): void {
    this.#failures = 0;
    this.#probes = 0;
  }

  /** The wire is new: whoever was silent on the old one gets a chance at once. */
  retry(): void {
    this.#probes = 0;
    this.#probeAt = 0;
  }
}
