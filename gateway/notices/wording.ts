import type { Alarm, AlarmState, Priority } from "../core/alarm.ts";
import type { Machine } from "../core/point.ts";
import type { Language, Text } from "../core/text.ts";
import type { EpochMs } from "../core/time.ts";

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
export const hour = (t: EpochMs, timezone: string): string =>
  new Intl.DateTimeFormat("fr-FR", { timeZone: timezone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    t,
  );

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
