import { z } from "zod";
import type { Detector, Finding, Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE, type Ms } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { localTime } from "./lib/calendar.ts";
import { type Effect, effectOf } from "./lib/effect.ts";
import { duration } from "./lib/options.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * A level that leaves its place over days: a sensor that ages, a filter, a belt, a leak. Looks at means over hours of
 * running, against the first week; dates the beginning by a cumulative sum. The reference follows by a floor's worth a
 * month, so that seasons and honest wear are no news. Lies when the machine gets another job for good.
 */
const options = z.strictObject({
  /** How long the first look takes. */
  learn: duration.prefault("7d"),
});

interface State {
  /** Of the present stretch of running. */
  sum: number;
  n: number;
  ms: number;
  day: number;
  last: number | null;
  /** Means of the learning time; emptied once it is over. */
  early: number[];
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

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  vote: 1,
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "gauge" && machine.id !== "gateway" ? { learn: 7 * DAY } : undefined,
  create({ learn }, { point, site }): Detector<State> {
    if (!point) throw new Error("drift: needs a point");
    const effect = effectOf(point.signal.unit, "firm");
    const local = localTime(site.timezone);
    const longest = 3 * point.signal.every;
    return {
      inputs: [point.id],
      initial: {
        sum: 0,
        n: 0,
        ms: 0,
        day: 0,
        last: null,
        early: [],
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
      step(state, entry, around) {
        const value = entry.item.point === point.id ? numberOf(entry.item) : null;
        if (value === null || !runs(around, entry)) return { state };
        const day = Math.floor(local(entry.item.t) / DAY);
        const mean = stretch(state, value, entry.steady, day, longest);
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

const runs = ({ state, since }: Surroundings, { steady }: Entry<Reading>): boolean =>
  state === "unknown" || (state === "running" && steady - since >= WARM_UP);

/** Adds a reading; the mean when a stretch is full. */
function stretch(state: State, value: number, steady: number, day: number, longest: Ms): number | null {
  const passed = state.last === null ? 0 : Math.min(steady - state.last, longest);
  state.last = steady;
  const over = state.ms >= STRETCH || (day !== state.day && state.ms >= SHORTEST);
  const mean = over ? state.sum / state.n : null;
  if (over || day !== state.day) [state.sum, state.n, state.ms] = [0, 0, 0];
  state.day = day;
  state.sum += value;
  state.n++;
  state.ms += passed;
  return mean;
}

function learnFrom(state: State, mean: number, steady: number, learn: Ms): void {
  state.begun ??= steady;
  state.early.push(mean);
  if (state.early.length > MOST_STRETCHES) state.early.splice(Math.floor(MOST_STRETCHES / 2), 1);
  if (steady - state.begun < learn || state.early.length < LEAST_STRETCHES) return;
  const usual = middle(state.early);
  state.usual = usual;
  state.sigma = 1.48 * middle(state.early.map((m) => Math.abs(m - usual)));
  state.early = [];
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function weigh(state: State, mean: number, { steady, item }: Entry<Reading>, { apart, at, floor }: Effect): void {
  const usual = state.usual ?? mean;
  const away = apart(mean, usual);
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
      return `${nameOfPoint(point)[l]} ${amount(value, unit, l)} ${words[0]} ${amount(usual, unit, l)}, ${words[1]}`;
    }),
  };
  return { state, finding };
}
