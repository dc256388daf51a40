import { z } from "zod";
import type { Detector, Finding, MachineState } from "../core/detector.ts";
import type { Point } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { reason } from "../core/text.ts";
import { defineDetector } from "../plugin.ts";
import { level, namedState } from "./lib/options.ts";
import { amount, nameOfPoint, text, whileIn } from "./lib/wording.ts";

/**
 * A value above or below what a person has declared. Catches what is known to be dangerous; knows nothing of what is
 * usual. `states` gives other limits to a state of the machine, and a transition then changes nothing unless it is
 * listed. A bad reading neither raises nor clears: it says nothing about the value.
 */
const bounds = { low: z.number().optional(), high: z.number().optional() };
const inOrder = ({ low, high }: Limits) => low === undefined || high === undefined || low < high;
const IN_ORDER = reason({ fr: "low doit être en dessous de high", en: "low must be below high" });
const limits = z.strictObject(bounds).refine(inOrder, IN_ORDER);

const options = z
  .strictObject({
    ...bounds,
    /** How far back inside the limit a value must come before the finding ends. */
    deadband: z.number().nonnegative().optional(),
    states: z.partialRecord(namedState, limits).optional(),
    level: level.default("alert"),
  })
  .refine(inOrder, IN_ORDER)
  .refine(
    (o) => [o, ...Object.values(o.states ?? {})].some(({ low, high }) => low !== undefined || high !== undefined),
    reason({ fr: "donnez au moins low ou high", en: "give at least one of low and high" }),
  );

interface Limits {
  low?: number | undefined;
  high?: number | undefined;
}

type Options = z.output<typeof options>;

interface State {
  /** The side that is crossed, and the limit it crossed. */
  crossed: { side: "low" | "high"; limit: number } | null;
}

export default defineDetector<Options>({
  options,
  about: "point",
  create(given, { point }): Detector<State> {
    if (!point) throw new Error("limit: needs a point");
    const usual = { low: given.low, high: given.high };
    return {
      inputs: [point.id],
      initial: { crossed: null },
      step(state, { item }, { state: doing }) {
        const value = item.point === point.id ? numberOf(item) : null;
        const now = value === null ? undefined : limitsIn(given.states, usual, doing);
        if (value === null || !now) return { state };
        const crossed = crossing(value, now, state.crossed, point, given.deadband);
        if (crossed?.side === state.crossed?.side && crossed?.limit === state.crossed?.limit) return { state };
        const finding = crossed
          ? found(point, value, crossed, given, doing, item.quality === "good" ? 1 : 0.5)
          : cleared(point, value, given.level);
        return { state: { crossed }, finding };
      },
    };
  },
});

/** The limits that hold in this state of the machine; undefined where nothing may change. */
function limitsIn(states: Options["states"], usual: Limits, doing: MachineState): Limits | undefined {
  const own = doing === "unknown" ? undefined : states?.[doing];
  if (own) return own;
  return states && doing === "transient" ? undefined : usual;
}

/**
 * One per cent of the measuring range, but never more than a fifth of the limit: a meter that can show ±5 MW would hold an
 * alarm at 3 kW for ever. Two per cent of the limit where the range is unknown.
 */
function usualDeadband({ signal: { range } }: Point, limit: number): number {
  const size = Math.abs(limit);
  return range ? Math.min((range[1] - range[0]) / 100, size / 5) : size * 0.02;
}

/** On its way back a value must pass the limit by the dead band. 10,000 readings a second come here: nothing is made for those within. */
function crossing(
  value: number,
  { low, high }: Limits,
  before: State["crossed"],
  point: Point,
  given: number | undefined,
): State["crossed"] {
  const back = (limit: number) => given ?? usualDeadband(point, limit);
  const side = before?.side;
  if (high !== undefined && value > (side === "high" ? high - back(high) : high)) return { side: "high", limit: high };
  if (low !== undefined && value < (side === "low" ? low + back(low) : low)) return { side: "low", limit: low };
  return null;
}

function found(
  point: Point,
  value: number,
  { side, limit }: NonNullable<State["crossed"]>,
  { level, states }: Options,
  doing: MachineState,
  score: number,
): Finding {
  const { unit } = point.signal;
  const beyond = { high: { fr: "au-dessus de", en: "above" }, low: { fr: "en dessous de", en: "below" } }[side];
  return {
    active: true,
    level,
    score,
    point: point.id,
    value,
    limit,
    text: text((l) => {
      const where = states && doing !== "unknown" ? `, ${whileIn[doing][l]}` : "";
      return `${nameOfPoint(point)[l]} ${amount(value, unit, l)}, ${beyond[l]} ${amount(limit, unit, l)}${where}`;
    }),
  };
}

const cleared = (point: Point, value: number, level: Options["level"]): Finding => ({
  active: false,
  level,
  score: 0,
  point: point.id,
  value,
  text: text((l) => {
    const back = { fr: "de nouveau dans les limites", en: "back within limits" }[l];
    return `${nameOfPoint(point)[l]} ${amount(value, point.signal.unit, l)}, ${back}`;
  }),
});
