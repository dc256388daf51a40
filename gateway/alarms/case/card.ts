import type { MachineState } from "../../core/detector.ts";
import type { Language, Text } from "../../core/text.ts";
import type { Evidence } from "./evidence.ts";
import { partCard } from "./parts.ts";

/** What a card is made of. */
export interface CardFacts {
  readonly part: string | undefined;
  readonly kind: string | undefined;
  readonly lead: Evidence;
  /** Evidence of the case, the lead included. */
  readonly count: number;
  readonly sure: number;
}

const words = {
  sure: { fr: "Sûreté", en: "Confidence" },
  one: { fr: "un indice", en: "one clue" },
  clues: { fr: "indices", en: "clues" },
  check: { fr: "À vérifier", en: "Check" },
} as const;

const whileIn: Readonly<Record<MachineState, Text | undefined>> = {
  unknown: undefined,
  off: { fr: "machine arrêtée", en: "machine off" },
  idle: { fr: "machine à vide", en: "machine idling" },
  running: { fr: "machine en marche", en: "machine running" },
  transient: { fr: "machine en transition", en: "machine in transition" },
};

/** The whole card in both languages: part, finding with its figures and date, how sure, three checks. */
export const cardText = (facts: CardFacts): Text => ({ fr: card(facts, "fr"), en: card(facts, "en") });

function card({ part, kind, lead, count, sure }: CardFacts, l: Language): string {
  const { name, checks } = partCard(part, kind);
  const colon = l === "fr" ? " :" : ":";
  const percent = `${Math.round(100 * sure)}${l === "fr" ? " " : ""} %`.replace("  ", " ");
  const clues = count === 1 ? words.one[l] : `${count} ${words.clues[l]}`;
  const doing = whileIn[lead.state]?.[l];
  const list = checks.map((check, i) => `${i + 1}. ${check[l]}`).join(l === "fr" ? " ; " : "; ");
  return [
    `${part ? `${name[l]}${colon} ` : ""}${sentence(lead.text[l])}`,
    `${words.sure[l]} ${percent} (${clues}${doing ? `, ${doing}` : ""}).`,
    `${words.check[l]}${colon} ${list}.`,
  ].join(" ");
}

const sentence = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`);
