import { z } from "zod";
import type { Detector, Finding, Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE, type Ms } from "../core/time.ts";
import { localTime } from "../core/zone.ts";
import { defineDetector } from "../plugin.ts";
import { type Ambient, ambient, ambientOf, asAtFirst, corrected, feel } from "./lib/ambient.ts";
import { type Effect, effectOf } from "./lib/effect.ts";
import { learningOf } from "./lib/learning.ts";
import { beside, type Following, following, loadOf, type Pair } from "./lib/load.ts";
import { duration } from "./lib/options.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * A level that leaves its place over days: a sensor that ages, a filter, a belt, a leak. Looks at means over hours of
 * running, against the first week, less what the load of the machine explains; dates the beginning by a cumulative sum.
 * The reference follows by a floor's worth a month, so that seasons and honest wear are no news. The load itself is
 * given much room: it is what the machine is asked to do. A temperature is judged against the air around the machine where
 * the machine has such a point.
 */
const options = z.strictObject({
  /** How long the first look takes. */
  learn: duration.prefault("7d"),
});

interface State {
  /** Of the present stretch of running. */
  sum: number;
  n: number;
  loads: number;
  ms: number;
  day: number;
  last: number | null;
  /** Means of the learning time; emptied once it is over. */
  early: Pair[];
  load: number | null;
  ambient: Ambient;
  /** Nothing was ever known of the machine's state. */
  blind: boolean;
  follows: Following;
  begun: number | null;
  usual: number | null;
  sigma: number;
  /** Smoothed distance from the usual, in the measure of the effect. */
  apart: number;
  /** Stretches in a row beyond, when the first was, and the cumulative sum that dates the onset. */
  beyond: number;
  since: number | null;
  total: number;
  onset: number | null;
  level: Finding["level"] | null;
}

/** A stretch is closed after so much running, or at the end of a day that had at least the shorter one. */
const STRETCH: Ms = 4 * HOUR;
const SHORTEST: Ms = 30 * MINUTE;
const WARM_UP: Ms = 15 * MINUTE;
const LEAST_STRETCHES = 10;
const MOST_STRETCHES = 80;
const SMOOTH = 0.4;
const SIGMAS = 4;
/** Stretches in a row, and time, until it is worth sending somebody. */
const FIRM = { stretches: 4, ms: 36 * HOUR };
/** The reference may follow by one floor in so long. */
const FOLLOW: Ms = 30 * DAY;
/** Jobs differ by so much in what they ask of a machine. */
const LOAD_FLOOR = 0.5;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  vote: 1,
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "gauge" && machine.id !== "gateway" ? { learn: 7 * DAY } : undefined,
  create({ learn }, { point, points, site }): Detector<State> {
    if (!point) throw new Error("drift: needs a point");
    const load = loadOf(points);
    const firm = effectOf(point.signal.unit, "firm");
    const effect = load?.id === point.id ? { ...firm, floor: LOAD_FLOOR } : firm;
    const room = ambientOf(point, points);
    const inputs = new Set([point.id, ...(load ? [load.id] : []), ...(room ? [room] : [])]);
    const local = localTime(site.timezone);
    const longest = 3 * point.signal.every;
    return {
      inputs: [...inputs],
      initial: {
        sum: 0,
        n: 0,
        loads: 0,
        ms: 0,
        day: 0,
        last: null,
        early: [],
        load: null,
        ambient: ambient(),
        blind: true,
        follows: { load: 0, slope: 0, low: 0, high: 0 },
        begun: null,
        usual: null,
        sigma: 0,
        apart: 0,
        beyond: 0,
        since: null,
        total: 0,
        onset: null,
        level: null,
      },
      learning: ({ begun, last, usual }) =>
        usual === null ? (learningOf(begun, last, learn) ?? { seen: learn, needed: learn }) : null,
      step(state, entry, around) {
        if (entry.item.point === load?.id) state.load = numberOf(entry.item);
        if (entry.item.point === room) feel(state.ambient, numberOf(entry.item));
        const value = entry.item.point === point.id ? numberOf(entry.item) : null;
        if (state.blind && around.state !== "unknown") sees(state);
        if (value === null || !runs(around, entry, state.blind)) return { state };
        const day = Math.floor(local(entry.item.t) / DAY);
        const mean = stretch(state, asAtFirst(state.ambient, value), entry.steady, day, longest);
        if (mean === null) return { state };
        if (state.usual === null) {
          learnFrom(state, mean, entry.steady, learn);
          return { state };
        }
        weigh(state, mean, entry, effect);
        return told(state, point, effect, entry.item.t);
      },
    };
  },
});

