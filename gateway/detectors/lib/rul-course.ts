import type { Level } from "../../core/detector.ts";
import type { Ms } from "../../core/time.ts";
import { median, roughness } from "./kalman.ts";
import { normal, type TimeToLimit } from "./rul.ts";
import { ahead, type Course, courseSince } from "./rul-ahead.ts";
import { expectJump, holds, type Jump, jumps } from "./rul-jump.ts";
import { type Baseline, decide, type Known, marksOf, SURE } from "./rul-marks.ts";
import { add, BLOCKS, highest, makeRoom, newWindow, spanOf, usual, type Window } from "./rul-window.ts";

/** What decides about a course. */
export interface Rule {
  limit: number | undefined;
  /** Limit as a multiple of the baseline where none is given. */
  times: number;
  /** -1 where falling is the bad direction. */
  sign: 1 | -1;
  scale: "log" | "linear" | undefined;
  learn: Ms;
  /** As far as it may go. */
  most: Level;
}

export interface TrendState {
  window: Window;
  /** Readings used, and ms of use between them. */
  count: number;
  run: Ms;
  /** Steady ms of the last reading; usual ms between two. */
  last: number | null;
  pace: Ms;
  /** The last five readings: their middle one is used, so that a spike of one or two is nothing. */
  recent: number[];
  /** Mean distance of a reading from that middle one. */
  scatter: number;
  /** Only where readings count and not hours, once learned. */
  jump: Jump | null;
  /** How values are compared, once enough of them are known. */
  scale: "log" | "linear" | null;
  /** Ms of use when that was. */
  learnedAt: Ms;
  /** What left the window in health: middle, mean deviation, how many. */
  past: { middle: number; deviation: number; weight: number };
  /** How often the level fell so far below what was learned that the learning began anew. */
  again: number;
  level: Level | null;
  /** Steady ms since when, while there is something to say. */
  onset: number | null;
  said: { level: Level | null; at: number | null };
}

export const newTrendState = (): TrendState => ({
  window: newWindow(),
  count: 0,
  run: 0,
  last: null,
  pace: 0,
  recent: [],
  scatter: 0,
  jump: null,
  scale: null,
  learnedAt: 0,
  past: { middle: 0, deviation: 0, weight: 0 },
  again: 0,
  level: null,
  onset: null,
  said: { level: null, at: null },
});

/** What is to be said now, in the unit of the point and in steady ms. */
export interface Verdict {
  level: Level | null;
  score: number;
  value: number;
  usual: number;
  limit: number | undefined;
  onset: number;
  /** In ms of use; null: cannot be told; undefined: reached, or no limit. */
  remaining: TimeToLimit | null | undefined;
  /** Calendar ms per ms of use. */
  calendar: number;
}

/** Readings before anything can be said; before a point counts as known, and as well known, where nobody said how long to learn. */
const ENOUGH = 40;
/** Each new learning takes twice as many, so often: a machine that goes through cycles is seen for a whole one in the end. */
const DOUBLINGS = 6;
const KNOWN = 300;
const WELL_KNOWN = 1_000;
/** While blocks are short, only every fourth reading is judged: nothing that grows needs more. */
const JUDGED = 4;
/** Blocks that any change must have lasted for an alert, the middle one of so many above the mark; more while young. */
const STEADY = 7;
const STEADY_YOUNG = 24;
/** Blocks that a smaller change must have lasted likewise, still standing at this share of its highest. */
const LASTING = 20;
const KEPT = 0.9;
/** How sure the slope must be upward, as a normal quantile (80 %). */
const SURELY_RISING = 0.842;
/**
 * How often a course does not lead where it seems to: half of all bearings jump instead of wearing, and where the limit is
 * only guessed nobody knows the end. A limit that somebody gave is surer, the more so the nearer it is.
 */
const ASTRAY = { guessed: 0.5, given: 0.25 } as const;
/** The farthest of the readings around a level lie this many mean distances from it. */
const TOUCH = 3;
/** Even a value that never moves is known no finer than this. */
const GRAIN = 1e-6;

