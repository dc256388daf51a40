import { MINUTE, type SteadyMs } from "../core/time.ts";

/** Too many alarms at once for anybody to read: begins at more than 10 in 10 minutes, ends below 5 (EEMUA 191). */
export interface Flood {
  readonly since: number | null;
  /** Steady times of the newest annunciations, bounded. */
  readonly recent: readonly number[];
  /** Who has had the one notice. */
  readonly told: readonly string[];
}

export const noFlood: Flood = { since: null, recent: [], told: [] };

const WINDOW = 10 * MINUTE;
const BEGINS_ABOVE = 10;
const ENDS_BELOW = 5;

/** The flood as it stands now. `open`: alarms that still wait for somebody; a flood of one alarm that repeats is none. */
export function floodAfter(flood: Flood, open: number, now: SteadyMs): Flood {
  const recent = flood.recent.filter((at) => now - at < WINDOW);
  if (flood.since === null) {
    const begins = recent.length > BEGINS_ABOVE && open > 1;
    return { since: begins ? now : null, recent, told: [] };
  }
  return recent.length < ENDS_BELOW ? { since: null, recent, told: [] } : { ...flood, recent };
}
