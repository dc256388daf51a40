import { excess, type RecordRule, type Records, records, remember } from "./records.ts";
import { type Confirmed, confirm } from "./usual.ts";

/**
 * One signal that leaves its place and stays away: a fast mean against a slow one, measured by the records of that very
 * difference. A signal that always wanders has wide records, one that never moves narrow ones. While it is away its
 * slow mean hardly follows (a fault must not be learned); it is back when half of the way has been undone, and where it
 * comes to rest then is its new place.
 */
export interface Departure extends Confirmed {
  n: number;
  fast: number;
  slow: number;
  /** The usual change from one reading to the next. */
  step: number;
  before: number;
  records: Records;
  worst: number;
  /** Readings left in which it comes to rest after it is back, and nothing is judged. */
  settling: number;
}

const RULE: RecordRule = { keep: 10, block: 15 };
const FAST = 0.12;
const SLOW = 1 / 300;
/** e-folds beyond the records. */
const FAR = 3.8;
/** Inside this share of the greatest record, or of the way it went, it is back. */
const BACK = { record: 0.7, way: 0.5 };
const CONFIRM = { leave: 3, back: 10 };
/** On its way back it passes through the middle; it must not be taken for a departure to the other side. */
const SETTLING = 20;
/** A leap is at least this many usual steps. */
const LEAP = 5;

export const departure = (value: number): Departure => ({
  n: 1,
  fast: value,
  slow: value,
  step: 0,
  before: value,
  records: records(),
  away: false,
  doubt: 0,
  worst: 0,
  settling: 0,
});

/** Whether this reading is a leap from the one before: many signals that leap together are no fault but another job. */
export function leaps(of: Departure, value: number): boolean {
  const jump = Math.abs(value - of.before);
  const leap = of.n >= 10 && of.step > 0 && jump > LEAP * of.step;
  const n = of.n + 1;
  of.step += Math.max(1 / n, 0.005) * ((n > 20 ? Math.min(jump, 5 * of.step + Number.MIN_VALUE) : jump) - of.step);
  of.before = value;
  return leap;
}

/** Takes one reading; `judge` is false while still learning. */
export function depart(of: Departure, value: number, judge: boolean): void {
  const n = ++of.n;
  // A signal that moves in steps of its own resolution is not surprising by less than a part of such a step.
  const floor = of.step * Math.sqrt(FAST);
  const usual = Math.max(of.records.top.at(-1) ?? 0, floor);
  const reach = judge ? 20 * Math.max(usual, of.step) : Infinity;
  of.fast += Math.max(1 / n, FAST) * (value - of.fast);
  of.fast = Math.max(of.slow - reach, Math.min(of.slow + reach, of.fast));
  if (of.settling > 0) {
    of.settling--;
    of.slow = of.fast;
    return;
  }
  const way = Math.abs(of.fast - of.slow);
  if (of.away) of.worst = Math.max(of.worst, way);
  const away = judge && (of.away ? way > stays(of, floor) : excess(of.records, way, floor) > FAR);
  settle(of, away, way);
  if (!of.away && !away && n > 20) remember(of.records, way, RULE);
  const limit = judge ? Math.max(usual, of.step) : Infinity;
  const pace = Math.max(1 / n, of.away || away ? SLOW / 10 : SLOW);
  of.slow += pace * Math.max(-limit, Math.min(limit, value - of.slow));
}

const stays = ({ records: { top }, worst }: Departure, floor: number): number =>
  Math.max(BACK.record * Math.max(top[0] ?? 0, floor), BACK.way * worst);

function settle(of: Departure, away: boolean, way: number): void {
  if (!confirm(of, away, CONFIRM)) return;
  of.worst = way;
  if (!away) of.settling = SETTLING;
}
