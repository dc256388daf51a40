import type { Shift } from "../core/notice.ts";
import { DAY, type EpochMs, epochMs, MINUTE } from "../core/time.ts";
import { wallClock } from "../core/zone.ts";
import type { Rota } from "./settings.ts";

/** A moment as the clock on the wall of the workshop shows it. */
export interface WallTime {
  /** `2026-03-29` */
  readonly date: string;
  /** Minutes since midnight. */
  readonly minute: number;
  readonly day: Weekday;
}

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

const week: readonly Weekday[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

export function wallTime(t: EpochMs, timezone: string): WallTime {
  const [date = "", clock = ""] = wallClock(t, timezone).split("T");
  const [hour, minute] = clock.split(":").map(Number);
  return { date, minute: (hour ?? 0) * 60 + (minute ?? 0), day: weekday(date) };
}

/** Whether `minute` lies in a stretch that may run over midnight; `from` = `to` is the whole day. */
export const within = (minute: number, from: number, to: number): boolean =>
  from < to ? minute >= from && minute < to : minute >= from || minute < to;

/** Who has the duty, and for which reason. */
export interface OnDuty {
  readonly who: string;
  readonly backup?: string;
  readonly why: Shift["why"];
}

/** Who has the duty now: exceptions first, then public holidays, then the weekly pattern. */
export function onDuty(rota: Rota, t: EpochMs, timezone: string): OnDuty | undefined {
  const now = wallTime(t, timezone);
  const exception = rota.exceptions.find(({ from, to }) => now.date >= from && now.date <= to);
  if (exception) return duty(exception, "exception");
  if (rota.holidays && isHoliday(now.date)) return { who: rota.holidays, why: "holiday" };
  const yesterday = dayBefore(now.day);
  const shift = rota.weekly.find(({ days, from, to }) => {
    if (from < to) return days.includes(now.day) && now.minute >= from && now.minute < to;
    // A night shift belongs to the day on which it begins.
    return (days.includes(now.day) && now.minute >= from) || (days.includes(yesterday) && now.minute < to);
  });
  return shift && duty(shift, "weekly");
}

const duty = ({ who, backup }: { who: string; backup?: string | undefined }, why: Shift["why"]): OnDuty => ({
  who,
  ...(backup && { backup }),
  why,
});

const STEP = 15 * MINUTE;

/**
 * The duties of so many days, one per unbroken stretch, by the ids of those who have them. Walked in quarters of an hour of
 * real time, so that exceptions, holidays and both ends of summer time come out right.
 */
export function shiftsOf(rota: Rota, from: EpochMs, days: number, timezone: string): Shift[] {
  const shifts: Shift[] = [];
  const start = Math.floor(from / STEP) * STEP;
  for (let t = start; t < start + days * DAY; t += STEP) {
    const now = onDuty(rota, epochMs(t), timezone);
    if (!now) continue;
    const last = shifts.at(-1);
    const same = last?.to === t && last.who === now.who && last.backup === now.backup && last.why === now.why;
    const begun = same ? shifts.pop() : undefined;
    shifts.push({ ...now, from: begun?.from ?? epochMs(t), to: epochMs(t + STEP) });
  }
  return shifts;
}

/** The stretches of those days that no shift covers. */
export function gapsBetween(shifts: readonly Shift[], from: EpochMs, days: number): { from: EpochMs; to: EpochMs }[] {
  const start = epochMs(Math.floor(from / STEP) * STEP);
  const end = epochMs(start + days * DAY);
  const edges = [start, ...shifts.flatMap((shift) => [shift.from, shift.to]), end];
  const gaps: { from: EpochMs; to: EpochMs }[] = [];
  for (let i = 0; i + 1 < edges.length; i += 2) {
    const [left, right] = [edges[i], edges[i + 1]];
    if (left !== undefined && right !== undefined && right > left) gaps.push({ from: left, to: right });
  }
  return gaps;
}

/** The eleven public holidays of metropolitan France. */
export function isHoliday(date: string): boolean {
  if (fixed.has(date.slice(5))) return true;
  const easter = easterSunday(Number(date.slice(0, 4)));
  return movable.some((days) => dateOf(easter + days * DAY) === date);
}

const fixed: ReadonlySet<string> = new Set(["01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"]);
/** Easter Monday, Ascension, Whit Monday, in days after Easter. */
const movable = [1, 39, 50];

/** Gregorian Easter after Meeus, Jones and Butcher. */
function easterSunday(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(n / 31) - 1, (n % 31) + 1);
}

const dateOf = (utc: number): string => new Date(utc).toISOString().slice(0, 10);

const weekday = (date: string): Weekday => week[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? "mon";

const dayBefore = (day: Weekday): Weekday => week[(week.indexOf(day) + 6) % 7] ?? "sun";

/** The rota as an iCalendar file, one event per unbroken duty, in UTC, for the calendars of those who have it. */
export function iCalendar(
  rota: Rota,
  from: EpochMs,
  days: number,
  timezone: string,
  names: (id: string) => string,
): string {
  const lines = shiftsOf(rota, from, days, timezone).flatMap(({ who, backup, from: begins, to }) => [
    "BEGIN:VEVENT",
    `UID:${rota.id}-${begins}@vigie`,
    `DTSTAMP:${stamp(from)}`,
    `DTSTART:${stamp(begins)}`,
    `DTEND:${stamp(to)}`,
    `SUMMARY:${escaped(backup === undefined ? names(who) : `${names(who)} (${names(backup)})`)}`,
    "END:VEVENT",
  ]);
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Vigie//rota//FR", ...lines, "END:VCALENDAR", ""].join("\r\n");
}

const stamp = (t: number): string => `${new Date(t).toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;

const escaped = (words: string): string => words.replace(/[\\;,]/g, (c) => `\\${c}`).replace(/\r?\n/g, "\\n");
