import { z } from "zod";
import type { Detector, Finding, MachineState } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import { DAY, MINUTE, type Ms } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { type Departure, depart, departure, leaps, rest } from "./lib/departure.ts";
import { atEdge, type Edges, edges } from "./lib/edges.ts";
import { blame, type Joint, joint, relate } from "./lib/joint.ts";
import { learningOf } from "./lib/learning.ts";
import { duration } from "./lib/options.ts";
import { complete, type Rows, rows } from "./lib/rows.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * The signals of a machine, looked at together, in each of its states. With few signals each is watched for leaving its
 * place for good; with a dozen or more, their relation: the value that the others lead to expect against the value seen.
 * When three in eight of the signals leap in the same moment the machine does another job, and everything is learned anew. Lies on
 * machines that change jobs slowly, and where weather moves a signal further than all it had done before.
 */
const options = z.strictObject({
  /** How long to look on, in each state, before anything is said; at the least 250 rows. */
  learn: duration.optional(),
  /** The signals to look at; every gauge of the machine where it is left out. */
  signals: z.array(z.string()).min(2).optional(),
});

type Options = z.output<typeof options>;

interface Model {
  n: number;
  /** Steady ms of the first row. */
  first: number;
  signals: (Departure | null)[];
  joint: Joint | null;
  edges: Edges;
}

interface State {
  rows: Rows;
  models: Partial<Record<MachineState, Model>>;
  score: number;
  active: boolean;
  /** What the active finding blames, and what the machine was doing. */
  blamed: string;
  during: MachineState;
}

/** From so many signals on, their relation says more than each of them. */
const JOINT_FROM = 12;
const LEARN_ROWS = 250;
/** When so many of the signals leap in the same moment, the machine does another job. */
const JOB = 3 / 8;
const DEFAULT_AT_LEAST = 3;
const MOST = 128;
/** On a shop floor a row a minute is plenty; a table is taken as it comes. */
const PACE: Ms = MINUTE;

export default defineDetector<Options>({
  options,
  about: "machine",
  vote: 0.4,
  byDefault: ({ machine, points }) =>
    machine.id !== "gateway" && gauges(points).length >= DEFAULT_AT_LEAST ? { learn: 3 * DAY } : undefined,
  create({ learn = 0, signals }, { points }): Detector<State> {
    const watched = gauges(points)
      .filter((p) => signals?.includes(p.signal.name) ?? true)
      .slice(0, MOST);
    const place = new Map(watched.map((p, i) => [p.id, i]));
    const pace = learn > 0 ? Math.max(PACE, ...watched.map((p) => p.signal.every)) : 0;
    return {
      inputs: watched.map((p) => p.id),
      initial: { rows: rows(watched.length), models: {}, score: 0, active: false, blamed: "", during: "unknown" },
      score: (state) => state.score,
      learning({ rows, models }) {
        // The state that it knows best: the others come with time.
        const begun = Object.values(models).map(({ first }) => first);
        return learningOf(begun.length > 0 ? Math.min(...begun) : null, rows.at, learn);
      },
      step(state, { item, steady }, { state: doing }) {
        const signal = place.get(item.point);
        if (signal === undefined || !complete(state.rows, signal, numberOf(item), steady, pace)) return { state };
        if (doing === "off" || doing === "transient") return { state };
        const row = state.rows.latest;
        const before = current(state.models[doing]) ?? model(watched.length, steady);
        const now = takes(before, row, steady - before.first >= learn);
        state.models[doing] = now ?? model(watched.length, steady);
        state.score = now ? atEdge(now.edges, row) : 0;
        return told(state, now, doing, watched, row);
      },
    };
  },
});

const gauges = (points: readonly Point[]): readonly Point[] => points.filter((p) => p.signal.kind === "gauge");

const model = (signals: number, first: number): Model => ({
  n: 0,
  first,
  signals: signals < JOINT_FROM ? new Array<null>(signals).fill(null) : [],
  joint: signals < JOINT_FROM ? null : joint(signals),
  edges: edges(signals),
});

/** What a gateway before an update has learned of a signal may say too little for this one: then it learns anew. */
const current = (of: Model | undefined): Model | undefined =>
  of?.signals.every((s) => s === null || s.suspicion !== undefined) ? of : undefined;

/** The model after this row; undefined when the machine has begun another job. */
function takes(of: Model, row: readonly (number | null)[], learned: boolean): Model | undefined {
  of.n++;
  if (of.joint) {
    relate(of.joint, row, learned);
    return of;
  }
  let leaping = 0;
  row.forEach((value, i) => {
    if (value === null) return;
    const signal = of.signals[i];
    if (signal) leaping += leaps(signal, value) ? 1 : 0;
    else of.signals[i] = departure(value);
  });
  if (leaping >= Math.max(2, row.length * JOB)) return undefined;
  let back = false;
  row.forEach((value, i) => {
    const signal = of.signals[i];
    if (value === null || !signal) return;
    const returned = depart(signal, value, learned && of.n > LEARN_ROWS);
    back ||= returned && !signal.wanders;
  });
  // A temperature stays where a fault has left it; that the fault is over is seen on the signals that keep their place.
  if (back) for (const signal of of.signals) if (signal?.away && signal.wanders) rest(signal);
  return of;
}

interface Stranger {
  signal: number;
  expected: number;
}

function strangers({ joint, signals }: Model, row: readonly (number | null)[]): Stranger[] {
  if (joint) return joint.away ? blame(joint, row) : [];
  return signals.flatMap((s, signal) => (s?.away ? [{ signal, expected: s.slow }] : []));
}

/** Tells the beginning, the end, and when another signal comes to bear the most blame. */
function told(
  state: State,
  now: Model | undefined,
  doing: MachineState,
  watched: readonly Point[],
  row: readonly (number | null)[],
) {
  // What was found while running is not over because the machine rests.
  if (state.active && doing !== state.during) return { state };
  const found = now ? strangers(now, row).filter(({ signal }) => (row[signal] ?? null) !== null) : [];
  const away = now?.joint?.away ?? now?.signals.some((s) => s?.away) ?? false;
  const active = state.active ? away : found.length > 0;
  if (active === state.active) return { state };
  // Which signal is the worst changes from row to row; the one named first stands for the whole finding.
  const worst = active ? watched[found[0]?.signal ?? -1] : watched.find((p) => p.id === state.blamed);
  state.active = active;
  state.during = doing;
  state.blamed = worst?.id ?? "";
  const finding: Finding = {
    active,
    level: "watch",
    score: active ? Math.max(0.5, state.score) : 0,
    ...(worst && { point: worst.id }),
    text: active ? contributions(found, watched, row) : usual,
  };
  return { state, finding };
}

const usual: Text = { fr: "les mesures vont de nouveau ensemble", en: "the readings fit together again" };

const contributions = (found: readonly Stranger[], watched: readonly Point[], row: readonly (number | null)[]): Text =>
  text((l) =>
    found
      .slice(0, 3)
      .flatMap(({ signal, expected }) => {
        const [point, value] = [watched[signal], row[signal] ?? null];
        if (!point || value === null) return [];
        const instead = { fr: "au lieu de", en: "instead of" }[l];
        const { unit } = point.signal;
        return [`${nameOfPoint(point)[l]} ${amount(value, unit, l)} ${instead} ${amount(expected, unit, l)}`];
      })
      .join(", "),
  );
