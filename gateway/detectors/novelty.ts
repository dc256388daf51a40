import { z } from "zod";
import type { Detector, Finding } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { DAY, type EpochMs, HOUR, MINUTE, type Ms } from "../core/time.ts";
import { localTime } from "../core/zone.ts";
import { defineDetector } from "../plugin.ts";
import { learningOf } from "./lib/learning.ts";
import { createHabit, type Habit, learnHabit, type Slots, slotsOf, unlike } from "./lib/novelty-habit.ts";
import { createPlace, learnPlace, type Place, strayed } from "./lib/novelty-place.ts";
import { duration } from "./lib/options.ts";
import { fade, type RecordRule, type Records, records, remember, surprise } from "./lib/records.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * Something that this signal has never done: a value, a drawn-out level, an unrest, a value or stretch for the time of the
 * day or week, or a leap from where it has been of late, that is further out than all before it. Knows no physics and no
 * limit; it says "look here", never "send somebody". Gives one pulse and is then quiet. Lies when a machine is used in a
 * new way for the first time: that is new, and no fault.
 */
const options = z.strictObject({
  /** How long to look on before anything is called new. */
  learn: duration.optional(),
});

/** The ways to be strange, by what a person would see. */
const kinds = ["value", "level", "unrest", "hour", "day", "week", "leap"] as const;
type Kind = (typeof kinds)[number];

interface State {
  n: number;
  /** Steady ms of the first and the newest reading that was looked at. */
  first: number;
  last: number;
  /** The reading before, and the one before that. */
  before: number;
  earlier: number;
  centre: number;
  scale: number;
  fast: number;
  slow: number;
  unrest: number;
  habit: Habit;
  place: Place;
  records: Record<Kind, Records>;
  score: number;
  /** The greatest surprise of late, and the readings since. */
  loud: number;
  quiet: number;
  active: boolean;
}

const RULE: RecordRule = { keep: 20, block: 20 };
/** Blocks that must have been seen before a record means anything. */
const ENOUGH = 5;
/** So many blocks (three weeks at a reading a minute), and the records are worth so much less. */
const FORGET = { blocks: 1_440, share: 0.8 };
/** After a pulse: readings in which only something three times as surprising is told. */
const REFRACTORY = 100;
/** A finding is three times rarer than the rarest thing so far. */
const TOLD = 0.5;
/** Faster signals are looked at once a minute: what is new on a machine lasts longer. */
const PACE: Ms = MINUTE;

export default defineDetector<z.output<typeof options>>({
  options,
  about: "point",
  vote: 0.15,
  byDefault: ({ point, machine }) =>
    point?.signal.kind === "gauge" && point.signal.every <= 2 * HOUR && machine.id !== "gateway"
      ? { learn: DAY }
      : undefined,
  create({ learn = 0 }, { point, site }): Detector<State | null> {
    if (!point) throw new Error("novelty: needs a point");
    const local: (t: EpochMs) => number = localTime(site.timezone);
    const fast = learn > 0 && point.signal.every < PACE;
    return {
      inputs: [point.id],
      initial: fresh(),
      score: (state) => state?.score ?? 0,
      learning: (state) => (state?.n ? learningOf(state.first, state.last, learn) : learningOf(null, null, learn)),
      step(before, entry, { state: doing }) {
        const value = entry.item.point === point.id ? numberOf(entry.item) : null;
        if (value === null || doing === "transient") return { state: before };
        // An older version remembered nothing before the first reading.
        const state = before ?? fresh();
        if (state.n === 0) return { state: begin(state, value, entry) };
        if (fast && entry.steady - state.last < PACE) return { state };
        const { tq, item } = entry;
        const slots = slotsOf(tq === "unsynced" || tq === "bounded" ? null : local(item.t));
        const strange = look(state, value, slots);
        const [kind, much] = rarest(state, strange);
        learnFrom(state, value, strange, slots);
        state.last = entry.steady;
        state.score = pulse(state, state.n > ENOUGH * RULE.block && entry.steady - state.first >= learn ? much : 0);
        return told(state, point, value, kind);
      },
    };
  },
});

/** Whole from the beginning, so that what an older version has learned is completed where this one has more. */
function fresh(): State {
  const each = (): Records => records();
  return {
    n: 0,
    first: 0,
    last: 0,
    before: 0,
    earlier: 0,
    centre: 0,
    scale: 0,
    fast: 0,
    slow: 0,
    unrest: 0,
    habit: createHabit(),
    place: createPlace(),
    records: {
      value: each(),
      level: each(),
      unrest: each(),
      hour: each(),
      day: each(),
      week: each(),
      leap: each(),
    },
    score: 0,
    loud: 0,
    quiet: REFRACTORY,
    active: false,
  };
}

