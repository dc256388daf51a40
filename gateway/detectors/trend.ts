import { z } from "zod";
import type { Detector, Finding, Forecast, Step } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Machine, Point } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { DAY, type EpochMs, epochMs, type Ms } from "../core/time.ts";
import { type DetectorContext, defineDetector } from "../plugin.ts";
import { duration } from "./lib/options.ts";
import {
  due,
  judge,
  learned,
  learning,
  newTrendState,
  observe,
  type Rule,
  type TrendState,
  type Verdict,
} from "./lib/rul-course.ts";
import { trendText } from "./lib/rul-wording.ts";

/**
 * Time to limit: notices that a level leaves its own baseline for good, and says when it will reach its limit. It lies
 * where wear jumps instead of growing (half of all bearings): then the warning comes with the jump and without a date.
 * Readings count only while the machine runs, so time to the limit is first time of use, then calendar time at the
 * pace of use seen lately.
 */
const options = z.strictObject({
  /** The value not to be reached; `times` × baseline where it is left out. */
  limit: z.number().optional(),
  times: z.number().gt(1).default(5),
  direction: z.enum(["up", "down"]).default("up"),
  /** `log` for what grows by a share of itself (vibration), `linear` for the rest; by the unit and the baseline if left out. */
  scale: z.enum(["log", "linear"]).optional(),
  /**
   * How long the machine must have run before anything is said; at the least 40 readings. Without this and without a limit
   * nobody is called below three times the usual.
   */
  learn: duration.optional(),
  /** The part that wears, for the card: `bearing`, `filter`, `belt`. */
  part: z.string().optional(),
});

type Options = z.output<typeof options>;

export default defineDetector<Options>({
  options,
  about: "point",
  vote: 1,
  design: {
    class: "alarm",
    priority: "medium",
    // Persistence is part of the detection: what arrives here has lasted.
    delay: { on: 0, off: 0 },
    cause: {
      fr: "Une valeur s'éloigne durablement de son niveau habituel.",
      en: "A value is leaving its usual level for good.",
    },
    consequence: {
      fr: "La limite sera atteinte si rien ne change.",
      en: "The limit will be reached if nothing changes.",
    },
    action: {
      fr: "Planifier le contrôle de la pièce avant la date.",
      en: "Plan a check of the part before that date.",
    },
  },
  byDefault,
  create(given, { point, site }): Detector<TrendState> {
    if (!point) throw new Error("trend: needs a point");
    const rule: Rule = {
      limit: given.limit,
      times: given.times,
      sign: given.direction === "down" ? -1 : 1,
      scale: given.scale ?? (unitsOfVibration.has(point.signal.unit) ? "log" : undefined),
      learn: given.learn ?? 0,
      most: given.limit === undefined && KNOCKS.test(point.signal.name) ? "watch" : "alert",
    };
    const part = given.part ?? partOf(point);
    return {
      inputs: [point.id],
      initial: newTrendState(),
      learning: (state) => learning(state, rule, point.signal.every),
      step(state, entry, around) {
        const value = entry.item.point === point.id ? numberOf(entry.item) : null;
        if (value === null || (around.state !== "running" && around.state !== "unknown")) return { state };
        if (!observe(state, value, entry.steady, rule)) return { state };
        if (!learned(state, rule) || !due(state)) return { state };
        const verdict = judge(state, rule);
        return news(state, verdict, entry, { point, part, timezone: site.timezone, falling: rule.sign < 0 });
      },
    };
  },
});

const unitsOfVibration: ReadonlySet<string> = new Set(["mm/s", "[g]", "m/s2"]);
const unitsOfPressure: ReadonlySet<string> = new Set(["Pa", "hPa", "kPa", "mbar", "bar"]);
/** Measures of single knocks. Those come and go for minutes in a bearing that lives on: a hint, but nobody is called. */
const KNOCKS = /(^|_)(peak|crest|kurt(osis)?)(_|$)/;
const FILTER = /filt|clog|colmat|dp_|_dp|delta_p/;

/** Vibration with the C/D limit of its machine's class, and the pressure across a filter. Other points need a limit to be given. */
function byDefault({ point, machine }: DetectorContext): Options | undefined {
  if (point?.signal.kind !== "gauge") return undefined;
  const { unit, name } = point.signal;
  const common = { times: 5, direction: "up", learn: DAY } as const;
  if (unit === "mm/s") return { ...common, limit: severe[machine.class ?? "II"] };
  if (unitsOfVibration.has(unit)) return common;
  if (unitsOfPressure.has(unit) && FILTER.test(name)) return { ...common, scale: "linear", part: "filter" };
  return undefined;
}

/** Velocity r.m.s. between zones C and D by machine class, mm/s (guidance for small machines, ISO 10816-1 annex). */
const severe: Readonly<Record<NonNullable<Machine["class"]>, number>> = { I: 4.5, II: 7.1, III: 11.2, IV: 18 };

function partOf(point: Point): string | undefined {
  if (unitsOfVibration.has(point.signal.unit)) return "bearing";
  return FILTER.test(point.signal.name) ? "filter" : undefined;
}

interface About {
  point: Point;
  part: string | undefined;
  timezone: string;
  falling: boolean;
}

/** A finding where something changed: the level, or the date by more than a seventh of what is left. */
function news(state: TrendState, verdict: Verdict, entry: Entry<Reading>, about: About): Step<TrendState> {
  const now = entry.item.t;
  const calendar = (runTime: Ms) => epochMs(Math.round(now + Math.min(runTime * verdict.calendar, 20 * 365 * DAY)));
  const { remaining } = verdict;
  const forecast: Forecast | null | undefined = remaining && {
    at: calendar(remaining.at),
    low: calendar(remaining.low),
    high: calendar(remaining.high),
  };
  const before = state.said;
  const same = before.level === verdict.level && !moved(before.at, forecast?.at ?? null, now);
  if (same) return { state };
  state.said = { level: verdict.level, at: forecast?.at ?? null };
  return { state, finding: finding(verdict, forecast, entry, about) };
}

function moved(before: number | null, at: EpochMs | null, now: EpochMs): boolean {
  if (before === null || at === null) return before !== at;
  return Math.abs(at - before) > 0.15 * Math.max(at - now, 1);
}

function finding(
  verdict: Verdict,
  forecast: Forecast | null | undefined,
  entry: Entry<Reading>,
  about: About,
): Finding {
  const { point, part, timezone, falling } = about;
  const now = entry.item.t;
  const onset = epochMs(Math.round(now - Math.max(0, entry.steady - verdict.onset)));
  const { value, usual, limit } = verdict;
  return {
    active: verdict.level !== null,
    level: verdict.level ?? "watch",
    score: verdict.score,
    text: trendText({
      active: verdict.level !== null,
      point,
      timezone,
      now,
      value,
      usual,
      onset,
      limit,
      forecast,
      falling,
    }),
    point: point.id,
    value,
    ...(limit !== undefined && { limit }),
    ...(part !== undefined && { part }),
    onset,
    ...(verdict.level !== null && forecast !== undefined && { forecast }),
  };
}
