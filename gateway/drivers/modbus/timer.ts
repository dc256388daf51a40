import type { Ms } from "../../core/time.ts";

/**
 * Time for a wire. A `Clock.sleep` costs a promise and an abort signal; a bus sets several timers per question and cancels
 * nearly all of them, so it gets this leaner one. Tests hand in a virtual one.
 */
export interface Timer {
  now(): Ms;
  /** Calls back after `ms`, exactly once, unless cancelled by calling what it returned. Never early. */
  after(ms: Ms, call: () => void): () => void;
}

/**
 * Node's timers count whole milliseconds and may come up to one early, which at 19,200 baud is half a silence; the last
 * fraction is waited out in turns of the event loop.
 */
export const realTimer = (now: () => Ms): Timer => ({
  now,
  after(ms, call) {
    const due = now() + ms;
    let immediate: NodeJS.Immediate | undefined;
    const check = () => {
      if (now() < due) immediate = setImmediate(check);
      else call();
    };
    const timeout = setTimeout(check, Math.floor(ms));
    return () => {
      clearTimeout(timeout);
      clearImmediate(immediate);
    };
  },
});
