import type { Alarm } from "../core/alarm.ts";
import type { EpochMs } from "../core/time.ts";
import { onDuty, wallTime, within } from "./calendar.ts";
import type { NoticeSettings, Person, Policy } from "./settings.ts";

/** Where nobody wrote a policy: the rota if there is one, else everybody; the rest of the people after half an hour. */
function usualPolicy({ people, rotas }: NoticeSettings): Policy {
  const everybody = { after: 0, who: EVERYBODY };
  const [rota] = rotas;
  if (!rota || people.length === 0) return { id: "usual", steps: [everybody] };
  return {
    id: "usual",
    steps: [
      { after: 0, who: rota.id },
      { ...everybody, after: 30 * 60_000 },
    ],
  };
}

const EVERYBODY = "*";

/** The policy that the rule names, the first one for its machine, the first one for all, or the usual one. */
export function policyFor(settings: NoticeSettings, alarm: Pick<Alarm, "machine">, named?: string): Policy {
  const { policies } = settings;
  return (
    policies.find(({ id }) => id === named) ??
    policies.find(({ machines }) => machines?.includes(alarm.machine)) ??
    policies.find(({ machines }) => machines === undefined) ??
    usualPolicy(settings)
  );
}

/** The people behind the name of a person, a team, a rota or `<rota>:backup`, now. Nobody twice. */
export function peopleFor(settings: NoticeSettings, who: string, t: EpochMs, timezone: string): Person[] {
  if (who === EVERYBODY) return [...settings.people];
  const person = settings.people.find(({ id }) => id === who);
  if (person) return [person];
  const team = settings.teams.find(({ id }) => id === who);
  if (team) return settings.people.filter(({ id }) => team.people.includes(id));
  const [rotaId, role] = who.split(":");
  const rota = settings.rotas.find(({ id }) => id === rotaId);
  const duty = rota && onDuty(rota, t, timezone);
  const chosen = role === "backup" ? duty?.backup : duty?.who;
  return chosen === undefined || chosen === who ? [] : peopleFor(settings, chosen, t, timezone);
}

/** Whether that person sleeps now. */
export function isQuiet({ quiet }: Person, t: EpochMs, timezone: string): boolean {
  return quiet !== undefined && within(wallTime(t, timezone).minute, quiet.from, quiet.to);
}
