import type { Clock } from "../core/time.ts";

/** What a presence topic says. */
export const presenceOf = (state: "online" | "offline", clock: Clock): string =>
  JSON.stringify({ state, since: clock.now() });
