/** ` – did you mean "drivers"?` when one of the known words is close, else the list of them, else nothing. */
export function nearest(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(word, candidate) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  if (best && best.far <= Math.max(1, Math.floor(word.length / 3))) return ` – did you mean ${best.candidate}?`;
  return ` – known here: ${known.join(", ")}`;
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
