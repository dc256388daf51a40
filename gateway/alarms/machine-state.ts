import { z } from "zod";
import { HEARTBEAT, type MachineState, type Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Point, PointId } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import {
  DAY,
  DURATION_REASON,
  HOUR,
  MINUTE,
  type Ms,
  parseDuration,
  SECOND,
  type SteadyMs,
  steadyMs,
} from "../core/time.ts";
import { add, type Histogram, histogram, middle, valley } from "./levels.ts";

/** What the site file may say about the state of a machine; everything left out is learned. */
export const machineStateSettings = z.strictObject({
  /** The signal that tells the state. */
  signal: z.string().optional(),
  /** At or below this value the machine is off. */
  off: z.number().optional(),
  /** At or below this value, and above `off`, it is idle. */
  idle: z.number().optional(),
  /** How long a new level must last before it counts as a state. */
  dwell: z
    .string()
    .refine((written) => parseDuration(written) !== undefined, DURATION_REASON)
    .optional(),
});

export type MachineStateSettings = z.output<typeof machineStateSettings>;

/** What is kept of a machine: plain JSON, to be checkpointed with the detectors. */
export interface LearnedState {
  levels: Histogram;
  /** Minutes of readings seen so far; learning goes on for ever, this only says how far it is. */
  seen: number;
  /** Of them, those at no load at all. */
  resting: number;
  /** Whether more than one level is known, or one for so long that it must be work. */
  known: boolean;
  relearn: number;
  off: number;
  /** Above it the machine is running; null while one level above `off` is all that was ever seen. */
  idle: number | null;
  state: MachineState;
  since: number;
  candidate: MachineState;
  candidateSince: number;
  heard: number;
}

export interface MachineStates {
  /** The point it looks at; without one the state is `unknown` for ever. */
  readonly source: PointId | undefined;
  readonly initial: LearnedState;
  /** Once per entry of the machine and per heartbeat. The state is handed over, as in a detector. */
  step(state: LearnedState, entry: Entry<Reading>): LearnedState;
  around(state: LearnedState): Surroundings;
  /** For "learning, 3 of 7 days". */
  learning(state: LearnedState): { seen: Ms; needed: Ms };
}

/** Signals that tell a state, best first, with the value below which a machine is off whatever was learned (noise, standby). */
const tellers: readonly { units: Readonly<Record<string, number>> }[] = [
  { units: { W: 15, kW: 0.015, VA: 15, kVA: 0.015 } },
  { units: { A: 0.1, mA: 100 } },
  { units: { "/min": 10, Hz: 0.5 } },
  { units: { "mm/s": 0.15, "[g]": 0.02, "m/s2": 0.2 } },
];

/** A running machine is never this much quieter than its usual load. */
const OFF_SHARE = 0.06;
const LEARN_AT_LEAST = 20;
const LEARNED: Ms = 7 * DAY;
/** A machine that was only ever seen at one level may as well be switched off all the time: minutes until it is called running. */
const ONE_LEVEL = (3 * DAY) / MINUTE;
/** A level must be left by 8 % before the state is left. */
const HYSTERESIS = 0.08;

/**
 * Learns off, idle and running from one signal: a histogram of its levels on a logarithmic scale, split where it has a
 * valley. Nothing is labelled, nothing is asked. A new level counts once it has lasted; until then the machine is in
 * transition. A machine that was only ever seen at one level above "off" is called running after three days.
 */
export function machineStates(points: readonly Point[], settings: MachineStateSettings = {}): MachineStates {
  const { source, floor } = teller(points, settings.signal);
  const every = source?.signal.every ?? SECOND;
  const dwell = parseDuration(settings.dwell ?? "") ?? Math.max(2 * every, 10 * SECOND);
  const patience = Math.max(5 * every, 30 * SECOND);
  return {
    source: source?.id,
    initial: {
      levels: histogram(),
      seen: 0,
      resting: 0,
      known: settings.off !== undefined || settings.idle !== undefined,
      relearn: LEARN_AT_LEAST,
      off: settings.off ?? floor,
      idle: settings.idle ?? null,
      state: "unknown",
      since: 0,
      candidate: "unknown",
      candidateSince: 0,
      heard: 0,
    },
    step(state, { item, steady }) {
      if (item.point === source?.id) {
        const value = numberOf(item);
        if (value !== null) {
          learn(state, Math.abs(value), Math.min(steady - state.heard, 2 * every) / MINUTE, floor, settings);
          state.heard = steady;
          propose(state, stateAt(state, Math.abs(value)), steady, dwell);
        }
      } else if (item.point === HEARTBEAT && state.state !== "unknown" && steady - state.heard > patience) {
        enter(state, "unknown", steady);
        state.candidate = "unknown";
      }
      return state;
    },
    around: ({ state, since }) => ({ state, since: steadyMs(since) }),
    learning: ({ seen }) => ({ seen: Math.min(seen * MINUTE, LEARNED), needed: LEARNED }),
  };
}

function teller(points: readonly Point[], signal: string | undefined): { source: Point | undefined; floor: number } {
  const floorOf = (point: Point) => tellers.map(({ units }) => units[point.signal.unit]).find((f) => f !== undefined);
  if (signal !== undefined) {
    const source = points.find((p) => p.signal.name === signal);
    return { source, floor: (source && floorOf(source)) ?? 0 };
  }
  for (const { units } of tellers) {
    const source = points.find((p) => p.signal.kind === "gauge" && Object.hasOwn(units, p.signal.unit));
    if (source) return { source, floor: units[source.signal.unit] ?? 0 };
  }
  return { source: undefined, floor: 0 };
}

function learn(state: LearnedState, value: number, minutes: number, floor: number, given: MachineStateSettings): void {
  state.seen += minutes;
  if (value > floor) add(state.levels, value, minutes);
  else state.resting += minutes;
  if (state.seen < state.relearn) return;
  state.relearn = state.seen + Math.min(Math.max(10, state.seen / 10), HOUR / MINUTE);
  const split = valley(state.levels);
  const running = middle(state.levels, split ?? 0);
  const both = state.resting >= LEARN_AT_LEAST && state.levels.total >= LEARN_AT_LEAST;
  state.known ||= split !== null || both || state.seen >= ONE_LEVEL;
  if (given.off === undefined && running !== null) state.off = Math.max(floor, running * OFF_SHARE);
  // A level as low as "off" is no idling: it is what a switched-off machine still draws.
  if (given.idle === undefined) state.idle = split !== null && split > state.off * 1.2 ? split : null;
}

/** The state that this value alone would mean; the present one is left with some reluctance. */
function stateAt({ known, off, idle, candidate }: LearnedState, value: number): MachineState {
  if (!known) return "unknown";
  const reluctant = (limit: number, above: boolean) => limit * (above ? 1 - HYSTERESIS : 1 + HYSTERESIS);
  if (value <= reluctant(off, candidate !== "off")) return "off";
  if (idle !== null && value <= reluctant(idle, candidate === "running")) return "idle";
  return "running";
}

function propose(state: LearnedState, seen: MachineState, steady: SteadyMs, dwell: Ms): void {
  if (seen !== state.candidate) {
    state.candidate = seen;
    state.candidateSince = steady;
    if (seen !== state.state && state.state !== "unknown") enter(state, "transient", steady);
  }
  if (state.candidate === state.state) return;
  if (steady - state.candidateSince >= dwell) enter(state, state.candidate, steady);
}

function enter(state: LearnedState, next: MachineState, steady: SteadyMs): void {
  if (state.state === next) return;
  state.state = next;
  state.since = steady;
}
