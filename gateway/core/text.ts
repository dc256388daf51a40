/** Words for people. French first: it is what most of our users read. */
export interface Text {
  fr: string;
  en: string;
}

export type Language = keyof Text;

export const languages = ["fr", "en"] as const satisfies readonly Language[];

export const sameText = (words: string): Text => ({ fr: words, en: words });

const reasons = new Map<string, Text>();

/**
 * Why a schema refuses a value. A schema can carry one string only: it is the English one, and `reasonOf` finds both again. For
 * constants; what has a name in it goes beside an issue as its `params`.
 */
export function reason(text: Text): string {
  reasons.set(text.en, text);
  return text.en;
}

export const reasonOf = (message: string): Text | undefined => reasons.get(message);

/** An error that a person can act upon: told in their language, without a stack. The message is its English. */
export class Told extends Error {
  readonly text: Text;

  constructor(text: Text, options?: ErrorOptions) {
    super(text.en, options);
    this.text = text;
  }
}

/** What an error says: ours in both languages, anybody else's as it is. */
export const textOf = (error: unknown): Text =>
  error instanceof Told ? error.text : sameText(error instanceof Error ? error.message : String(error));
