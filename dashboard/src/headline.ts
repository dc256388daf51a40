/** A long text's first sentence and the rest. A decimal point or an abbreviation is followed by no capital letter. */
export function headline(text: string): [first: string, rest: string] {
  const end = text.search(/\.\s+(?=\p{Lu})/u);
  return end < 0 || text.length < 100 ? [text, ""] : [text.slice(0, end + 1), text.slice(end + 1).trim()];
}

/** Texts that stand alone begin with a capital, however the gateway put them together. */
export const sentence = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);
