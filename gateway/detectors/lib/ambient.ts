import type { Point, PointId } from "../../core/point.ts";
import type { Language } from "../../core/text.ts";

/** How warm it is around a machine: when first heard of, and now. */
export interface Ambient {
  first: number | null;
  now: number | null;
}

const AROUND = /ambient|ambiant|room|hall|outdoor|outside|exterieur/;

/** The temperature around the machine that this temperature is to be judged against, where the machine has such a point. */
export function ambientOf(point: Point, points: readonly Point[]): PointId | undefined {
  const around = ({ signal: { name, unit, kind } }: Point) => kind === "gauge" && unit === "Cel" && AROUND.test(name);
  if (point.signal.unit !== "Cel" || around(point)) return undefined;
  return points.find(around)?.id;
}

export const ambient = (): Ambient => ({ first: null, now: null });

/** Takes a reading of the surroundings; without a number the last one holds. */
export function feel(of: Ambient, value: number | null): void {
  if (value === null) return;
  of.first ??= value;
  of.now = value;
}

/** What the value would be if it were as warm around as it was at first: a hot July is no hot bearing. */
export const asAtFirst = ({ first, now }: Ambient, value: number): number => value - ((now ?? 0) - (first ?? 0));

/** Said behind figures that were corrected. */
export const corrected = ({ now }: Ambient, language: Language): string =>
  now === null ? "" : { fr: ", à ambiance égale", en: ", for the same air around it" }[language];
