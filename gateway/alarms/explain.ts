import { HEARTBEAT } from "../core/detector.ts";
import { faults } from "../core/fault.ts";
import type { Explanation, RuleView } from "../core/office.ts";
import { numberOf, whyOf } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import type { Cause } from "./lifecycle.ts";
import type { AlarmRecord } from "./record.ts";
import type { Rule } from "./rule.ts";
import type { Watch } from "./watch.ts";

export const viewOf = (rule: Rule): RuleView => ({
  id: rule.id,
  type: rule.type,
  machine: rule.machine,
  ...(rule.point && { point: rule.point }),
  enabled: rule.enabled,
  byDefault: rule.byDefault,
  votes: rule.vote !== undefined,
  design: rule.design,
  options: rule.options,
});

/** Everything that decides about a rule now, and the answer in one sentence. */
export function explained(rule: Rule, watch: Watch): Explanation {
  const { steady } = watch.now();
  const records = [...watch.desk.records.values()].filter((record) => record.rule === rule.id);
  const causes = watch.causes(rule, rule.point);
  const inputs = rule.detector.inputs
    .filter((point) => point !== HEARTBEAT)
    .map((point): Explanation["inputs"][number] => {
      const last = watch.last(point);
      const why = last && whyOf(last);
      if (!last) return { point, t: null, value: null, quality: "bad" };
      return { point, t: last.t, value: numberOf(last), quality: last.quality, ...(why && { why }) };
    });
  const timers = records.flatMap(({ id, timers: due }) =>
    Object.entries(due).flatMap(([timer, at]) =>
      at === undefined ? [] : [{ alarm: id, timer, left: Math.max(0, at - steady) }],
    ),
  );
  return {
    rule: viewOf(rule),
    answer: answer(rule, inputs, records, causes, timers),
    machineState: watch.around(rule.machine).state,
    inputs,
    alarms: records.flatMap(({ id }) => watch.desk.get(id) ?? []),
    suppression: causes,
    timers,
    ...(rule.detector.learning && rule.enabled && { learning: rule.detector.learning(watch.state(rule.id)) }),
    learned: watch.state(rule.id),
  };
}

function answer(
  rule: Rule,
  inputs: Explanation["inputs"],
  records: readonly AlarmRecord[],
  causes: readonly Cause[],
  timers: Explanation["timers"],
): Text {
  if (!rule.enabled) return { fr: "La règle est désactivée.", en: "The rule is disabled." };
  if (inputs.length > 0 && inputs.every(({ t }) => t === null))
    return { fr: "Aucune mesure n'est encore arrivée.", en: "No measurement has arrived yet." };
  const mute = inputs.find(({ quality }) => quality === "bad");
  if (mute && inputs.every(({ quality }) => quality === "bad")) {
    const why = faults[mute.why ?? "unknown"];
    return { fr: `Pas de valeur (${why.fr}) : l'alarme est figée.`, en: `No value (${why.en}): the alarm is frozen.` };
  }
  const out = records.find(({ life }) => life.oos);
  if (out) return { fr: "Mise hors service.", en: "Taken out of service." };
  const held = records.some(({ raw, life }) => raw || life.cond);
  const [cause] = causes;
  if (cause) {
    const words = causeWords[cause];
    const would = held
      ? { fr: "La condition tient, mais", en: "The condition holds, but" }
      : { fr: "De toute façon", en: "Anyway" };
    return {
      fr: `${would.fr} l'alarme est inhibée : ${words.fr}.`,
      en: `${would.en} the alarm is suppressed: ${words.en}.`,
    };
  }
  if (records.some(({ life }) => life.shelf !== "none")) return { fr: "Mise en attente.", en: "Shelved." };
  const settle = timers.find(({ timer }) => timer === "settle");
  if (settle) return { fr: `Reprend dans ${seconds(settle.left)}.`, en: `Speaks again in ${seconds(settle.left)}.` };
  const on = timers.find(({ timer }) => timer === "on");
  if (on)
    return {
      fr: `La condition tient ; alarme dans ${seconds(on.left)}.`,
      en: `The condition holds; alarm in ${seconds(on.left)}.`,
    };
  if (records.some(({ life }) => life.cond)) return { fr: "En cours.", en: "Active." };
  if (rule.vote !== undefined)
    return {
      fr: "Rien d'anormal ; elle parle à travers le dossier de la machine.",
      en: "Nothing unusual; it speaks through the machine's case.",
    };
  return { fr: "La condition n'est pas remplie.", en: "The condition does not hold." };
}

const seconds = (ms: number): string => `${Math.ceil(ms / 1_000)} s`;

const causeWords = {
  "machine-off": { fr: "la machine est à l'arrêt", en: "the machine is off" },
  "start-up": { fr: "la machine vient de démarrer", en: "the machine has just started" },
  parent: { fr: "une alarme mère est en cours", en: "a parent alarm is active" },
  link: { fr: "l'appareil ou le bus ne répond pas", en: "the device or the bus does not answer" },
  sensor: { fr: "le capteur est en défaut", en: "the sensor is at fault" },
  maintenance: { fr: "maintenance en cours", en: "maintenance is under way" },
} as const satisfies Record<Cause, Text>;