function begin(state: State, value: number, { steady }: Entry<Reading>): State {
  state.n = 1;
  state.first = state.last = steady;
  state.before = state.earlier = state.centre = state.fast = state.slow = value;
  return state;
}

function look(state: State, value: number, slots: Slots): Record<Kind, number> {
  const { earlier: a, before: b } = state;
  // The middle of three: a single spike is no value, but unrest.
  const settled = Math.max(Math.min(a, b), Math.min(Math.max(a, b), value));
  state.fast += (value - state.fast) / 12;
  state.unrest += ((value - state.fast) ** 2 - state.unrest) / 24;
  return {
    value: Math.abs(settled - state.centre),
    level: Math.abs(state.fast - state.slow),
    unrest: Math.sqrt(state.unrest),
    ...unlike(state.habit, value, slots),
    leap: strayed(state.place, settled),
  };
}

function rarest(state: State, strange: Record<Kind, number>): [Kind, number] {
  let [which, much]: [Kind, number] = ["value", 0];
  for (const kind of kinds) {
    const rare = surprise(state.records[kind], strange[kind], ENOUGH);
    if (rare > much) [which, much] = [kind, rare];
  }
  return [which, much];
}

function learnFrom(state: State, value: number, strange: Record<Kind, number>, slots: Slots): void {
  const n = ++state.n;
  const forgets = n % (FORGET.blocks * RULE.block) === 0;
  for (const kind of n > RULE.block ? kinds : []) {
    if (forgets) fade(state.records[kind], FORGET.share);
    remember(state.records[kind], strange[kind], RULE);
  }
  const off = value - state.centre;
  // What has not moved yet (a machine that is off while it is commissioned) says nothing of how far it will go.
  const early = n < 50 || state.scale === 0;
  const reach = early ? Infinity : 3 * state.scale;
  state.centre += Math.max(1 / n, 0.003) * Math.max(-reach, Math.min(reach, off));
  state.scale += Math.max(1 / n, 0.002) * (Math.min(Math.abs(off), early ? Infinity : 5 * state.scale) - state.scale);
  state.slow += Math.max(1 / n, 0.003) * (value - state.slow);
  learnPlace(state.place, value);
  learnHabit(state.habit, value, slots);
  state.earlier = state.before;
  state.before = value;
}

/** Lets a surprise through once; what follows it must be greater by far. */
function pulse(state: State, much: number): number {
  const loud = state.quiet < REFRACTORY ? state.loud : 0;
  if (much > loud || state.quiet >= REFRACTORY) {
    state.loud = much;
    state.quiet = much > 0 ? 0 : REFRACTORY;
  } else state.quiet++;
  return much > 0 && loud < 0.3 * much ? 1 - 1 / (1 + much) : 0;
}

function told(state: State, point: Point, value: number, kind: Kind): { state: State; finding?: Finding } {
  const found = state.score >= 1 - 1 / (1 + TOLD);
  const over = state.active && state.quiet >= REFRACTORY;
  if (!found && !over) return { state };
  state.active = found;
  const finding: Finding = {
    active: found,
    level: "watch",
    score: found ? state.score : 0,
    point: point.id,
    value,
    text: text((l) => {
      const shown = `${nameOfPoint(point)[l]} ${amount(value, point.signal.unit, l)}`;
      return `${shown}, ${(found ? said[kind] : { fr: "de nouveau comme d'habitude", en: "as usual again" })[l]}`;
    }),
  };
  return { state, finding };
}

const said = {
  value: { fr: "une valeur jamais vue", en: "a value never seen before" },
  level: { fr: "un niveau moyen jamais vu", en: "a mean level never seen before" },
  unrest: { fr: "une agitation jamais vue", en: "an unrest never seen before" },
  hour: { fr: "jamais vu à cette heure de la journée", en: "never seen at this time of day" },
  day: {
    fr: "un tel écart à l'habitude de cette heure n'a jamais été vu",
    en: "never seen so far from this time of day",
  },
  week: {
    fr: "un tel écart à l'habitude de la semaine n'a jamais été vu",
    en: "never seen so far from this hour of the week",
  },
  leap: { fr: "jamais si loin de ses dernières valeurs", en: "never so far from where it has been of late" },
} as const;
