import { z } from "zod";
import { ID_PATTERN, ID_REASON } from "../core/point.ts";
import { languages, reason, type Text } from "../core/text.ts";
import { DURATION_REASON, HOUR, MINUTE, type Ms, parseDuration, SECOND } from "../core/time.ts";

const id = z.string().regex(ID_PATTERN, ID_REASON);

const duration = (usual: Ms) =>
  z
    .string()
    .refine((written) => parseDuration(written) !== undefined, DURATION_REASON)
    .transform((written): Ms => parseDuration(written) ?? usual)
    .default(usual);

const TIME_REASON = reason({ fr: 'une heure, par exemple "08:00"', en: 'a time of day like "08:00"' });

/** Minutes since midnight. */
export const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, TIME_REASON)
  .transform((written) => Number(written.slice(0, 2)) * 60 + Number(written.slice(3)));

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const person = z.strictObject({
  id,
  name: z.string().min(1).max(80),
  language: z.enum(languages).optional(),
  via: z
    .array(z.strictObject({ channel: id, address: z.string().min(1).max(200) }))
    .min(1)
    .describe("Channels in order; `channel` is the id of an entry of `notifiers:`"),
  quiet: z
    .strictObject({ from: clockTime, to: clockTime })
    .optional()
    .describe("Only high priority reaches this person between these times of day"),
});

const shift = z.strictObject({
  days: z.array(z.enum(weekdays)).min(1),
  from: clockTime.default(0),
  to: clockTime.or(z.literal("24:00").transform(() => 24 * 60)).default(24 * 60),
  who: id,
  backup: id.optional(),
});

const rota = z.strictObject({
  id,
  weekly: z.array(shift).max(50).describe("The first shift that fits counts"),
  exceptions: z
    .array(z.strictObject({ from: z.iso.date(), to: z.iso.date(), who: id, backup: id.optional() }))
    .max(200)
    .default([])
    .describe("Whole days, both included, that count before the weekly pattern"),
  holidays: id.optional().describe("Who stands in on French public holidays"),
});

const step = z.strictObject({
  after: duration(0),
  who: z.string().describe("A person, a team, a rota, or `<rota>:backup`"),
  via: z.array(id).optional().describe("Only these channels"),
});

const policy = z.strictObject({
  id,
  machines: z.array(id).optional().describe("Used for these machines where a rule names no policy"),
  steps: z.array(step).min(1).max(10),
});

/** The key `notices:` of a site file. */
export const noticeSettings = z
  .strictObject({
    people: z.array(person).max(200).default([]),
    teams: z
      .array(z.strictObject({ id, people: z.array(id).min(1) }))
      .max(50)
      .default([]),
    rotas: z.array(rota).max(20).default([]),
    policies: z.array(policy).max(50).default([]),
    group: z
      .strictObject({ wait: duration(30 * SECOND), interval: duration(5 * MINUTE), repeat: duration(4 * HOUR) })
      .prefault({}),
    cap: z
      .strictObject({ perHour: z.int().min(1).max(100).default(6) })
      .prefault({})
      .describe("Messages per person; what is more comes as one summary"),
    digest: clockTime.prefault("08:00").describe("When low priority and notices are told"),
    allIsWell: z
      .boolean()
      .default(false)
      .describe("Say at digest time that all is well, so that silence means something"),
    fireDrill: z
      .strictObject({ day: z.enum(weekdays), at: clockTime })
      .optional()
      .describe("A test message through the whole chain, once a week"),
    link: z
      .url()
      .optional()
      .describe("How telephones reach this gateway, for links that acknowledge: https://vigie.local:8080"),
  })
  .superRefine((settings, refusal) => {
    for (const { path, message } of problemsIn(settings))
      refusal.addIssue({ code: "custom", path: [...path], message: message.en, params: message });
  });

interface Names {
  people: readonly { id: string }[];
  teams: readonly { id: string; people: readonly string[] }[];
  rotas: readonly z.output<typeof rota>[];
  policies: readonly z.output<typeof policy>[];
}

/** Names that lead nowhere, and names that two share: found when the file is checked, not at night. */
function problemsIn({ people, teams, rotas, policies }: Names) {
  const problems: { path: (string | number)[]; message: Text }[] = [];
  const lists = { people, teams, rotas };
  const known = new Set<string>();
  for (const [list, entries] of Object.entries(lists))
    for (const [i, { id: name }] of entries.entries()) {
      if (known.has(name)) problems.push({ path: [list, i, "id"], message: taken(name) });
      known.add(name);
    }
  const backups = new Set(rotas.map((one) => `${one.id}:backup`));
  const check = (who: string | undefined, path: (string | number)[], also = false) => {
    if (who !== undefined && !known.has(who) && !(also && backups.has(who)))
      problems.push({
        path,
        message: {
          fr: `personne ne s'appelle ${who} : donnez une personne, une équipe${also ? ", un planning ou planning:backup" : " ou un planning"}`,
          en: `nobody is called ${who}: give a person, a team${also ? ", a rota or rota:backup" : " or a rota"}`,
        },
      });
  };
  for (const [i, team] of teams.entries())
    for (const [k, who] of team.people.entries()) check(who, ["teams", i, "people", k]);
  for (const [i, one] of rotas.entries()) {
    check(one.holidays, ["rotas", i, "holidays"]);
    for (const list of ["weekly", "exceptions"] as const)
      for (const [k, entry] of one[list].entries()) {
        check(entry.who, ["rotas", i, list, k, "who"]);
        check(entry.backup, ["rotas", i, list, k, "backup"]);
      }
  }
  for (const [i, { steps }] of policies.entries())
    for (const [k, { who }] of steps.entries()) check(who, ["policies", i, "steps", k, "who"], true);
  return problems;
}

const taken = (id: string): Text => ({ fr: `${id} est déjà pris`, en: `${id} is taken already` });

/** Channels of people that no entry of `notifiers:` carries; to be asked where both lists are known. */
export const channelProblems = (people: readonly z.output<typeof person>[], notifiers: ReadonlySet<string>) =>
  people.flatMap(({ name, via }, i) =>
    via.flatMap(({ channel }, k) =>
      notifiers.has(channel) ? [] : [{ path: ["people", i, "via", k, "channel"], message: noNotifier(name, channel) }],
    ),
  );

const noNotifier = (name: string, channel: string): Text => ({
  fr: `${name} : aucun notifier ne s'appelle ${channel}`,
  en: `${name}: no notifier is called ${channel}`,
});

export type NoticeSettings = z.output<typeof noticeSettings>;
export type Person = z.output<typeof person>;
export type Rota = z.output<typeof rota>;
export type Policy = z.output<typeof policy>;
