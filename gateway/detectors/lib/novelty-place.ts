/**
 * Where a signal has been of late, and how far it strays from there. After its level has changed for good, a leap that is
 * small against all it ever did is still large for where it now is.
 */
export interface Place {
  /** Readings so far. */
  n: number;
  middle: number;
  /** The usual distance from the middle, of late and over a long time. */
  near: number;
  ever: number;
}

/** Readings until the middle is believed: before, everything moves it. */
const SETTLING = 50;
const FOLLOW = { middle: 0.01, near: 0.003, ever: 0.0003 };
/** A quiet night must not make every morning a leap: the usual is at least this share of what it has always been. */
const LEAST = 0.85;

export const createPlace = (): Place => ({ n: 0, middle: 0, near: 0, ever: 0 });

/** How many times further than usual a value is from where the signal has been; 0 while that is not known. */
export function strayed({ n, middle, near, ever }: Place, value: number): number {
  const usual = Math.max(near, LEAST * ever);
  return n > SETTLING && usual > 0 ? Math.abs(value - middle) / usual : 0;
}

export function learnPlace(place: Place, value: number): void {
  const n = ++place.n;
  if (n === 1) place.middle = value;
  const { near } = place;
  const off = value - place.middle;
  const size = Math.abs(off);
  // What stood still has no usual distance to be held to.
  const within = (widest: number) => (n < SETTLING || widest === 0 ? size : Math.min(size, widest));
  place.middle += Math.max(1 / n, FOLLOW.middle) * Math.sign(off) * within(3 * near);
  place.near += Math.max(1 / n, FOLLOW.near) * (within(5 * near) - near);
  // Whole, so that a signal of rare bursts is held to its bursts.
  place.ever += Math.max(1 / n, FOLLOW.ever) * (size - place.ever);
}
