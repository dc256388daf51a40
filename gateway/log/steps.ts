import type { Meters, Series } from "../core/meter.ts";
import { type Clock, type EpochMs, HOUR, type Ms } from "../core/time.ts";
import type { Evidence } from "./keeper.ts";

export interface ClockStep {
  from: EpochMs;
  to: EpochMs;
  /** Whether the time of the readings went along. */
  followed: boolean;
  evidence: Evidence;
}

/** So many steps are told in an hour: a clock that never stands still must not fill the list that they go to. */
const MOST = 6;

/** Tells of steps of the clock, in words, whoever has asked for them; those before that wait for the first who does. */
export class Steps {
  readonly #clock: Clock;
  readonly #all: Series;
  readonly #told: Ms[] = [];
  readonly #waiting: string[] = [];
  #left = 0;
  #listener: ((words: string) => void) | undefined;

  constructor(clock: Clock, meters: Meters) {
    this.#clock = clock;
    this.#all = meters.counter("clock_steps_total", "Steps of the clock, also those that are too many to be listed");
  }

  tell(step: ClockStep): void {
    this.#all.value += 1;
    const now = this.#clock.monotonic();
    while (this.#told[0] !== undefined && now - this.#told[0] >= HOUR) this.#told.shift();
    if (this.#told.length >= MOST || this.#waiting.length >= MOST) {
      this.#left += 1;
      return;
    }
    this.#told.push(now);
    const words = `${wordsOf(step)}${this.#left > 0 ? `; ${this.#left} more before this one are not listed` : ""}`;
    this.#left = 0;
    if (this.#listener) this.#listener(words);
    else this.#waiting.push(words);
  }

  listen(listener: (words: string) => void): void {
    this.#listener = listener;
    for (const words of this.#waiting.splice(0)) listener(words);
  }
}

const why: Readonly<Record<Evidence, string>> = {
  ntp: "a time service vouches for the clock",
  battery: "the machine's own clock vouches for it",
  none: "nothing vouches for the clock",
};

function wordsOf({ from, to, followed, evidence }: ClockStep): string {
  const [before, after] = [from, to].map((t) => new Date(t).toISOString());
  const by = Math.round((to - from) / 100) / 10;
  return `${before} → ${after} (${by > 0 ? "+" : ""}${by} s), ${followed ? "followed" : "not followed"}: ${
    followed || evidence === "none" ? why[evidence] : "too far to be believed"
  }`;
}
