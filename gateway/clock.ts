import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, epochMs } from "./core/time.ts";

/** The machine's own clock. The only place that asks it. */
export const clock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => performance.now() + MONOTONIC_AT_START,
  sleep: async (ms, signal) => {
    try {
      await sleep(Math.max(0, ms), undefined, signal && { signal });
    } catch {
      // Only an abort can end it early; callers get the signal's own reason.
      throw signal?.reason;
    }
  },
};

/** `performance.now()` counts from the start of the process; CLOCK_MONOTONIC goes on over restarts of it. */
const MONOTONIC_AT_START = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now();
