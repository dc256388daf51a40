import type { EpochMs } from "../core/time.ts";
import { wallTime } from "./calendar.ts";
import type { NoticeSettings } from "./settings.ts";

/**
 * What happens once a day, or once a week, at an hour of the wall clock. The day that is over is remembered by its date,
 * and compared for being another one, not for being later: a clock that jumped ahead and back blocks nothing for years.
 */
export function digestDue({ digest }: NoticeSettings, done: string, t: EpochMs, timezone: string): string | undefined {
  const now = wallTime(t, timezone);
  return now.minute >= digest && now.date !== done ? now.date : undefined;
}

export function drillDue(
  { fireDrill }: NoticeSettings,
  done: string,
  t: EpochMs,
  timezone: string,
): string | undefined {
  if (!fireDrill) return undefined;
  const now = wallTime(t, timezone);
  return now.day === fireDrill.day && now.minute >= fireDrill.at && now.date !== done ? now.date : undefined;
}
