import type { Text } from "../../core/text.ts";
import type { LineCounts } from "./rtu.ts";

/** What a line has done so far, as the doctor sees it. */
export interface Symptoms {
  baud: number;
  /** Serial lines have copper; Modbus TCP has none to advise on. */
  serial: boolean;
  asked: number;
  answered: number;
  counts: LineCounts;
  /** Slaves whose answers are mostly damaged while others are fine. */
  damagedUnits: readonly number[];
  /** Slaves that answered after their time was over. */
  lateUnits: readonly number[];
}

/** What one slave's questions came to. */
export interface UnitCounts {
  slave: number;
  asked: number;
  answered: number;
  damaged: number;
  late: number;
}

/** The symptoms of a line from the figures of its slaves. */
export function symptomsOf(line: Pick<Symptoms, "baud" | "serial" | "counts">, units: readonly UnitCounts[]): Symptoms {
  const sum = (pick: (unit: UnitCounts) => number) => units.reduce((total, unit) => total + pick(unit), 0);
  const isDamaged = (unit: UnitCounts) => unit.asked >= ENOUGH && unit.damaged > 0.3 * unit.asked;
  const isFine = (unit: UnitCounts) => unit.asked >= ENOUGH && unit.damaged < 0.05 * unit.asked && unit.answered > 0;
  return {
    ...line,
    asked: sum((unit) => unit.asked),
    answered: sum((unit) => unit.answered),
    damagedUnits: units.some(isFine) ? units.filter(isDamaged).map(({ slave }) => slave) : [],
    lateUnits: units.filter(({ late, asked }) => late > 0.02 * asked).map(({ slave }) => slave),
  };
}

/** Below so many questions nothing is said; where nobody ever answered, fewer will do. */
const ENOUGH = 10;
const ENOUGH_UNANSWERED = 3;

/** Plain advice, the likeliest first; nothing while all is well. */
export function advise(s: Symptoms): Text[] {
  if (s.asked < (s.answered === 0 ? ENOUGH_UNANSWERED : ENOUGH)) return [];
  return rules.filter((rule) => rule.when(s)).map((rule) => rule.say(s));
}

const damaged = ({ counts }: Symptoms): number => counts.crc + counts.cut;
const share = (s: Symptoms): number => damaged(s) / s.asked;

const rules: readonly { when(s: Symptoms): boolean; say(s: Symptoms): Text }[] = [
  {
    when: (s) => s.serial && s.answered === 0 && damaged(s) + s.counts.foreign === 0 && s.counts.echo === 0,
    say: () => ({
      fr: "Aucun appareil ne répond : vérifiez l'alimentation, croisez A et B, puis vérifiez l'adresse et la vitesse.",
      en: "No device answers: check the supply, swap A and B, then check the slave id and the baud rate.",
    }),
  },
  {
    when: (s) => !s.serial && s.answered === 0,
    say: () => ({
      fr: "Connecté, mais aucun esclave ne répond : vérifiez l'adresse (1, 255 ou 0) et le câblage derrière le convertisseur.",
      en: "Connected, but no slave answers: check the slave id (1, 255 or 0) and the wiring behind the converter.",
    }),
  },
  {
    when: (s) => s.serial && s.answered === 0 && s.counts.echo > 0 && damaged(s) === 0,
    say: () => ({
      fr: "L'adaptateur n'entend que lui-même : croisez A et B, ou l'appareil est éteint.",
      en: "The adapter hears nothing but itself: swap A and B, or the device is off.",
    }),
  },
  {
    when: (s) => s.serial && s.answered === 0 && damaged(s) > 0,
    say: (s) => ({
      fr: `Mauvaise vitesse ou parité : essayez ${otherBaud(s.baud)} bauds, puis la parité paire.`,
      en: `Wrong baud rate or parity: try ${otherBaud(s.baud)} baud, then even parity.`,
    }),
  },
  {
    when: (s) => s.damagedUnits.length > 0 && s.answered > 0,
    say: (s) => ({
      fr: `Deux appareils répondent sans doute à l'adresse ${s.damagedUnits.join(", ")} : débranchez-en un et changez son adresse.`,
      en: `Two devices probably answer as ${s.damagedUnits.join(", ")}: unplug one and change its slave id.`,
    }),
  },
  {
    when: (s) => s.serial && s.answered > 0 && share(s) > 0.02 && s.damagedUnits.length === 0,
    say: (s) => ({
      fr: `${percent(share(s))} des réponses arrivent abîmées : 120 Ω aux deux bouts de la ligne, blindage à la terre d'un seul côté, loin des câbles moteur.`,
      en: `${percent(share(s))} of the answers arrive damaged: terminate both ends of the line with 120 Ω, ground the shield at one end only, keep away from motor cables.`,
    }),
  },
  {
    when: (s) => s.counts.masters > 0,
    say: () => ({
      fr: "Un autre maître pose des questions sur cette ligne : il ne peut y en avoir qu'un.",
      en: "Another master asks questions on this line: there can be only one.",
    }),
  },
  {
    when: (s) => s.lateUnits.length > 0,
    say: (s) => ({
      fr: `L'esclave ${s.lateUnits.join(", ")} répond trop tard : augmentez « timeout ».`,
      en: `Slave ${s.lateUnits.join(", ")} answers too late: raise "timeout".`,
    }),
  },
  {
    when: (s) => s.answered > 0 && s.counts.echo > 0,
    say: () => ({
      fr: "L'adaptateur répète nos questions (écho) : c'est retiré, rien à faire.",
      en: "The adapter repeats our questions (echo): that is taken off, nothing to do.",
    }),
  },
];

const common = [9_600, 19_200, 2_400, 38_400, 115_200] as const;

const otherBaud = (baud: number): number => common.find((other) => other !== baud) ?? 19_200;

const percent = (part: number): string => `${Math.max(1, Math.round(100 * part))} %`;
