import type { Alarm, Message, Priority } from "../core/alarm.ts";
import type { Machine } from "../core/point.ts";
import type { Language, Text } from "../core/text.ts";
import { headline, hour, letter, machineName, shortPriority } from "../core/wording.ts";
import type { Site } from "../plugin.ts";
import type { Draft } from "./router.ts";
import type { Person } from "./settings.ts";

/** What one SMS holds. */
const SHORT = 160;

export interface Answers {
  readonly code?: string;
  readonly link?: string;
}

/** The words of a draft, for a person, in their language: title, body, and one short line. */
export function written(
  draft: Draft,
  person: Person,
  address: string,
  id: string,
  { code, link }: Answers,
  site: Site,
  machines: ReadonlyMap<string, Machine>,
): Message {
  const language = person.language ?? site.language;
  const nameOf = (alarm: Alarm) => machineName(machines, alarm.machine, language);
  const { head, lines } = words(draft, language, site, nameOf);
  const marked = draft.kind === "test" ? `TEST ${head}` : head;
  return {
    id,
    person: person.id,
    address,
    language,
    priority: worst(draft.alarms),
    title: marked,
    body: [...lines, ...(link ? [`${acknowledge[language]} ${link}`] : [])].join("\n"),
    short: fitted(marked, code === undefined ? "" : ` OK=${code}`),
    ...(code !== undefined && { code }),
    ...(link !== undefined && { link }),
    ...(draft.kind === "test" && { test: true as const }),
  };
}

const acknowledge: Text = { fr: "Acquitter :", en: "Acknowledge:" };

interface Words {
  head: string;
  lines: readonly string[];
}

function words(draft: Draft, language: Language, site: Site, nameOf: (alarm: Alarm) => string): Words {
  const { alarms, kind } = draft;
  const lines = alarms.slice(0, 30).map((alarm) => headline(alarm, nameOf(alarm), language, site.timezone));
  const more = alarms.length > 30 ? [`… +${alarms.length - 30}`] : [];
  const [first] = alarms;
  if (kind === "well" || !first) return { head: allIsWell(site.name)[language], lines: [] };
  if (kind === "flood") {
    const count = new Set(alarms.map(({ machine }) => machine)).size;
    const since = hour(
      alarms.reduce((min, { since: t }) => (t < min ? t : min), first.since),
      site.timezone,
    );
    return { head: flood(alarms.length, count, since)[language], lines: [...lines, ...more] };
  }
  if (kind === "digest") return { head: digest(alarms.length)[language], lines: [...lines, ...more] };
  if (alarms.length === 1)
    return {
      head: headline(first, nameOf(first), language, site.timezone),
      lines: letter(first, nameOf(first), language, site.timezone).split("\n"),
    };
  const where = new Set(alarms.map(nameOf)).size === 1 ? nameOf(first) : site.name;
  const colon = language === "fr" ? " : " : ": ";
  const head = `[${shortPriority[worst(alarms)]}] ${where}${colon}${alarms.length} ${noun[language]}, ${first.text[language]}`;
  return { head, lines: [...lines, ...more] };
}

const noun: Text = { fr: "alarmes", en: "alarms" };

const allIsWell = (site: string): Text => ({ fr: `${site} : RAS, tout va bien`, en: `${site}: all is well` });

const flood = (alarms: number, machines: number, since: string): Text => ({
  fr: `Avalanche : ${alarms} alarmes sur ${machines} machine${machines === 1 ? "" : "s"} depuis ${since}. Voir la page`,
  en: `Flood: ${alarms} alarms on ${machines} machine${machines === 1 ? "" : "s"} since ${since}. See the page`,
});

const digest = (count: number): Text => ({
  fr: `Bilan du matin : ${count} avis`,
  en: `Morning digest: ${count} notice${count === 1 ? "" : "s"}`,
});

const rank = { high: 0, medium: 1, low: 2 } as const satisfies Record<Priority, number>;

const worst = (alarms: readonly Alarm[]): Priority =>
  alarms.reduce<Priority>((worse, { priority }) => (rank[priority] < rank[worse] ? priority : worse), "low");

/** Cut so that what the reader is to answer is never cut off. */
const fitted = (head: string, answer: string): string =>
  head.length + answer.length <= SHORT ? head + answer : `${head.slice(0, SHORT - answer.length - 3)}...${answer}`;
