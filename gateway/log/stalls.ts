import { type Clock, type Ms, SECOND } from "../core/time.ts";

const LOOK_EVERY: Ms = SECOND;
/** Less is a busy machine, and every reading that it cost is counted as skipped. */
const STALLED: Ms = 3 * SECOND;

/**
 * Tells for how long the whole process stood still (stopped by somebody, starved of the processor): nothing was read then, and
 * the history must say why. Ends with the signal.
 */
export async function noticeStalls(clock: Clock, signal: AbortSignal, tell: (lasted: Ms) => void): Promise<void> {
  while (!signal.aborted) {
    const asleep = clock.monotonic();
    try {
      await clock.sleep(LOOK_EVERY, signal);
    } catch {
      return; // Only the signal ends a sleep.
    }
    const late = clock.monotonic() - asleep - LOOK_EVERY;
    if (late >= STALLED) tell(late);
  }
}
