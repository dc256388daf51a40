import { type EpochMs, HOUR, MINUTE, type Ms } from "./time.ts";

/** Makes it the zone of this process: a `Date` knows its offset, any other zone needs a formatter of `Intl`, which takes 8 MB. */
export function adoptZone(timezone: string): void {
  process.env.TZ = timezone;
}

/** Milliseconds since 1970 as the local clock and calendar show them. */
export function localTime(timezone: string): (t: EpochMs) => number {
  const known = clocks.get(timezone);
  if (known) return known;
  const offset = offsetByFormatter(timezone);
  const made = (t: EpochMs) =>
    t + (timezone === process.env.TZ ? -new Date(t).getTimezoneOffset() * MINUTE : offset(t));
  clocks.set(timezone, made);
  return made;
}

// Every rule asks for the same zone.
const clocks = new Map<string, (t: EpochMs) => number>();

/** A moment as the wall clock shows it, in digits, to the millisecond: `2026-03-29T14:05:00.000`. */
export const wallClock = (t: EpochMs, timezone: string): string =>
  new Date(localTime(timezone)(t)).toISOString().slice(0, -1);

/** A moment to the second, for tables and logs: `2026-03-29 14:05:00`. */
export const stamp = (t: EpochMs, timezone: string): string => wallClock(t, timezone).replace("T", " ").slice(0, 19);

/**
 * The name under which every part of the runtime knows a zone, or undefined: `Intl` takes any letter case, old names and
 * plain offsets (`+02:00`), while a `Date` takes a name that it does not know for UTC without a word.
 */
export function zoneNamed(name: string): string | undefined {
  if (Intl.supportedValuesOf("timeZone").includes(name)) return name;
  if (!/^[a-z]/i.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** No zone changes its clock but on a quarter of an hour, so the offset is looked up that often. */
const LOOK_EVERY: Ms = 15 * MINUTE;

function offsetByFormatter(timezone: string): (t: EpochMs) => Ms {
  let format: Intl.DateTimeFormat | undefined;
  let [looked, offset] = [Number.NaN, 0];
  return (t) => {
    const now = Math.floor(t / LOOK_EVERY);
    if (now !== looked) {
      format ??= new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
      const name = format.formatToParts(t).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
      const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
      offset = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * MINUTE);
      looked = now;
    }
    return offset;
  };
}
