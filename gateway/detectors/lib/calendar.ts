import { DAY, type EpochMs, HOUR } from "../../core/time.ts";

/** The local time of day as a share of a day, 0 … 1. The zone's offset is looked up once an hour. */
export function timeOfDay(timezone: string): (t: EpochMs) => number {
  const local = localTime(timezone);
  return (t) => (((local(t) % DAY) + DAY) % DAY) / DAY;
}

// A formatter takes 35 kB outside the heap, and every rule asks for the same zone.
const clocks = new Map<string, (t: EpochMs) => number>();

/** Milliseconds since 1970 as the local clock and calendar show them. */
export function localTime(timezone: string): (t: EpochMs) => number {
  const known = clocks.get(timezone);
  if (known) return known;
  const made = clockOf(timezone);
  clocks.set(timezone, made);
  return made;
}

function clockOf(timezone: string): (t: EpochMs) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  let [hour, offset] = [Number.NaN, 0];
  return (t) => {
    const now = Math.floor(t / HOUR);
    if (now !== hour) {
      const name = format.formatToParts(t).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
      const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
      offset = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * (HOUR / 60));
      hour = now;
    }
    return t + offset;
  };
}

/** 0 is Monday. The first of January 1970 was a Thursday. */
export const weekday = (local: number): number => (((Math.floor(local / DAY) + 3) % 7) + 7) % 7;
