import type { Language } from "./text.ts";
import { DAY, type EpochMs, HOUR, MINUTE } from "./time.ts";
import { localTime, wallClock } from "./zone.ts";

const weekdays = {
  fr: ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
  en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
} as const satisfies Record<Language, readonly string[]>;

const months = {
  fr: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(" "),
  en: "January February March April May June July August September October November December".split(" "),
} as const satisfies Record<Language, readonly string[]>;

const shortMonths = {
  fr: "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split(" "),
  en: "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split(" "),
} as const satisfies Record<Language, readonly string[]>;

/** A moment as exact as its distance from now deserves: `14:10:30`, `14:10`, `Tue 14:10`, `12 Mar`, `March 2027`. */
export function moment(t: EpochMs, now: EpochMs, timezone: string, language: Language): string {
  const distance = Math.abs(t - now);
  const clock = wallClock(t, timezone).slice(11);
  if (distance < 10 * MINUTE) return clock.slice(0, 8);
  if (distance < 12 * HOUR) return clock.slice(0, 5);
  const local = new Date(localTime(timezone)(t));
  if (distance < 6 * DAY) return `${weekdays[language][local.getUTCDay()]} ${clock.slice(0, 5)}`;
  if (distance < 90 * DAY) return `${local.getUTCDate()} ${shortMonths[language][local.getUTCMonth()]}`;
  return `${months[language][local.getUTCMonth()]} ${local.getUTCFullYear()}`;
}
