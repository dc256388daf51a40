import type { Language, Text } from "../../core/text.ts";
import type { Rise } from "./bearing-bands.ts";
import type { BearingPart } from "./bearing-parts.ts";
import { number, text } from "./wording.ts";

export const partNames: Readonly<Record<BearingPart, Text>> = {
  outer: { fr: "bague extérieure", en: "outer race" },
  inner: { fr: "bague intérieure", en: "inner race" },
  ball: { fr: "bille ou rouleau", en: "ball or roller" },
  cage: { fr: "cage", en: "cage" },
};

/** What the bursts of a sensor have to say. */
export interface BearingNews {
  name: Text;
  /** Empty: nothing any more. */
  rise: Rise | undefined;
  part: BearingPart | undefined;
  /** Knocks per second of that part. */
  hz: number | undefined;
  /** How many times stronger than chance its line is. */
  times: number | undefined;
}

/** "Spindle z: knocks at 107 Hz, 9 times above chance: bearing outer race. Band 2.8–5.7 kHz +8 dB above usual." */
export const bearingText = (news: BearingNews): Text =>
  text((l) => `${news.name[l]}${l === "fr" ? " :" : ":"} ${say(news, l)}`);

function say({ rise, part, hz, times }: BearingNews, l: Language): string {
  const words = [];
  if (part && hz !== undefined && times !== undefined) {
    const [at, chance] = [number(hz, l), number(Math.round(times), l)];
    words.push(
      l === "fr"
        ? `chocs à ${at} Hz, ${chance} fois au-dessus du hasard : ${partNames[part].fr} du roulement`
        : `knocks at ${at} Hz, ${chance} times above chance: bearing ${partNames[part].en}`,
    );
  }
  if (rise) {
    const decibels = `+${Math.round(rise.decibels)} dB`;
    words.push(
      l === "fr"
        ? `bande ${range(rise, l)} ${decibels} au-dessus de l'habituel`
        : `band ${range(rise, l)} ${decibels} above usual`,
    );
  }
  if (words.length === 0) return l === "fr" ? "vibration revenue à l'habituel." : "vibration back to usual.";
  return `${words.join(" ; ")}.`.replaceAll(" ; ", l === "fr" ? " ; " : "; ");
}

const range = ({ low, high }: Rise, l: Language): string =>
  high >= 1_000
    ? `${number(Math.round(low / 10) / 100, l)}–${number(Math.round(high / 10) / 100, l)} kHz`
    : `${Math.round(low)}–${Math.round(high)} Hz`;
