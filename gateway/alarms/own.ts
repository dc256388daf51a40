import type { AlarmDesign } from "../core/alarm.ts";
import type { Finding } from "../core/detector.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { refusalOf } from "../core/refusal.ts";
import type { Text } from "../core/text.ts";
import { DAY, HOUR, MINUTE, type Ms } from "../core/time.ts";
import type { Advice, AlarmRule } from "./record.ts";
import { plainDesign } from "./rule.ts";

interface Watched {
  readonly rule: AlarmRule;
  /** How the points of the gateway's own health begin that it is about. */
  readonly prefix: string;
  readonly text: Text;
  readonly holds: (value: number) => boolean;
  /** What the number says beyond that, of the part whose name ends the point's. */
  readonly say?: (part: string, value: number) => { readonly text: Text; readonly advice: Advice } | undefined;
}

/** What the gateway raises about itself: from its own health, which comes through the log like everything else. */
const watched: readonly Watched[] = [
  own(
    "sms-network",
    "sms_network",
    10 * MINUTE,
    (v) => v === 0,
    { fr: "Modem SMS sans réseau", en: "SMS modem without a network" },
    {
      consequence: { fr: "Les alertes par SMS ne partent plus", en: "Alerts by SMS no longer go out" },
      action: { fr: "Regarder le modem, l'antenne et la carte SIM", en: "Look at the modem, its antenna and SIM card" },
    },
  ),
  own(
    "sms-self-test",
    "sms_self_test",
    0,
    (v) => v === 0,
    { fr: "Le SMS d'essai de la semaine n'est pas revenu", en: "The weekly test SMS did not come back" },
    {
      consequence: { fr: "Les alertes par SMS n'arrivent sans doute pas", en: "Alerts by SMS probably do not arrive" },
      action: {
        fr: "Vérifier le crédit de la carte SIM, l'antenne et le numéro déclaré",
        en: "Check the credit of the SIM card, the antenna and the declared number",
      },
    },
  ),
  own(
    "sink-refused",
    "sink_needs_care",
    MINUTE,
    (v) => v > 0,
    { fr: "Destination de données qui refuse", en: "A destination refuses the data" },
    {
      consequence: { fr: "Les mesures attendent ici", en: "Readings wait here" },
      action: { fr: "Lire le journal : jeton, base ou certificat", en: "Read the log: token, bucket or certificate" },
    },
    (sink, code) => {
      const { why, action } = refusalOf(code) ?? {};
      const text = why && {
        fr: `La base ${sink} refuse les mesures : ${why.fr}`,
        en: `The database ${sink} refuses the readings: ${why.en}`,
      };
      return text && { text, advice: { action } };
    },
  ),
  own(
    "disk-broken",
    "log_degraded",
    MINUTE,
    (v) => v > 0,
    { fr: "Le disque ne prend plus rien", en: "The disk takes nothing any more" },
    {
      priority: "high",
      consequence: {
        fr: "Une coupure perdrait les mesures en mémoire",
        en: "A power cut would lose what is in memory",
      },
      action: { fr: "Vérifier la carte ou le disque, et la place libre", en: "Check card or disk, and free space" },
    },
  ),
  own(
    "store-filling",
    "store_days_left",
    6 * HOUR,
    (v) => v < 14,
    { fr: "Stockage plein dans moins de deux semaines", en: "The store is full in less than two weeks" },
    {
      priority: "low",
      consequence: {
        fr: "Les mesures les plus anciennes seront effacées plus tôt que prévu",
        en: "The oldest readings go sooner than planned",
      },
      action: {
        fr: "Lire moins souvent, garder moins longtemps, ou donner plus de place (store: keep:)",
        en: "Read less often, keep for less long, or give it more room (store: keep:)",
      },
    },
  ),
  own(
    "clock-unknown",
    "clock_unsynced",
    DAY,
    (v) => v > 0,
    { fr: "Heure non vérifiée depuis un jour", en: "Time not confirmed for a day" },
    {
      priority: "low",
      action: { fr: "Donner un accès NTP ou régler l'heure", en: "Give it NTP, or set the time" },
    },
  ),
];

export const ownRules: readonly AlarmRule[] = watched.map(({ rule }) => rule);

/** What a reading of machine `gateway` says about it; undefined for most. */
export function ownFinding(
  reading: Reading,
): { rule: AlarmRule; finding: Finding; advice?: Advice | undefined } | undefined {
  const value = numberOf(reading);
  if (value === null || !reading.point.startsWith("gateway/")) return undefined;
  const found = watched.find(({ prefix }) => reading.point.startsWith(prefix));
  if (!found) return undefined;
  const { rule, prefix, text: usual, holds, say } = found;
  const { text = usual, advice } = say?.(reading.point.slice(prefix.length + 1), value) ?? {};
  return { rule, finding: { active: holds(value), level: "alert", score: 1, point: reading.point, text }, advice };
}

function own(
  id: string,
  gauge: string,
  on: Ms,
  holds: Watched["holds"],
  text: Text,
  design: Partial<AlarmDesign>,
  say?: Watched["say"],
): Watched {
  const whole: AlarmDesign = { ...plainDesign, delay: { on, off: MINUTE }, ackRequired: false, ...design };
  const rule: AlarmRule = { id, type: "own", machine: "gateway", enabled: true, design: whole };
  return { rule, prefix: `gateway/${gauge}`, text, holds, ...(say && { say }) };
}
