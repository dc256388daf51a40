import { excess, type RecordRule, type Records, records, remember } from "./records.ts";

/**
 * One signal that leaves its place and stays away: a fast mean against a slow one, measured by the records of that very
 * difference. A signal that always wanders has wide records, one that never moves narrow ones. While it is away its
 * slow mean hardly follows (a fault must not be learned); it is back when half of the way has been undone, and where it
 * comes to rest then is its new place.
 */
export interface Departure {
  n: number;
  fast: number;
  slow: number;
  /** The usual change from one reading to the next. */
  step: number;
  before: number;
  /** The usual distance of a reading from the fast mean, and of the fast mean from the slow one. */
  noise: number;
  unrest: number;
  records: Records;
  away: boolean;
  /** It drifts by far more than its noise explains, as temperatures do: its place is no fixed one. */
  wanders: boolean;
  /** e-folds beyond what is far, gathered; nothing is remembered or learned until they are gone. */
  suspicion: number;
  /** The furthest it went while away, with its sign. */
  way: number;
  /** While away: how much rather the readings come from its place than from `way`, and how often in a row it was near. */
  evidence: number;
  near: number;
  /** Readings left in which it comes to rest after it is back, and nothing is judged. */
  settling: number;
}

const RULE: RecordRule = { keep: 10, block: 15 };
const FAST = 0.12;
const SLOW = 1 / 300;
/** Readings before means and spreads are worth something. */
const EARLY = 20;
/** e-folds beyond the records, more for a signal that wanders: its records lie in few excursions and say little of the next. */
const FAR = { keeps: 3.5, wanders: 3.8 };
/** What one reading adds or takes at most, and the sum from which it is away. */
const SUSPICION = { add: 2, take: 1, away: 4 };
const WANDERS = 2.6;
/** Inside this share of the greatest record, or of the way it went, it is near: so often in a row, and it is back. */
const BACK = { record: 0.7, way: 0.5, times: 10 };
/** Logarithm of odds that it is back: what one reading says at most, and what all together must. */
const EVIDENCE = { add: 2, back: 10 };
/** On its way back it passes through the middle; it must not be taken for a departure to the other side. */
const SETTLING = 20;
/** A leap is so many times the noise; not of the usual step, which is nought wherever a value is held and read twice. */
const LEAP = 8;

export const departure = (value: number): Departure => ({
  n: 1,
  fast: value,
  slow: value,
  step: 0,
  before: value,
  noise: 0,
  unrest: 0,
  records: records(),
  away: false,
  wanders: false,
  suspicion: 0,
  way: 0,
  evidence: 0,
  near: 0,
  settling: 0,
});

/** Whether this reading is a leap from the one before: many signals that leap together are no fault but another job. */
export function leaps(of: Departure, value: number): boolean {
  const jump = Math.abs(value - of.before);
  const leap = of.n >= 10 && of.noise > 0 && jump > LEAP * of.noise;
  const n = of.n + 1;
  of.step += Math.max(1 / n, 0.005) * ((n > 20 ? Math.min(jump, 5 * of.step + Number.MIN_VALUE) : jump) - of.step);
  of.before = value;
  return leap;
}

/** Takes one reading; true when it has just come back. `judge` is false while still learning. */
export function depart(of: Departure, value: number, judge: boolean): boolean {
  const n = ++of.n;
  // A signal that moves in steps of its own resolution is not surprising by less than a part of such a step.
  const floor = of.step * Math.sqrt(FAST);
  const usual = Math.max(of.records.top.at(-1) ?? 0, floor);
  follow(of, value, judge ? 20 * Math.max(usual, of.step) : Infinity);
  if (of.settling > 0) {
    of.settling--;
    of.slow = of.fast;
    return false;
  }
  const wasAway = of.away;
  const way = of.fast - of.slow;
  if (wasAway) returns(of, value, floor);
  else leaves(of, way, floor, judge);
  const calm = !of.away && of.suspicion === 0;
  if (calm && n > EARLY) remember(of.records, Math.abs(way), RULE);
  const limit = judge ? Math.max(usual, of.step) : Infinity;
  of.slow += Math.max(1 / n, calm ? SLOW : SLOW / 10) * within(limit, value - of.slow);
  return wasAway && !of.away;
}

/** Where it is now becomes its place. */
export function rest(of: Departure): void {
  of.away = false;
  of.settling = SETTLING;
}

function follow(of: Departure, value: number, reach: number): void {
  const off = Math.abs(value - of.fast);
  if (of.n > EARLY) of.noise += Math.max(1 / of.n, 0.01) * (Math.min(off, 4 * of.noise + Number.MIN_VALUE) - of.noise);
  else of.noise += (off - of.noise) / of.n;
  of.fast += Math.max(1 / of.n, FAST) * (value - of.fast);
  of.fast = of.slow + within(reach, of.fast - of.slow);
}

function leaves(of: Departure, way: number, floor: number, judge: boolean): void {
  if (of.n > EARLY) of.unrest += Math.max(1 / (of.n - EARLY), 0.002) * (Math.abs(way) - of.unrest);
  of.wanders = of.unrest > WANDERS * floor;
  if (!judge) return;
  const beyond = excess(of.records, Math.abs(way), floor) - (of.wanders ? FAR.wanders : FAR.keeps);
  of.suspicion = Math.max(0, of.suspicion + Math.max(-SUSPICION.take, Math.min(SUSPICION.add, beyond)));
  if (of.suspicion <= SUSPICION.away) return;
  Object.assign(of, { away: true, suspicion: 0, way, evidence: 0, near: 0 });
}

/** A great way back is believed after a few readings, one of the size of the noise after a dozen. */
function returns(of: Departure, value: number, floor: number): void {
  const way = of.fast - of.slow;
  if (way * of.way > of.way * of.way) of.way = way;
  const odds = ((of.slow + of.way / 2 - value) * of.way) / (1.25 * of.noise + Number.MIN_VALUE) ** 2;
  of.evidence = Math.max(0, of.evidence + within(EVIDENCE.add, odds));
  const near = Math.max(BACK.record * Math.max(of.records.top[0] ?? 0, floor), BACK.way * Math.abs(of.way));
  of.near = Math.abs(way) > near ? 0 : of.near + 1;
  if (of.evidence > EVIDENCE.back || of.near >= BACK.times) rest(of);
}

const within = (limit: number, value: number): number => Math.max(-limit, Math.min(limit, value));
