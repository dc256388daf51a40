import { follow, type Usual, usual } from "./usual.ts";

/** What every signal usually is at every moment of a cycle: its middle and its play, per 64th of a cycle. */
export interface Envelope extends Usual {
  signals: number;
  /** Visits of each part. */
  visits: number[];
  centre: number[];
  play: number[];
  rows: number;
}

export interface Judged {
  /** 0 … 1, over all signals. */
  strange: number;
  worst: number;
  value: number;
  usual: number;
}

const PARTS = 64;
/** A late cycle may last half as long again before its end is unknown ground. */
const LONGEST = 1.5;
const ENOUGH = 5;
/** A small difference, as a share of how far the signal goes over the whole cycle. */
const SMALL = 0.1;
/** Deviations beyond so many times the usual play count no more. */
const CLIP = 2;

export const envelope = (signals: number): Envelope => ({
  signals,
  visits: new Array<number>(PARTS * LONGEST).fill(0),
  centre: new Array<number>(PARTS * LONGEST * signals).fill(0),
  play: new Array<number>(PARTS * LONGEST * signals).fill(0),
  ...usual(signals),
  rows: 0,
});

const partAt = (phase: number): number => Math.min(PARTS * LONGEST - 1, Math.floor(phase * PARTS));

/** How strange a row is at this phase; null where the cycle has hardly been there. */
export function judgeAt(of: Envelope, phase: number, row: readonly (number | null)[]): Judged | null {
  const part = partAt(phase);
  // Ground where cycles hardly ever were is itself strange once the rest is known.
  if ((of.visits[part] ?? 0) < ENOUGH) return null;
  let [sum, worst, most] = [0, 0, -1];
  for (let i = 0; i < of.signals; i++) {
    const value = row[i] ?? null;
    if (value === null) continue;
    const at = part * of.signals + i;
    const play = 1.5 * (of.play[at] ?? 0) + SMALL * (of.spread[i] ?? 0) + Number.MIN_VALUE;
    const off = Math.min(CLIP, Math.abs(value - (of.centre[at] ?? 0)) / play);
    sum += off;
    if (off > most) [worst, most] = [i, off];
  }
  const usual = of.centre[part * of.signals + worst] ?? 0;
  return { strange: sum / (CLIP * of.signals), worst, value: row[worst] ?? usual, usual };
}

/**
 * Follows the median and the median distance from it, by steps that shrink with the visits: the size of what is strange
 * does not matter, only on which side it lies, so a faulty cycle moves the envelope by one step and no further.
 */
export function learnAt(of: Envelope, phase: number, row: readonly (number | null)[]): void {
  const part = partAt(phase);
  const visit = (of.visits[part] ?? 0) + 1;
  of.visits[part] = visit;
  of.rows++;
  for (let i = 0; i < of.signals; i++) {
    const value = row[i] ?? null;
    if (value === null) continue;
    const slow = Math.max(1 / of.rows, 0.001);
    const range = 2 * follow(of, i, value, slow);
    const at = part * of.signals + i;
    const off = value - (of.centre[at] ?? 0);
    const step = range * Math.max(0.5 / visit, 0.005);
    of.centre[at] = visit === 1 ? value : (of.centre[at] ?? 0) + Math.max(-step, Math.min(step, off));
    const wider = Math.abs(off) - (of.play[at] ?? 0);
    if (visit > 1) of.play[at] = (of.play[at] ?? 0) + Math.max(-step / 2, Math.min(step / 2, wider));
  }
}