const runs = ({ state, since }: Surroundings, { steady }: Entry<Reading>, blind: boolean): boolean =>
  (blind && state === "unknown") || (state === "running" && steady - since >= WARM_UP);

/** The state is known from now on: what was learned before mixed work and rest. */
function sees(state: State): void {
  Object.assign(state, { blind: false, sum: 0, loads: 0, n: 0, ms: 0, early: [], begun: null, usual: null });
}

/** Adds a reading; the mean when a stretch is full. */
function stretch(state: State, value: number, steady: number, day: number, longest: Ms): Pair | null {
  const passed = state.last === null ? 0 : Math.min(steady - state.last, longest);
  state.last = steady;
  const over = state.ms >= STRETCH || (day !== state.day && state.ms >= SHORTEST);
  const mean = over ? { value: state.sum / state.n, load: state.loads / state.n } : null;
  if (over || day !== state.day) [state.sum, state.loads, state.n, state.ms] = [0, 0, 0, 0];
  state.day = day;
  state.sum += value;
  state.loads += state.load ?? 0;
  state.n++;
  state.ms += passed;
  return mean;
}

function learnFrom(state: State, mean: Pair, steady: number, learn: Ms): void {
  state.begun ??= steady;
  state.early.push(mean);
  if (state.early.length > MOST_STRETCHES) state.early.splice(Math.floor(MOST_STRETCHES / 2), 1);
  if (steady - state.begun < learn || state.early.length < LEAST_STRETCHES) return;
  state.follows = following(state.early);
  const plain = state.early.map((m) => beside(m.value, m, state.follows).value);
  const usual = middle(plain);
  state.usual = usual;
  state.sigma = 1.48 * middle(plain.map((value) => Math.abs(value - usual)));
  state.early = [];
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function weigh(state: State, mean: Pair, { steady, item }: Entry<Reading>, { apart, at, floor }: Effect): void {
  const usual = state.usual ?? mean.value;
  const { value, expected } = beside(usual, mean, state.follows);
  const away = apart(value, expected);
  state.apart += SMOOTH * (away - state.apart);
  const noise = Math.abs(apart(usual + state.sigma, usual));
  const far = Math.abs(state.apart) > Math.max(floor, SIGMAS * noise * Math.sqrt(SMOOTH / (2 - SMOOTH)));
  if (!far) [state.beyond, state.since] = [0, null];
  else {
    state.beyond++;
    state.since ??= steady;
  }
  // Page's test: the sum of what exceeds half a floor; where it last left zero the drift began.
  const total = Math.max(0, state.total + Math.abs(away) - floor / 2);
  if (state.total === 0 && total > 0) state.onset = item.t;
  state.total = Math.min(total, 50 * floor);
  if (far) return;
  const follow = (floor * STRETCH) / FOLLOW;
  const step = Math.max(-follow, Math.min(follow, away));
  state.usual = at(usual, step);
}

function told(state: State, point: Point, { at, floor }: Effect, t: EpochMs): { state: State; finding?: Finding } {
  const lasted = state.since !== null && state.last !== null ? state.last - state.since : 0;
  const firm = state.beyond >= FIRM.stretches && lasted >= FIRM.ms;
  const fading = state.level !== null && Math.abs(state.apart) > 0.7 * floor;
  const level = firm ? "alert" : state.beyond >= 2 ? (state.level ?? "watch") : fading ? state.level : null;
  if (level === state.level) return { state };
  const active = level !== null;
  state.level = level;
  const usual = state.usual ?? 0;
  const value = at(usual, state.apart);
  const finding: Finding = {
    active,
    level: level ?? "watch",
    score: active ? Math.min(1, 0.6 + 0.1 * state.beyond) : 0,
    point: point.id,
    value,
    limit: usual,
    ...(active && state.onset !== null && { onset: epochMs(Math.min(state.onset, t)) }),
    text: text((l) => {
      const { unit } = point.signal;
      if (!active)
        return `${nameOfPoint(point)[l]}${l === "fr" ? " : " : ": "}${{ fr: "revenu à son niveau habituel", en: "back at its usual level" }[l]}`;
      const words = {
        fr: ["en moyenne, d'habitude", "s'en éloigne depuis des jours"],
        en: ["on average, usually", "moving away for days"],
      }[l];
      return `${nameOfPoint(point)[l]} ${amount(value, unit, l)} ${words[0]} ${amount(usual, unit, l)}${corrected(state.ambient, l)}, ${words[1]}`;
    }),
  };
  return { state, finding };
}