/** Takes a reading in. True when that closed a block or tells of a jump. */
export function observe(state: TrendState, value: number, steady: number, { sign }: Rule): boolean {
  const gap = state.last === null ? 0 : Math.max(0, steady - state.last);
  // A pause (machine off, sensor away) is no use; only its first stretch, as long as a few readings, counts.
  const used = state.pace === 0 ? gap : Math.min(gap, 3 * state.pace);
  state.pace += (used - state.pace) * (state.pace === 0 ? 1 : 0.05);
  state.last = steady;
  state.run += used;
  state.count++;
  state.recent.push(value);
  if (state.recent.length > 5) state.recent.shift();
  const middle = median(state.recent);
  state.scatter += (Math.abs(value - middle) - state.scatter) * 0.02;
  const jumped = state.jump ? jumps(state.jump, middle, sign) : false;
  return add(state.window, state.run, steady, middle) || jumped;
}

/** Whether it is worth judging now. */
export const due = ({ window, count, jump }: TrendState): boolean =>
  window.size >= JUDGED || count % JUDGED === 0 || holds(jump);

/** Makes room and says whether enough is known to judge. */
export function learned(state: TrendState, rule: Rule): boolean {
  const { window } = state;
  const gone = makeRoom(window);
  if (state.scale) {
    if (gone !== undefined) retire(state, gone, axisOf(state.scale, rule.sign));
    return true;
  }
  if (state.count < enough(state) || state.run < rule.learn) return false;
  const { middle, spread } = usual(window.value, window.value.length);
  const positive = window.value.every((value) => value > 0);
  const wish = rule.scale ?? (middle > 4 * spread ? "log" : "linear");
  state.scale = positive ? wish : "linear";
  state.learnedAt = state.run;
  return true;
}

/** How far the learning is; null once it is over. */
export function learning(state: TrendState, { learn }: Rule, every: Ms): { seen: Ms; needed: Ms } | null {
  if (state.scale) return null;
  const needed = Math.max(learn, enough(state) * (state.pace || every));
  return { seen: Math.min(state.run, needed), needed };
}

const enough = ({ again }: TrendState): number => ENOUGH * 2 ** Math.min(again, DOUBLINGS);

/** Compares the newest level with the baseline, and looks ahead. */
export function judge(state: TrendState, rule: Rule): Verdict {
  const { window } = state;
  const scale = state.scale ?? "linear";
  const axis = axisOf(scale, rule.sign);
  const heights = window.value.map(axis.up);
  const rough = roughness(heights);
  const base = calmed(baseline(state, heights), rough);
  const limit =
    rule.limit ?? (rule.sign > 0 && axis.down(base.middle) > 0 ? rule.times * axis.down(base.middle) : null);
  const known = knownOf(state, rule);
  const marks = marksOf(scale, base, limit === null ? null : axis.up(limit), known);
  const noise = Math.max(rough, (marks.watch / 50) ** 2, (GRAIN * (1 + Math.abs(base.middle))) ** 2);
  const newest = holds(state.jump) ? axis.up(median(state.recent)) : median(heights.slice(-3));
  const above = newest - base.middle;
  const spread = Math.sqrt(noise / 2);
  const onset = onsetOf(heights, base, marks.watch);
  let course: Course | undefined;
  const since = () => (course ??= courseSince(window, heights, noise, onset));
  const over = (blocks: number) => median(heights.slice(-blocks)) - base.middle;
  const rising = () => since().trend.slope > SURELY_RISING * Math.sqrt(since().trend.slopeVar);
  const before = state.level;
  const height = {
    now: above,
    steady: over(rule.learn > 0 || state.count >= KNOWN ? STEADY : STEADY_YOUNG),
    lasting: over(LASTING),
    kept: () => above >= KEPT * (highest(heights.slice(-LASTING)) - base.middle),
    rising,
  };
  const level = holds(state.jump) ? "alert" : decide(before, height, spread, marks);
  state.level = level === "alert" ? rule.most : level;
  if (rule.learn === 0) {
    const at = { sign: rule.sign, usual: axis.down(base.middle), mark: axis.down(base.middle + marks.jump) };
    state.jump = expectJump(state.jump, window.value, at);
  }
  state.onset = state.level === null ? null : (state.onset ?? window.steady[onset] ?? state.last);
  const verdict: Verdict = {
    level: state.level,
    score: normal((above - marks.watch) / Math.max(spread, marks.watch / 4)),
    value: axis.down(newest),
    usual: axis.down(base.middle),
    limit: limit ?? undefined,
    onset: state.onset ?? state.last ?? 0,
    remaining: undefined,
    calendar: Math.max(1, spanOf(window.steady) / Math.max(1, spanOf(window.run))),
  };
  if (state.level !== null && limit !== null && newest < axis.up(limit)) {
    // The first reading to touch the limit comes before the level does.
    const touched = axis.up(limit - rule.sign * TOUCH * state.scatter);
    const goal = Math.max(touched, newest + (axis.up(limit) - newest) / 4);
    const left = (axis.up(limit) - newest) / (axis.up(limit) - base.middle);
    const astray = rule.limit === undefined ? ASTRAY.guessed : ASTRAY.given * Math.min(1, left);
    verdict.remaining = ahead(since(), noise, newest, goal, astray);
  }
  if (before === "alert" && state.level === null) embrace(state, heights);
  // Well below its baseline: run in, repaired or another job. What was learned holds no longer.
  if (above + SURE * spread < -marks.alert) relearn(state);
  return verdict;
}

