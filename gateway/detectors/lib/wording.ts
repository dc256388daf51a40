import type { MachineState } from "../../core/detector.ts";
import type { Machine, Point } from "../../core/point.ts";
import { type Language, sameText, type Text } from "../../core/text.ts";
import { DAY, HOUR, MINUTE, type Ms, SECOND } from "../../core/time.ts";
import { type Unit, unitShown } from "../../core/unit.ts";

/** Words of findings. Both languages say the same thing, with the numbers as each of them writes numbers. */
export const text = (say: (language: Language) => string): Text => ({ fr: say("fr"), en: say("en") });

export const nameOfPoint = (point: Point): Text =>
  point.signal.title ?? sameText(point.signal.name.replaceAll("_", " "));

export const nameOfMachine = (machine: Machine): Text => machine.name;

/** Three significant digits: a finding is read by a person, not computed with. */
export function number(value: number, language: Language): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const plain = value.toFixed(Math.min(digits, 6));
  const short = plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain;
  return language === "fr" ? short.replace(".", ",") : short;
}

/** `8,2 bar`, `71 °C`. */
export function amount(value: number, unit: Unit, language: Language): string {
  const shown = unitShown(unit);
  return shown === "" ? number(value, language) : `${number(value, language)} ${shown}`;
}

const steps: readonly { from: Ms; per: Ms; fr: string; en: string }[] = [
  { from: 2 * DAY, per: DAY, fr: "j", en: "d" },
  { from: 2 * HOUR, per: HOUR, fr: "h", en: "h" },
  { from: 2 * MINUTE, per: MINUTE, fr: "min", en: "min" },
  { from: 0, per: SECOND, fr: "s", en: "s" },
];

/** `45 s`, `12 min`, `3 h`, `8 j`. */
export function span(ms: Ms, language: Language): string {
  const step = steps.find(({ from }) => ms >= from) ?? { per: SECOND, fr: "s", en: "s" };
  return `${Math.round(ms / step.per)} ${step[language]}`;
}

/** How a state reads behind a comma: "vibration 4.1 mm/s, while running". */
export const whileIn: Readonly<Record<MachineState, Text>> = {
  unknown: { fr: "état de la machine inconnu", en: "machine state unknown" },
  off: { fr: "machine arrêtée", en: "while off" },
  idle: { fr: "machine à vide", en: "while idle" },
  running: { fr: "machine en marche", en: "while running" },
  transient: { fr: "machine en transition", en: "in transition" },
};
