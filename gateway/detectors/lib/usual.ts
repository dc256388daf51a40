/** Away from its usual place or not: believed only once it has been seen so many times in a row. */
export interface Confirmed {
  away: boolean;
  /** Readings in a row that contradict `away`. */
  doubt: number;
}

/** Takes one opinion; true when that turned the belief. */
export function confirm(of: Confirmed, away: boolean, times: { leave: number; back: number }): boolean {
  of.doubt = away === of.away ? 0 : of.doubt + 1;
  if (of.doubt < (of.away ? times.back : times.leave)) return false;
  of.away = away;
  of.doubt = 0;
  return true;
}

/** Where each of many signals usually is, and how far from it on average. */
export interface Usual {
  mean: number[];
  spread: number[];
}

export const usual = (signals: number): Usual => ({
  mean: new Array<number>(signals).fill(0),
  spread: new Array<number>(signals).fill(0),
});

/** Takes a value of one signal at this pace; its spread from now on. */
export function follow({ mean, spread }: Usual, signal: number, value: number, pace: number): number {
  const middle = mean[signal] ?? 0;
  const wide = (spread[signal] ?? 0) + pace * (Math.abs(value - middle) - (spread[signal] ?? 0));
  spread[signal] = wide;
  mean[signal] = middle + pace * (value - middle);
  return wide;
}
