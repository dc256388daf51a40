import { z } from "zod";
import type { Detector, Finding, Level, Step } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import type { Machine, Point } from "../core/point.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { type Language, reason } from "../core/text.ts";
import { DAY, type Ms } from "../core/time.ts";
import { defineDetector } from "../plugin.ts";
import { median } from "./lib/kalman.ts";
import { duration } from "./lib/options.ts";
import { amount, nameOfPoint, text } from "./lib/wording.ts";

/**
 * Vibration velocity (r.m.s., mm/s) in the zones A to D of its machine's class: C is watched, D is an alert, and a lasting
 * change by more than a quarter of the B/C limit is worth a look inside any zone. Zones do not see early bearing faults
 * (their energy lies above 1 kHz), and an old machine may live in D for years: one that was learned there is alerted
 * only when it grows.
 */
const options = z.strictObject({
  class: z.enum(["I", "II", "III", "IV"]).optional(),
  /** Limits A/B, B/C, C/D in mm/s where the class does not fit. */
  zones: z
    .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
    .refine(
      ([ab, bc, cd]) => ab < bc && bc < cd,
      reason({ fr: "les limites doivent aller en montant", en: "limits must rise" }),
    )
    .optional(),
  /** How long the machine must have run before a change is judged; at the least 60 readings. */
  learn: duration.default(DAY),
});

type Options = z.output<typeof options>;
const ORDER = ["A", "B", "C", "D"] as const;
type Zone = (typeof ORDER)[number];

interface State {
  recent: number[];
  count: number;
  run: Ms;
  last: number | null;
  /** Follows the level within about 64 readings. */
  smooth: number;
  /** Mean while it was learned, then very slow; null until learned. */
  usual: number | null;
  zone: Zone;
  changed: boolean;
  level: Level | null;
}

/** Guidance for small machines by class (ISO 10816-1 annex): limits A/B, B/C, C/D in mm/s. */
const ZONES: Readonly<Record<NonNullable<Machine["class"]>, readonly [number, number, number]>> = {
  I: [0.71, 1.8, 4.5],
  II: [1.12, 2.8, 7.1],
  III: [1.8, 4.5, 11.2],
  IV: [2.8, 7.1, 18],
};

/** A change by this share of the B/C limit is significant. */
const CHANGE = 0.25;
/** A zone is left only this far below its limit. */
const BACK = 0.9;
const LEAST = 60;
const SMOOTH = 1 / 64;
const SLOW = 1 / 20_000;
/** A pause longer than this, or than three planned readings, is no running time. */
const PAUSE = 60_000;

export default defineDetector<Options>({
  options,
  about: "point",
  vote: 1,
  design: {
    class: "alarm",
    priority: "medium",
    delay: { on: 30_000, off: 60_000 },
    action: { fr: "Contrôler fixation, équilibrage et roulements.", en: "Check mounting, balance and bearings." },
  },
  byDefault: ({ point }) =>
    point?.signal.unit === "mm/s" && point.signal.kind === "gauge" ? { learn: DAY } : undefined,
  create(given, { point, machine }): Detector<State> {
    if (!point) throw new Error("iso-vibration: needs a point");
    const pause = Math.max(PAUSE, 3 * point.signal.every);
    const zones = given.zones ?? ZONES[given.class ?? machine.class ?? "II"];
    const initial: State = {
      recent: [],
      count: 0,
      run: 0,
      last: null,
      smooth: 0,
      usual: null,
      zone: "A",
      changed: false,
      level: null,
    };
    return {
      inputs: [point.id],
      initial,
      learning: ({ usual, run }) => (usual === null ? { seen: Math.min(run, given.learn), needed: given.learn } : null),
      step(state, entry, { state: doing }) {
        const value = entry.item.point === point.id ? numberOf(entry.item) : null;
        if (value === null || value < 0 || (doing !== "running" && doing !== "unknown")) return { state };
        take(state, value, entry, { learn: given.learn, pause, zones });
        return news(state, zones, point);
      },
    };
  },
});

type Limits = readonly [number, number, number];

interface Pace {
  learn: Ms;
  pause: Ms;
  zones: Limits;
}

function take(state: State, value: number, entry: Entry<Reading>, { learn, pause, zones }: Pace): void {
  state.recent.push(value);
  if (state.recent.length > 9) state.recent.shift();
  const now = median(state.recent);
  state.run += state.last === null ? 0 : Math.min(pause, Math.max(0, entry.steady - state.last));
  state.last = entry.steady;
  state.count++;
  state.smooth += (now - state.smooth) * Math.max(SMOOTH, 1 / state.count);
  if (state.count > 3) state.zone = zoneOf(now, state.zone, zones);
  if (state.usual === null) {
    if (state.count >= LEAST && state.run >= learn) state.usual = state.smooth;
    return;
  }
  const off = state.smooth - state.usual;
  const least = CHANGE * zones[1];
  state.changed = state.changed ? Math.abs(off) > BACK * least : Math.abs(off) > least;
  // What has changed is not learned: else the change would become the usual.
  if (!state.changed) state.usual += SLOW * off;
}

/** Up as soon as a limit is reached, down only well below it. */
function zoneOf(value: number, before: Zone, limits: Limits): Zone {
  const reached = limits.filter((limit) => value >= limit).length;
  const held = limits.filter((limit) => value >= BACK * limit).length;
  return ORDER[Math.max(reached, Math.min(held, ORDER.indexOf(before)))] ?? "D";
}

function news(state: State, zones: Limits, point: Point): Step<State> {
  const { zone, changed, usual } = state;
  const grown = usual === null || (changed && state.smooth > usual);
  const livesThere = usual !== null && usual >= zones[2];
  const level =
    zone === "D" && (grown || !livesThere) ? "alert" : zone === "D" || zone === "C" || changed ? "watch" : null;
  if (level === state.level) return { state };
  state.level = level;
  const limit = zone === "D" ? zones[2] : zone === "C" ? zones[1] : undefined;
  const finding: Finding = {
    active: level !== null,
    level: level ?? "watch",
    score: level === null ? 0 : zone === "D" ? 1 : 0.7,
    text: text((l) => words(state, limit, point, l)),
    point: point.id,
    value: median(state.recent),
    ...(limit !== undefined && { limit }),
    ...(level !== null && { part: "balance" }),
  };
  return { state, finding };
}

function words(
  { zone, recent, smooth, usual, changed }: State,
  limit: number | undefined,
  point: Point,
  l: Language,
): string {
  const { unit } = point.signal;
  const colon = l === "fr" ? " :" : ":";
  // A zone is told by the level now, a change by the level that has lasted.
  const shown = changed && limit === undefined ? smooth : median(recent);
  const level = `${nameOfPoint(point)[l]}${colon} ${amount(shown, unit, l)}, zone ${zone}`;
  const from = limit === undefined ? "" : ` (${l === "fr" ? "à partir de" : "from"} ${amount(limit, unit, l)})`;
  const against =
    changed && usual !== null
      ? `, ${l === "fr" ? "contre" : "against"} ${amount(usual, unit, l)} ${l === "fr" ? "d'habitude" : "usually"}`
      : "";
  return `${level}${from}${against}.`;
}
