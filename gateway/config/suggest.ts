import { sameText, type Text } from "../core/text.ts";

/** ` – did you mean drivers?` when one of the known words is close, else the list of them, else nothing. */
export function nearest(word: string, known: readonly string[]): Text {
  if (known.length === 0) return sameText("");
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(word, candidate) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  if (best && best.far <= Math.max(1, Math.floor(word.length / 3)))
    return { fr: ` – vouliez-vous dire ${best.candidate} ?`, en: ` – did you mean ${best.candidate}?` };
  const all = known.join(", ");
  return { fr: ` – connus ici : ${all}`, en: ` – known here: ${all}` };
}

/** That a name leads nowhere, and which one may be meant. */
export function noSuch(thing: string, word: string, known: readonly string[]): Text {
  const near = nearest(word, known);
  return { fr: `il n'y a pas de ${thing} ${word}${near.fr}`, en: `there is no ${thing} ${word}${near.en}` };
}

/** Levenshtein distance: the number of letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
