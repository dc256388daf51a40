import { z } from "zod";
import type { Detector, Finding } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { defineDetector } from "../plugin.ts";
import { type Envelope, envelope, type Judged, judgeAt, learnAt } from "./lib/envelope.ts";
import { type Home, home, likeness, passes, standsAgain } from "./lib/home.ts";
import { complete, type Rows, rows } from "./lib/rows.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * Machines that do the same thing over and over: every value is compared with what it usually is at that moment of the
 * cycle, so that a movement that comes late, early or twice is seen although each value alone is ordinary. The cycle is
 * found by itself: the machine stands again as it stood when it was first seen, or some signal passes its middle once per
 * cycle, at regular intervals. Says nothing where there is no regular cycle. Lies when the product changes: the first
 * cycles of a new one are strange.
 */
const options = z.strictObject({
  /** The signals to look at; every gauge of the machine where it is left out. */
  signals: z.array(z.string()).min(1).optional(),
});

interface State {
  rows: Rows;
  homes: Home[];
  /** The first row, and how it comes again, by degree. */
  first: (number | null)[] | null;
  wholes: Home[];
  /** What marks the start of a cycle: the passage of a signal or, counted on from there, the first row by a degree. */
  marker: number | null;
  boot: number;
  /** Steady ms when the present cycle began, and how many have begun. */
  began: number | null;
  cycles: number;
  /** Of the newest cycles. */
  lengths: number[];
  period: number | null;
  envelope: Envelope;
  /** Of late, 0 … 1. */
  strange: number;
  score: number;
  active: boolean;
  /** The point of the active finding. */
  blamed: string;
}

/** Cycles to learn before anything is judged. */
const LEARN = 8;
/** Mean deviation of a regular interval. */
const REGULAR = 0.1;
/** How many of all signals must stand as in the first row: signals are noisy, so that several degrees are tried. */
const DEGREES = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7];
/** That all signals come back is evidence by itself; by chance they would at intervals with a deviation of 0.7. */
const RECURRENT = 0.3;
/** A signal that has come so often says already how long a cycle may be. */
const SOON = 4;
const SMOOTH = 0.2;
/** The mean strangeness of all signals that opens a finding, and the one that ends it. */
const OPEN = 0.5;
const CLOSE = 0.25;
const MOST = 32;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "machine",
  vote: 0.4,
  create({ signals }, { points }): Detector<State> {
    const watched = points
      .filter((p) => p.signal.kind === "gauge" && (signals?.includes(p.signal.name) ?? true))
      .slice(0, MOST);
    const place = new Map(watched.map((p, i) => [p.id, i]));
    return {
      inputs: watched.map((p) => p.id),
      initial: {
        rows: rows(watched.length),
        homes: watched.map(home),
        first: null,
        wholes: DEGREES.map(home),
        marker: null,
        boot: 0,
        began: null,
        cycles: 0,
        lengths: [],
        period: null,
        envelope: envelope(watched.length),
        strange: 0,
        score: 0,
        active: false,
        blamed: "",
      },
      score: (state) => state.score,
      step(state, { item, steady, boot }) {
        const signal = place.get(item.point);
        if (signal === undefined || !complete(state.rows, signal, numberOf(item), steady, 0)) return { state };
        // After a restart nobody knows where in its cycle the machine is, unless it starts anew with each recording.
        const restarted = boot !== state.boot && state.boot !== 0;
        state.boot = boot;
        begins(state, state.rows.latest, steady, restarted);
        if (state.began === null || state.period === null) return { state };
        const phase = (steady - state.began) / state.period;
        const judged = judgeAt(state.envelope, phase, state.rows.latest);
        const known = state.cycles > LEARN && judged !== null;
        state.strange += SMOOTH * ((known ? judged.strange : 0) - state.strange);
        state.score = state.cycles > LEARN ? state.strange : 0;
        learnAt(state.envelope, phase, state.rows.latest);
        return told(state, judged, watched);
      },
    };
  },
});

