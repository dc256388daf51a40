import { type Alarm, type AlarmEvent, type AlarmState, isVisible, type Priority } from "./alarm.ts";
import type { Machine } from "./point.ts";
import type { Language, Text } from "./text.ts";
import type { EpochMs } from "./time.ts";
import { wallClock } from "./zone.ts";

/** What people read: one place for both languages, so that a mail, an SMS and the page say the same. */

export const shortPriority = { high: "P1", medium: "P2", low: "P3" } as const satisfies Record<Priority, string>;

const words = {
  since: { fr: "depuis", en: "since" },
  over: { fr: "terminé", en: "over" },
  cause: { fr: "Cause", en: "Cause" },
  consequence: { fr: "Conséquence", en: "Consequence" },
  action: { fr: "À faire", en: "To do" },
} as const satisfies Record<string, Text>;

const gateway: Text = { fr: "Passerelle", en: "Gateway" };

/** What people call a machine; the gateway is one too. */
export const machineName = (machines: ReadonlyMap<string, Machine>, id: string, language: Language): string =>
  machines.get(id)?.name[language] ?? (id === "gateway" ? gateway[language] : id);

/** The hour where the machine stands: `14:05`. */
export const hour = (t: EpochMs, timezone: string): string => wallClock(t, timezone).slice(11, 16);

const asideWords: Partial<Record<AlarmState, Text>> = {
  shelved: { fr: "en attente", en: "shelved" },
  "out-of-service": { fr: "hors service", en: "out of service" },
};

/** `[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05` */
export function headline(alarm: Alarm, machine: string, language: Language, timezone: string): string {
  const colon = language === "fr" ? " : " : ": ";
  const since = `${words.since[language]} ${hour(alarm.since, timezone)}`;
  const said = [alarm.name?.[language], alarm.text[language].replace(/[\s.]+$/, "")].filter(Boolean).join(", ");
  const aside = asideWords[alarm.state]?.[language];
  return `[${shortPriority[alarm.priority]}] ${machine}${colon}${said} ${since}${aside ? ` (${aside})` : ""}`;
}

/** The long form: the head line, then what the rule knows of cause, consequence and what to do. */
export function letter(alarm: Alarm, machine: string, language: Language, timezone: string): string {
  const colon = language === "fr" ? " : " : ": ";
  const lines = (["cause", "consequence", "action"] as const).flatMap((key) => {
    const said = alarm[key];
    return said ? [`${words[key][language]}${colon}${said[language]}`] : [];
  });
  const details = alarm.details ? [alarm.details[language]] : lines;
  return [headline(alarm, machine, language, timezone), ...details].join("\n");
}

/** What became of an alarm, by the state in which it is now. */
const became: Readonly<Record<AlarmState, Text>> = {
  normal: { fr: "terminée", en: "over" },
  pending: { fr: "à confirmer", en: "to be confirmed" },
  unacked: { fr: "en cours", en: "active" },
  acked: { fr: "acquittée", en: "acknowledged" },
  returned: { fr: "terminée sans que personne l'ait vue", en: "over, nobody has seen it" },
  "latched-unacked": { fr: "terminée, à acquitter puis à réarmer", en: "over, to be acknowledged and reset" },
  "latched-acked": { fr: "à réarmer", en: "to be reset" },
  shelved: { fr: "mise en attente", en: "shelved" },
  suppressed: { fr: "inhibée", en: "kept quiet" },
  "out-of-service": { fr: "mise hors service", en: "taken out of service" },
  disabled: { fr: "désactivée", en: "disabled" },
};

/** What a person's hand did, where the state alone does not tell. */
const byHand: Partial<Record<AlarmState, Text>> = {
  returned: became.acked,
  "latched-unacked": became.acked,
  "latched-acked": { fr: "réarmée", en: "reset" },
  shelved: { fr: "reprise", en: "taken back" },
  "out-of-service": { fr: "remise en service", en: "back in service" },
};

/**
 * One line for a journal: the head line where somebody is to come, else what became of the alarm and by whom. Undefined for
 * what only an expert wants to see.
 */
export function journalLine(
  event: AlarmEvent,
  machine: string,
  language: Language,
  timezone: string,
): string | undefined {
  const { alarm, from, to, by } = event;
  if (!isVisible(event) || alarm.level === "watch") return undefined;
  const head = headline(alarm, machine, language, timezone);
  if (event.annunciated) return event.test ? `TEST ${head}` : head;
  const colon = language === "fr" ? " : " : ": ";
  if (by === "system") return `${machine}${colon}${alarm.text[language]}, ${became[to][language]}`;
  const deed = ((to === "normal" || to === "acked" || to === "unacked" ? byHand[from] : undefined) ?? became[to])[
    language
  ];
  return `${machine}${colon}${alarm.text[language]}, ${deed} ${{ fr: "par", en: "by" }[language]} ${by}`;
}
