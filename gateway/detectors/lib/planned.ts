import { z } from "zod";
import { reason } from "../../core/text.ts";
import { DAY, type EpochMs, HOUR, MINUTE } from "../../core/time.ts";
import { localTime } from "../../core/zone.ts";
import { weekday } from "./calendar.ts";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const clock = z
  .string()
  .regex(
    /^([01]\d|2[0-3]):[0-5]\d$/,
    reason({ fr: 'une heure, par exemple "07:30"', en: 'a time of day like "07:30"' }),
  );

/** When people work: what runs outside is on for nobody. */
export const planned = z
  .strictObject({
    days: z.array(z.enum(days)).min(1).prefault(["mon", "tue", "wed", "thu", "fri"]),
    from: clock.prefault("06:00"),
    to: clock.prefault("20:00"),
  })
  .refine(
    ({ from, to }) => from < to,
    reason({ fr: "from doit être plus tôt que to", en: "from must be earlier than to" }),
  );

export type Planned = z.output<typeof planned>;

const minutes = (time: string): number => {
  const [h, m] = time.split(":").map(Number);
  return ((h ?? 0) * HOUR + (m ?? 0) * MINUTE) / MINUTE;
};

/** Whether a moment lies in planned time, and which working night it belongs to otherwise (its number grows by days). */
export function nights(plan: Planned, timezone: string): (t: EpochMs) => { open: boolean; night: number } {
  const local = localTime(timezone);
  const [from, to] = [minutes(plan.from), minutes(plan.to)];
  return (t) => {
    const now = local(t);
    const at = (now - Math.floor(now / DAY) * DAY) / MINUTE;
    const works = plan.days.includes(days[weekday(now)] ?? "mon");
    return { open: works && at >= from && at < to, night: Math.floor((now - to * MINUTE) / DAY) };
  };
}
