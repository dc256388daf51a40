import type { Batch } from "../../core/driver.ts";
import type { Reading } from "../../core/reading.ts";
import type { Clock, Ms } from "../../core/time.ts";

/** A message that is not on disk by then is given back to the broker, which sends it again in the next session. */
const SAVED_WITHIN = 60_000;
const PER_BATCH = 2_000;

interface Letter {
  readings: readonly Reading[];
  monotonic: Ms;
  saved: () => void;
  lost: (error: Error) => void;
}

/**
 * Messages on their way to the log. What `put` returns resolves when their readings are on disk: only then does the
 * broker get its PUBACK. It holds as many messages as the connection leaves without one (1,000), then nothing is read.
 */
export class Inbox {
  readonly #clock: Clock;
  readonly #letters: Letter[] = [];
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `age`: how long ago it was measured, where the sender knows. */
  put(readings: readonly Reading[], age: Ms = 0): Promise<void> {
    if (readings.length === 0) return Promise.resolve();
    return new Promise((saved, lost) => {
      const timer = setTimeout(() => lost(new Error("not on disk within a minute")), SAVED_WITHIN);
      timer.unref();
      const monotonic = this.#clock.monotonic() - age;
      const done = () => {
        clearTimeout(timer);
        saved();
      };
      this.#letters.push({ readings, monotonic, saved: done, lost });
      this.#wake?.();
    });
  }

  /** Waits for the first message, at most `ms`. */
  async wait(ms: Ms, signal: AbortSignal): Promise<void> {
    if (this.#letters.length > 0) return;
    const stop = new AbortController();
    await Promise.race([
      new Promise<void>((wake) => {
        this.#wake = wake;
      }),
      this.#clock.sleep(ms, AbortSignal.any([signal, stop.signal])).catch(() => undefined),
    ]);
    this.#wake = undefined;
    stop.abort();
  }

  /** Everything that came, with the way to say that it is on disk. */
  take(): Batch | undefined {
    const letters: Letter[] = [];
    let count = 0;
    for (let next = this.#letters[0]; next && count < PER_BATCH; next = this.#letters[0]) {
      letters.push(next);
      this.#letters.shift();
      count += next.readings.length;
    }
    if (letters.length === 0) return undefined;
    return {
      readings: letters.flatMap(({ readings }) => readings),
      monotonic: letters.flatMap(({ readings, monotonic }) => readings.map(() => monotonic)),
      saved: () => {
        for (const { saved } of letters) saved();
      },
    };
  }
}