function knownOf({ count }: TrendState, { learn, limit }: Rule): Known {
  if (learn > 0) return "well";
  if (limit === undefined) return "unasked";
  return count >= WELL_KNOWN ? "well" : count >= KNOWN ? "known" : "young";
}

interface Axis {
  up(value: number): number;
  down(height: number): number;
}

/** Bad is up: what falls is mirrored. */
function axisOf(scale: "log" | "linear", sign: 1 | -1): Axis {
  return scale === "log"
    ? { up: (x: number) => sign * Math.log(Math.max(x, Number.MIN_VALUE)), down: (h: number) => Math.exp(sign * h) }
    : { up: (x: number) => sign * x, down: (h: number) => sign * h };
}

/** The oldest quarter of what is remembered, but no less than the learning; then everything that left in health. */
function baseline(state: TrendState, heights: readonly number[]): Omit<Baseline, "calm"> {
  const { past, window } = state;
  if (past.weight > 0) return { middle: past.middle, spread: 1.25 * past.deviation };
  const until = Math.max(state.learnedAt, (window.run[0] ?? 0) + spanOf(window.run) / 4);
  const after = window.run.findIndex((run) => run > until);
  return usual(heights, after < 0 ? heights.length : after);
}

/** Noise differs from block to block; what does not is wandering. `rough`: the variance of that noise. */
const calmed = (base: Omit<Baseline, "calm">, rough: number): Baseline => ({
  ...base,
  calm: Math.sqrt(Math.max(0, base.spread ** 2 - rough) + rough / LASTING),
});

/** What leaves the window in health belongs to the past that the present is compared with. */
function retire(state: TrendState, gone: number, axis: Axis): void {
  const { past } = state;
  if (past.weight === 0) {
    // The first to leave takes over from the quarter that has served as the baseline so far.
    const { middle, spread } = baseline(state, state.window.value.map(axis.up));
    state.past = { middle, deviation: spread / 1.25, weight: BLOCKS / 4 };
    return;
  }
  if (state.level !== null) return;
  const height = axis.up(gone);
  past.weight = Math.min(past.weight + 1, 1_000);
  past.deviation += (Math.abs(height - past.middle) - past.deviation) / past.weight;
  past.middle += (height - past.middle) / past.weight;
}

/** The block at which the last rise began: where the sum of what exceeds the usual wandering last stood at zero. */
function onsetOf(heights: readonly number[], base: Baseline, watch: number): number {
  const unit = Math.max(base.spread, watch / 4);
  let sum = 0;
  let onset = 0;
  heights.forEach((height, i) => {
    sum = Math.max(0, sum + (height - base.middle) / unit - 1);
    if (sum === 0) onset = i + 1;
  });
  return Math.min(onset, heights.length - 1);
}

/** What rose so far and came back is no wear: it belongs to what is usual. */
function embrace(state: TrendState, heights: readonly number[]): void {
  state.learnedAt = state.run;
  if (state.past.weight === 0) return;
  const { middle, spread } = usual(heights, heights.length);
  state.past = { middle, deviation: Math.max(state.past.deviation, spread / 1.25), weight: state.past.weight };
}

/** Forgets what was learned; keeps what was said, so that it can be taken back. */
function relearn(state: TrendState): void {
  const { said, last, pace, again } = state;
  Object.assign(state, newTrendState(), { said, last, pace, again: again + 1 });
}