/** Notices the start of a cycle and learns how long one takes. */
function begins(state: State, row: readonly (number | null)[], steady: number, restarted: boolean): void {
  let begun = restarted && state.marker === null;
  for (const [i, of] of state.homes.entries()) {
    const passed = passes(of, row[i] ?? null, steady);
    if (passed && i === state.marker) begun = true;
  }
  state.first ??= [...row];
  const like = likeness(state.homes, state.first, row);
  for (const [i, of] of state.wholes.entries()) {
    const again = standsAgain(of, like, DEGREES[i] ?? 1, steady);
    if (again && state.marker === state.homes.length + i) begun = true;
  }
  if (begun) {
    if (state.began !== null) lasted(state, steady - state.began);
    state.began = steady;
    state.cycles++;
  }
  if (state.marker === null && state.cycles === 0) choose(state, steady);
}

/** The usual length is the middle of the first cycles, and of newer ones only once they are all alike. */
function lasted(state: State, length: number): void {
  state.lengths.push(length);
  if (state.lengths.length > LEARN) state.lengths.shift();
  const sorted = [...state.lengths].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? length;
  if (state.period === null || state.cycles <= LEARN / 2) {
    state.period = middle;
    return;
  }
  const alike = sorted.length === LEARN && (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) < 0.1 * middle;
  if (!alike || Math.abs(middle - state.period) < 0.1 * state.period) return;
  state.period = middle;
  state.envelope = envelope(state.envelope.signals);
  state.cycles = 0;
}

/**
 * Where the machine stands once per cycle as it stood at first, the cycle begins there, even after one that was broken
 * off. Else the longest regular interval is the cycle: movements within it come more often. That is given time to show
 * itself. What is once chosen stays.
 */
function choose(state: State, steady: number): void {
  const { homes, wholes } = state;
  const cycle = longestOf([...homes, ...wholes], SOON)?.interval ?? 0;
  const whole = wholes
    .filter((of, i) => of.interval > 0.9 * cycle && recurs(of) && isLike(of, wholes[i + 1]))
    .reduce<Home | undefined>((a, b) => (a && a.spread <= b.spread ? a : b), undefined);
  const longest = longestOf(homes, LEARN);
  if (whole) {
    if (whole.at === steady) start(state, homes.length + wholes.indexOf(whole), whole, steady);
  } else if (longest?.at === steady && homes.some((of) => isRegular(of, 2 * LEARN + 1)))
    start(state, homes.indexOf(longest), longest, steady);
}

const recurs = (of: Home): boolean => of.intervals >= LEARN && of.spread < RECURRENT;

/** What returns by chance does so at other times for the next degree. */
const isLike = (of: Home, next: Home | undefined): boolean =>
  next !== undefined && recurs(next) && Math.abs(next.interval - of.interval) < 0.1 * of.interval;

const isRegular = (of: Home, times: number): boolean => of.intervals >= times && of.spread < REGULAR;

const longestOf = (homes: readonly Home[], times: number): Home | undefined =>
  homes
    .filter((of) => isRegular(of, times))
    .reduce<Home | undefined>((a, b) => (a && a.interval >= b.interval ? a : b), undefined);

function start(state: State, marker: number, { interval }: Home, steady: number): void {
  state.marker = marker;
  state.period = interval;
  state.began = steady;
  state.cycles = 1;
}

function told(state: State, judged: Judged | null, watched: readonly Point[]): { state: State; finding?: Finding } {
  const active = state.active ? state.score > CLOSE : state.score > OPEN;
  if (active === state.active) return { state };
  state.active = active;
  const worst = active ? watched[judged?.worst ?? -1] : watched.find((p) => p.id === state.blamed);
  state.blamed = worst?.id ?? "";
  const finding: Finding = {
    active,
    level: "watch",
    score: state.score,
    ...(worst && { point: worst.id }),
    text: text((l) => {
      if (!active || !judged || !worst)
        return { fr: "le cycle est de nouveau habituel", en: "the cycle is as usual again" }[l];
      const { unit } = worst.signal;
      const now = { fr: "à ce moment du cycle, d'habitude", en: "at this moment of the cycle, usually" }[l];
      return `${nameOfPoint(worst)[l]} ${amount(judged.value, unit, l)} ${now} ${amount(judged.usual, unit, l)}`;
    }),
  };
  return { state, finding };
}
