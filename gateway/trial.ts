import { copyFileSync, existsSync, renameSync } from "node:fs";
import type { Meters } from "./core/meter.ts";
import { type Clock, type Ms, SECOND } from "./core/time.ts";

/** A new site file is on trial for so long; the first part of it is for drivers to come up. */
const TRIAL: Ms = 60 * SECOND;
const WARM_UP: Ms = 10 * SECOND;
const LOOK_EVERY: Ms = 5 * SECOND;
/** Worse means: the share of good readings fell by more than this. */
const TOLERATED = 0.05;

interface Counts {
  good: number;
  bad: number;
}

/**
 * A changed site file is tried out: when the share of good readings drops within 60 s, the file that was there before
 * comes back. The page writes `<file>.before` beside the new file.
 */
export class Trial {
  readonly #file: string;
  readonly #clock: Clock;
  #shareBefore: number | undefined;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** The file has changed, and the gateway that ran so far is about to stop. */
  begin(meters: Meters): void {
    this.#shareBefore = share(countsOf(meters), { good: 0, bad: 0 });
  }

  /** Resolves to `worse` when the gateway on trial reads less well; otherwise never. */
  async watch(meters: Meters): Promise<"worse"> {
    const before = this.#shareBefore;
    if (before === undefined) return new Promise(() => undefined);
    await this.#clock.sleep(WARM_UP);
    const from = countsOf(meters);
    for (let passed = WARM_UP; passed < TRIAL; passed += LOOK_EVERY) {
      await this.#clock.sleep(LOOK_EVERY);
      if (this.#shareBefore === undefined) break;
      if (share(countsOf(meters), from) < before - TOLERATED) return "worse";
    }
    this.#shareBefore = undefined;
    return new Promise(() => undefined);
  }

  /** Puts the earlier file back, keeping the other as `<file>.refused`. False when there is none. */
  giveBack(): boolean {
    this.#shareBefore = undefined;
    const before = `${this.#file}.before`;
    if (!existsSync(before)) return false;
    copyFileSync(this.#file, `${this.#file}.refused`);
    renameSync(before, this.#file);
    return true;
  }
}

const countsOf = (meters: Meters): Counts => ({
  good: meters.sum("readings_good_total"),
  bad: meters.sum("readings_bad_total"),
});

/** The share of good readings since `from`; 1 while there are none at all. */
function share(now: Counts, from: Counts): number {
  const good = now.good - from.good;
  const all = good + now.bad - from.bad;
  return all === 0 ? 1 : good / all;
}
