import type { Forecast } from "../../../gateway/core/detector.ts";

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

export const percent = (share: number): string => (Number.isFinite(share) ? `${Math.round(100 * share)} %` : "-");

/** How often, in steps of the readings of the last half of life, the interval then standing held the end. */
export interface Coverage {
  held: number;
  told: number;
  all: number;
}

export function covered(
  forecasts: readonly (readonly [t: number, forecast: Forecast | null | undefined])[],
  times: readonly number[],
  end: number,
): Coverage {
  const half = ((times[0] ?? 0) + end) / 2;
  const sum: Coverage = { held: 0, told: 0, all: 0 };
  let [next, standing]: [number, Forecast | null | undefined] = [0, undefined];
  for (const t of times) {
    for (; next < forecasts.length && (forecasts[next]?.[0] ?? 0) <= t; next++) standing = forecasts[next]?.[1];
    if (t < half || t >= end) continue;
    sum.all++;
    if (!standing) continue;
    sum.told++;
    if (standing.low <= end && end <= standing.high) sum.held++;
  }
  return sum;
}
