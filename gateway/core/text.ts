/** Words for people. French first: it is what most of our users read. */
export interface Text {
  fr: string;
  en: string;
}

export type Language = keyof Text;

export const languages = ["fr", "en"] as const satisfies readonly Language[];

export const sameText = (words: string): Text => ({ fr: words, en: words });
