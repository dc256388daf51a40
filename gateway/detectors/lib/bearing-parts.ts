import type { EnvelopeSpectrum } from "./bearing-envelope.ts";
import type { BearingOrders } from "./bearing-table.ts";
import { median } from "./kalman.ts";

export type BearingPart = "outer" | "inner" | "ball" | "cage";

/** How strongly each part knocks: the weighted logarithm of its lines over chance, and how far above other rates that is. */
export interface PartScore {
  readonly part: BearingPart;
  readonly strength: number;
  /** Against rates at which nothing of this bearing knocks, in their spread. */
  readonly above: number;
}

/** Rolling elements slip, and makers differ: real rates lie within so much of the computed ones. */
const SLIP: Readonly<Record<BearingPart, number>> = { outer: 0.02, inner: 0.02, ball: 0.025, cage: 0.02 };
const SLIP_STEP = 0.0005;
/** Weight of the first lines: most in the first, so that a chance meeting of higher ones convinces nobody. */
const LINES = [0.34, 0.33, 0.33] as const;
/** A damaged ball is struck harder once a turn of the cage, so lines at the cage's rate speak for the ball too. */
const CAGE_FOR_BALL = 0.5;
/** A cage without any sign of its balls may be the cage itself. */
const BALL_SILENT = 0.5;

/** The parts, the likeliest first. What the strongest explains (its lines, with shaft turns to each side) counts for no other. */
export function partScores(envelope: EnvelopeSpectrum, shaft: number, orders: BearingOrders): PartScore[] {
  // A ball knocks on both rings, twice a turn.
  const rates = { outer: orders.outer, inner: orders.inner, ball: 2 * orders.ball, cage: orders.cage };
  const whole = (part: BearingPart) => comb(envelope, shaft, rates[part], SLIP[part]);
  const [first] = RACES.map((part) => ({ part, ...whole(part) })).sort((a, b) => b.strength - a.strength);
  if (!first) return [];
  const rest = without(envelope, shaft, rates[first.part] * (1 + first.slip));
  const chance = decoys(Object.values(rates))
    .map((order) => comb(rest, shaft, order, SLIP.outer).strength)
    .sort((a, b) => a - b);
  const usual = median(chance);
  const spread = Math.max(0.1, usual - (chance[Math.floor(0.16 * chance.length)] ?? usual));
  const score = (part: BearingPart, extra = 0): PartScore => {
    const strength =
      extra + (part === first.part ? first.strength : comb(rest, shaft, rates[part], SLIP[part]).strength);
    return { part, strength, above: (strength - usual) / spread };
  };
  const cage = score("cage");
  const silent = score("ball").above < BALL_SILENT;
  const ball = silent ? score("ball") : score("ball", CAGE_FOR_BALL * Math.max(0, cage.strength - usual));
  const scores = [score("outer"), score("inner"), ball, ...(silent ? [cage] : [])];
  return scores.sort((a, b) => b.above - a.above);
}

const RACES = ["outer", "inner", "ball"] as const;

/** The same with the lines of one rate, and those a turn or two of the shaft beside them, taken back to chance. */
function without({ strength, step }: EnvelopeSpectrum, shaft: number, order: number): EnvelopeSpectrum {
  const cleared = strength.slice();
  for (let line = 1; line <= 8; line++) {
    for (let turns = -2; turns <= 2; turns++) {
      const middle = Math.round(((line * order + turns) * shaft) / step);
      for (let k = Math.max(0, middle - 2); k <= middle + 2 && k < cleared.length; k++) {
        cleared[k] = Math.min(cleared[k] ?? 0, 1);
      }
    }
  }
  return { strength: cleared, step };
}

/** Least strength by part. Balls pass the loaded zone of a healthy bearing too, so a weak line at that rate says little. */
const LEAST: Readonly<Record<BearingPart, number>> = { outer: 1.9, inner: 0.9, ball: 0.9, cage: 1.9 };
/** Least height above chance, and above the next part. */
const ABOVE = 2;
const AHEAD = 1;

/** The part that knocks, or undefined where it cannot be told. */
export function namedPart(scores: readonly PartScore[]): BearingPart | undefined {
  const [first, second] = scores;
  if (!first || first.above < ABOVE || first.strength < LEAST[first.part]) return undefined;
  return second && first.above - second.above < AHEAD ? undefined : first.part;
}

/**
 * The best guess, however unsure. Cages seldom fail alone, so races and balls come first; and a line of the outer race that
 * is clearly there but weak is what a healthy race shows too: the damage is elsewhere then.
 */
export function likeliestPart(scores: readonly PartScore[]): BearingPart | undefined {
  const healthy = ({ part, above, strength }: PartScore) =>
    part === "outer" && above >= ABOVE && strength < LEAST.outer;
  const guesses = scores.filter(({ part }) => part !== "cage");
  return namedPart(scores) ?? (guesses.find((score) => !healthy(score)) ?? guesses[0])?.part;
}

/** Logarithm of the first lines at an order, weighted, at the slip that shows most. */
function comb({ strength, step }: EnvelopeSpectrum, shaft: number, order: number, slips: number) {
  const best = { strength: Number.NEGATIVE_INFINITY, slip: 0 };
  for (let slip = -slips; slip <= slips; slip += SLIP_STEP) {
    const sum = LINES.reduce((total, weight, i) => {
      const middle = Math.round(((i + 1) * order * shaft * (1 + slip)) / step);
      const top = Math.max(strength[middle - 1] ?? 0, strength[middle] ?? 0, strength[middle + 1] ?? 0);
      return total + weight * Math.log(Math.max(0.5, top));
    }, 0);
    if (sum > best.strength) Object.assign(best, { strength: sum, slip });
  }
  return best;
}

/** Orders at which no part of this bearing and no turn of the shaft knocks. */
function decoys(known: readonly number[]): number[] {
  const free: number[] = [];
  for (let order = 2.03; order < 8.6; order += 0.083) {
    const turns = Math.abs(2 * order - Math.round(2 * order)) < 0.1;
    const part = known.some((rate) => Math.abs(order / rate - 1) < 0.03);
    if (!turns && !part) free.push(order);
  }
  return free;
}
