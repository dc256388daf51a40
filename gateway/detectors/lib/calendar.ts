import { DAY, type EpochMs } from "../../core/time.ts";
import { localTime } from "../../core/zone.ts";

/** The local time of day as a share of a day, 0 … 1. */
export function timeOfDay(timezone: string): (t: EpochMs) => number {
  const local = localTime(timezone);
  return (t) => (((local(t) % DAY) + DAY) % DAY) / DAY;
}

/** 0 is Monday. The first of January 1970 was a Thursday. */
export const weekday = (local: number): number => (((Math.floor(local / DAY) + 3) % 7) + 7) % 7;
