import type { Ms } from "../../core/time.ts";

/** The signals of a machine arrive one by one, each at its own pace; rules about all of them together need rows. */
export interface Rows {
  /** The newest value of each signal; null where there is none. */
  latest: (number | null)[];
  fresh: boolean[];
  missing: number;
  /** Steady ms of the newest row; null before the first. */
  at: number | null;
}

export const rows = (signals: number): Rows => ({
  latest: new Array<null>(signals).fill(null),
  fresh: new Array<boolean>(signals).fill(false),
  missing: signals,
  at: null,
});

/** Takes one value; true when a row is complete, or overdue because a signal has stopped (its value is then null). */
export function complete(of: Rows, signal: number, value: number | null, steady: number, pace: Ms): boolean {
  const again = of.fresh[signal] === true;
  of.latest[signal] = value;
  if (!again) {
    of.fresh[signal] = true;
    of.missing--;
  }
  const since = of.at === null ? pace : steady - of.at;
  if (since < pace) return false;
  const overdue = again && of.at !== null && pace > 0 && since >= 3 * pace;
  if (of.missing > 0 && !overdue) return false;
  of.latest = of.latest.map((v, i) => (of.fresh[i] ? v : null));
  of.fresh.fill(false);
  of.missing = of.fresh.length;
  of.at = steady;
  return true;
}
