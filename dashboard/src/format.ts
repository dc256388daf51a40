import { gatewayNow } from "./clock.ts";
import { site } from "./live.ts";
import { language, words } from "./words/index.ts";

/** Decimals that a technician expects of a unit; by size where a unit is not listed. */
const decimals: Readonly<Record<string, number>> = {
  V: 1,
  A: 2,
  mA: 1,
  W: 0,
  kW: 2,
  kWh: 1,
  Wh: 0,
  Hz: 2,
  Cel: 1,
  "mm/s": 2,
  "[g]": 3,
  "%": 1,
  bar: 2,
  "/min": 0,
  h: 1,
  s: 1,
  dB: 1,
  um: 1,
};

const shown: Readonly<Record<string, string>> = {
  "1": "",
  Cel: "°C",
  "[degF]": "°F",
  Ohm: "Ω",
  m3: "m³",
  "m3/h": "m³/h",
  "[g]": "g",
  deg: "°",
  um: "µm",
  "[ppm]": "ppm",
  "mm/s2": "mm/s²",
  "m/s2": "m/s²",
};

const perLanguage: Readonly<Record<string, { fr: string; en: string }>> = {
  "/min": { fr: "tr/min", en: "rpm" },
  By: { fr: "o", en: "B" },
  "By/s": { fr: "o/s", en: "B/s" },
  d: { fr: "j", en: "d" },
};

/** A UCUM code as people write it. */
export const unitShown = (unit: string): string => perLanguage[unit]?.[language.value] ?? shown[unit] ?? unit;

const locale = (): string => (language.value === "fr" ? "fr-FR" : "en-GB");

const numberFormats = new Map<string, Intl.NumberFormat>();
function numberFormat(places: number): Intl.NumberFormat {
  const key = `${locale()}/${places}`;
  const known =
    numberFormats.get(key) ??
    new Intl.NumberFormat(locale(), { minimumFractionDigits: places, maximumFractionDigits: places });
  numberFormats.set(key, known);
  return known;
}

/** A number alone, with a true minus sign; `wanted` decimals instead of the usual ones (on an axis). */
export function numberShown(value: number, unit: string, wanted?: number): string {
  const bySize = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 100 ? 1 : 2;
  const whole = unit === "1" && Number.isInteger(value);
  const places = whole ? 0 : Math.min(decimals[unit] ?? bySize, Math.abs(value) >= 10_000 ? 0 : 3);
  return numberFormat(wanted ?? places)
    .format(value)
    .replace("-", "−");
}

/** As many decimals as tell two neighbouring splits apart. */
export function axisDecimals(step: number): number {
  let places = 0;
  while (places < 6 && Math.abs(Math.round(step * 10 ** places) - step * 10 ** places) > 1e-6) places++;
  return places;
}

/** A share of one. */
export const percentShown = (share: number): string => `${numberFormat(0).format(share * 100)}\u00a0%`;

/** An amount of money. */
export const moneyShown = (amount: number, currency: string): string =>
  new Intl.NumberFormat(locale(), { style: "currency", currency }).format(amount);

/** A number with its unit, never torn apart at a line end. */
export function valueShown(value: number, unit: string): string {
  const suffix = unitShown(unit);
  return suffix === "" ? numberShown(value, unit) : `${numberShown(value, unit)}\u00a0${suffix}`;
}

/** Bytes as people count them on a disk. */
export function bytesShown(bytes: number): string {
  const units = language.value === "fr" ? ["o", "ko", "Mo", "Go", "To"] : ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1_000 ** step;
  return `${numberFormat(value < 10 && step > 0 ? 1 : 0).format(value)}\u00a0${units[step]}`;
}

/** A length of time in one unit, as short as it can be said. */
export function spanShown(ms: number): string {
  const w = words.value.age;
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 100) return w.seconds(String(seconds));
  if (seconds < 100 * 60) return w.minutes(String(Math.round(seconds / 60)));
  if (seconds < 48 * 3_600) return w.hours(String(Math.round(seconds / 3_600)));
  return w.days(String(Math.round(seconds / 86_400)));
}

/** How old something is: `just now` below two seconds, so that a page full of fresh values stands still. */
export const agoShown = (ms: number): string => (ms < 2_000 ? words.value.age.now : words.value.age.ago(spanShown(ms)));

/** How long ago, or how long until. */
export function distanceShown(t: number, now = gatewayNow()): string {
  const w = words.value.age;
  if (Math.abs(now - t) < 2_000) return w.now;
  return t < now ? w.ago(spanShown(now - t)) : w.in(spanShown(t - now));
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();
export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const zone = site.value?.timezone;
  const key = locale() + zone + JSON.stringify(options);
  const known =
    dateFormats.get(key) ??
    new Intl.DateTimeFormat(locale(), { ...options, hourCycle: "h23", ...(zone && { timeZone: zone }) });
  dateFormats.set(key, known);
  return known;
}

/** Time of day at the site. */
export const clockShown = (t: number, seconds = false): string =>
  dateFormat({ hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) }).format(t);

const dayShown = (t: number): string => dateFormat({ day: "numeric", month: "short", year: "numeric" }).format(t);

/** Time of day, with the date where it is not today's. */
export function momentShown(t: number, now = gatewayNow()): string {
  if (dayShown(t) === dayShown(now)) return clockShown(t);
  const far = Math.abs(t - now) > 300 * 86_400_000;
  return dateFormat({
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...(far && { year: "numeric" }),
  }).format(t);
}

/** A whole date, for headings. */
export const longDayShown = (t: number): string =>
  dateFormat({ weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(t);

/** The hour (0 … 23) at the site. */
export const hourAtSite = (t: number): number =>
  Number(
    dateFormat({ hour: "2-digit" })
      .formatToParts(t)
      .find((part) => part.type === "hour")?.value ?? 12,
  );
