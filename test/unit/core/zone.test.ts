import { expect, test } from "vitest";
import { moment } from "../../../gateway/core/moment.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import { adoptZone, stamp, zoneNamed } from "../../../gateway/core/zone.ts";

const zones = ["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"];
const start = Date.UTC(2026, 0, 1, 0, 7);
const months = { fr: "fr-FR", en: "en-GB" } as const;

/** Every hour and a bit of a year, so that both days on which clocks change are met on each side of the change. */
function* year(): Generator<EpochMs> {
  for (let t = start; t < start + 366 * DAY; t += 53 * MINUTE) yield epochMs(t);
}

/** As the runtime's own formatter writes it. */
function asked(locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): (t: EpochMs) => string {
  const format = new Intl.DateTimeFormat(locale, { timeZone, ...options });
  return (t) => format.format(t);
}

test.each(zones)("the wall clock of %s is that of the runtime's calendar, all year", (zone) => {
  const oracle = asked("sv-SE", zone, { dateStyle: "short", timeStyle: "medium" });
  const own = process.env.TZ;
  try {
    for (const t of year()) expect(stamp(t, zone)).toBe(oracle(t));
    adoptZone(zone);
    for (const t of year()) expect(stamp(t, zone)).toBe(oracle(t));
  } finally {
    if (own === undefined) delete process.env.TZ;
    else process.env.TZ = own;
  }
});

test.each(["fr", "en"] as const)("a moment is told in words as the runtime would in %s", (language) => {
  const zone = "Europe/Paris";
  const forms = [
    { away: MINUTE, options: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } },
    { away: HOUR, options: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } },
    { away: 2 * DAY, options: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } },
    { away: 30 * DAY, options: { day: "numeric", month: "short" } },
    { away: 200 * DAY, options: { month: "long", year: "numeric" } },
  ] as const satisfies readonly { away: number; options: Intl.DateTimeFormatOptions }[];
  for (const { away, options } of forms) {
    const oracle = asked(months[language], zone, options);
    for (let t = start; t < start + 366 * DAY; t += 11 * HOUR)
      expect(moment(epochMs(t), epochMs(t - away), zone, language)).toBe(oracle(epochMs(t)));
  }
});

test("a zone goes by the one name that every part of the runtime knows", () => {
  for (const name of Intl.supportedValuesOf("timeZone")) expect(zoneNamed(name)).toBe(name);
  for (const name of [...zones, "Europe/Kyiv"]) expect(zoneNamed(name)).toBeDefined();
  for (const name of ["Mars/Olympus", "", "Europe/Pariss", "+02:00", "-05:30"]) expect(zoneNamed(name)).toBeUndefined();
  const own = process.env.TZ;
  try {
    for (const name of ["europe/paris", "EUROPE/PARIS", "us/eastern", "GB", "Etc/gmt+3", "utc"]) {
      const known = zoneNamed(name) ?? "";
      const oracle = asked("sv-SE", name, { dateStyle: "short", timeStyle: "medium" });
      adoptZone(known);
      for (const t of year()) expect(stamp(t, known)).toBe(oracle(t));
    }
  } finally {
    if (own === undefined) delete process.env.TZ;
    else process.env.TZ = own;
  }
});
