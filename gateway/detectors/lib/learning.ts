import type { Learning } from "../../core/detector.ts";
import type { Ms } from "../../core/time.ts";

/** How far the looking on is, from its first and newest reading (steady ms); null once it has lasted. */
export function learningOf(begun: number | null, last: number | null, needed: Ms): Learning | null {
  const seen = begun === null || last === null ? 0 : last - begun;
  return seen >= needed ? null : { seen, needed };
}
