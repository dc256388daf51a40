import type { Delivery, Drill, NoticeDesk } from "../core/notice.ts";
import { DAY, epochMs } from "../core/time.ts";
import { gapsBetween, iCalendar, onDuty, shiftsOf } from "./calendar.ts";
import type { Outbox } from "./outbox.ts";
import type { PostmanParts } from "./postman.ts";
import type { Person } from "./settings.ts";

const CALENDAR_DAYS = 60;

/** What pages ask of the notices: whom, when, what became of it. Changes nothing. */
export function createViews(
  { settings, clock, site }: PostmanParts,
  outbox: Outbox,
  people: ReadonlyMap<string, Person>,
): Pick<NoticeDesk, "deliveries" | "people" | "drills" | "duty" | "calendar"> {
  const nameOf = (id: string) => people.get(id)?.name ?? settings.teams.find((team) => team.id === id)?.id ?? id;
  const named = <D extends { who: string; backup?: string | undefined }>(duty: D): D => ({
    ...duty,
    who: nameOf(duty.who),
    ...(duty.backup !== undefined && { backup: nameOf(duty.backup) }),
  });
  return {
    deliveries: (limit, { person, alarm, state } = {}) =>
      outbox
        .list()
        .filter((one) => person === undefined || one.person === person)
        .filter((one) => alarm === undefined || one.alarms.includes(alarm))
        .filter((one) => state === undefined || one.state === state)
        .slice(0, limit)
        .map(shown),
    people: () => settings.people.map(({ id, name, via }) => ({ id, name, channels: via.map((one) => one.channel) })),
    drills: () =>
      drillsOf(outbox).map(({ deliveries, ...drill }) => ({
        ...drill,
        deliveries: deliveries.map((one) => ({ ...one, person: nameOf(one.person) })),
      })),
    duty: (days) =>
      settings.rotas.map((rota) => {
        const now = clock.now();
        const on = onDuty(rota, now, site.timezone);
        const end = now + days * DAY;
        // Whole shifts: the one that runs now from its beginning, the last one to its end.
        const shifts = shiftsOf(rota, epochMs(now - DAY), days + 2, site.timezone).filter(
          ({ from, to }) => to > now && from < end,
        );
        return {
          rota: rota.id,
          who: on && nameOf(on.who),
          backup: on?.backup && nameOf(on.backup),
          shifts: shifts.map(named),
          gaps: gapsBetween(shifts, now, days),
          exceptions: rota.exceptions.map(({ from, to, who }) => ({ from, to, who: nameOf(who) })),
        };
      }),
    calendar(id) {
      const rota = settings.rotas.find((one) => one.id === id);
      const from = epochMs(clock.now() - DAY);
      return rota && iCalendar(rota, from, CALENDAR_DAYS, site.timezone, nameOf);
    },
  };
}

/** A delivery as pages show it: without the link and the code, with which a reader could answer for somebody else. */
function shown(delivery: Delivery): Delivery {
  const { link: _, code: __, ...message } = delivery.message;
  return { ...delivery, message: { ...message, body: message.title, short: message.title } };
}

/** Tests, newest first, one per press of the button or week. */
function drillsOf(outbox: Outbox): Drill[] {
  const drills = new Map<string, Drill & { deliveries: Drill["deliveries"][number][] }>();
  for (const { kind, alarms, created, person, channel, state, cause, error } of outbox.list()) {
    if (kind !== "test") continue;
    const key = `${alarms[0]} ${Math.floor(created / 10_000)}`;
    const drill = drills.get(key) ?? { t: created, alarm: alarms[0] ?? "", deliveries: [] };
    drill.deliveries.push({ person, channel, state, ...(cause && { cause }), ...(error !== undefined && { error }) });
    drills.set(key, drill);
  }
  return [...drills.values()];
}
