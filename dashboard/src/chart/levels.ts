import type { WaterfallAnswer } from "../../../gateway/core/api.ts";

/** What is this much below the loudest is drawn as nothing. */
const DEPTH = 40;

/** The loudest, and how far below it the drawing goes. */
export function extentOf({ rows }: WaterfallAnswer): [low: number, high: number] | undefined {
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  for (const { levels } of rows)
    for (const level of levels) {
      if (level === null) continue;
      high = Math.max(high, level);
      low = Math.min(low, level);
    }
  return low <= high ? [Math.max(low, high - DEPTH), high] : undefined;
}

/** The band whose level rose most from the first third of what is known to the last. */
export function risenMost({ bands, rows }: WaterfallAnswer): { band: number; by: number } | undefined {
  const known = rows.filter(({ levels }) => levels.some((level) => level !== null));
  const third = Math.floor(known.length / 3);
  if (third === 0) return undefined;
  const mean = (part: typeof known, i: number): number | undefined => {
    const levels = part.flatMap((row) => row.levels[i] ?? []);
    return levels.length > 0 ? levels.reduce((sum, level) => sum + level, 0) / levels.length : undefined;
  };
  let most: { band: number; by: number } | undefined;
  for (const [i, band] of bands.entries()) {
    const [before, after] = [mean(known.slice(0, third), i), mean(known.slice(-third), i)];
    if (before === undefined || after === undefined) continue;
    if (!most || after - before > most.by) most = { band, by: after - before };
  }
  return most;
}
