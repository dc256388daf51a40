import { z } from "zod";
import type { Burst } from "../core/burst.ts";
import type { Detector, Finding, Level, Step } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import { type Point, type PointId, pointId } from "../core/point.ts";
import { numberOf } from "../core/reading.ts";
import { reason, sameText } from "../core/text.ts";
import type { EpochMs } from "../core/time.ts";
import { type DetectorContext, defineDetector } from "../plugin.ts";
import { type Band, LEARN, learn, octaves, type Rise, rises } from "./lib/bearing-bands.ts";
import { envelopeSpectrum } from "./lib/bearing-envelope.ts";
import { type BearingPart, namedPart, type PartScore, partScores } from "./lib/bearing-parts.ts";
import { type BearingOrders, ordersFor } from "./lib/bearing-table.ts";
import { bearingText } from "./lib/bearing-wording.ts";
import { median } from "./lib/kalman.ts";
import { featuresOf } from "./lib/spectrum.ts";

/**
 * Raw vibration of one sensor: octave bands against their own baselines, and, where bearing and shaft speed are known,
 * which part of the bearing knocks. It is deaf to what the sensor cannot carry: below 5 kHz of sampling there is no
 * envelope and no part, only bands. Clipped bursts and bursts of a machine that does not run are passed over.
 */
const options = z.strictObject({
  /** Designation (`6205-2RS`) or `balls,ball mm,pitch mm[,angle]`. */
  bearing: z
    .string()
    .refine(
      (written) => ordersFor(written) !== undefined,
      reason({
        fr: "roulement inconnu : donnez `billes,bille mm,primitif mm[,angle]`",
        en: "unknown bearing: give `balls,ball mm,pitch mm[,angle]`",
      }),
    )
    .optional(),
  /** Bursts from which the usual is learned. */
  learn: z.int().min(5).max(1_000).default(LEARN),
  /** Shaft speed where neither the burst nor a point of the machine tells it. */
  rpm: z.number().positive().optional(),
});

type Options = z.output<typeof options>;

/** What one burst showed, kept for the last few. */
interface Look {
  rise: Rise | null;
  scores: PartScore[];
}

interface State {
  bands: Band[];
  count: number;
  looks: Look[];
  /** Turns per second that a point of the machine last told. */
  shaft: number | null;
  /** Strength of the parts while the bands were learned, at most. */
  usual: Partial<Record<BearingPart, number>>;
  level: Level | null;
  part: BearingPart | null;
  onset: EpochMs | null;
}

const RECENT = 5;
const OF_RECENT = 3;
/** Fourfold amplitude: an alert even where no part can be named. */
const SEVERE = 12;
/** A named part that knocks e times stronger than while the machine was learned. */
const GROWN = 1;
/** Below this the housing's ringing is not in the signal. */
const LEAST_RATE = 5_000;
const LEAST_TURNS = 20;
/** Bearings speak above, imbalance and looseness below. */
const BEARINGS_FROM = 500;

export default defineDetector<Options>({
  options,
  about: "point",
  vote: 1,
  design: { class: "alarm", priority: "medium" },
  byDefault,
  create({ bearing, rpm, learn: needed }, context): Detector<State> {
    const { point } = context;
    if (!point) throw new Error("bearing: needs a point");
    const orders = bearing === undefined ? undefined : ordersFor(bearing);
    const speed = context.points.find(({ signal }) => signal.unit === "/min")?.id;
    const about: About = { point, orders, rpm, needed };
    return {
      inputs: [burstOf(point), ...(speed ? [speed] : [])],
      initial: { bands: [], count: 0, looks: [], shaft: null, usual: {}, level: null, part: null, onset: null },
      learning: ({ count }) =>
        count < needed ? { seen: count * point.signal.every, needed: needed * point.signal.every } : null,
      step(state, entry) {
        const value = entry.item.point === speed ? numberOf(entry.item) : null;
        if (value !== null) state.shaft = value > 0 ? value / 60 : null;
        return { state };
      },
      burst(state, entry, { state: doing }) {
        if (entry.item.clipped || (doing !== "running" && doing !== "unknown")) return { state };
        return look(state, entry, about);
      },
    };
  },
});

interface About {
  point: Point;
  orders: BearingOrders | undefined;
  rpm: number | undefined;
  /** Bursts to learn from. */
  needed: number;
}

/** The points made of a burst carry its name and `_rms` and so on; the rule is about the first of them. */
function burstOf({ machine, signal }: Point): PointId {
  return pointId(machine, signal.name.replace(/_rms$/, ""));
}

/** Every sensor that sends bursts, with the bearing whose part its name mentions, or the machine's only one. */
function byDefault({ point, machine }: DetectorContext): Options | undefined {
  if (point?.made !== "burst" || !point.signal.name.endsWith("_rms")) return undefined;
  const bearings = Object.entries(machine.bearings ?? {});
  const named =
    bearings.find(([part]) => point.signal.name.includes(part)) ?? (bearings.length === 1 ? bearings[0] : undefined);
  const written = named?.[1];
  return { learn: LEARN, ...(written !== undefined && ordersFor(written) && { bearing: written }) };
}

function look(state: State, entry: Entry<Burst>, about: About): Step<State> {
  const { samples, rate } = entry.item;
  const shaft = entry.item.shaft ?? state.shaft ?? (about.rpm === undefined ? null : about.rpm / 60);
  const levels = octaves(featuresOf(samples, rate).bands);
  const scores = scoresOf(entry.item, shaft, about.orders);
  if (state.count < about.needed) {
    state.bands = learn(state.bands, levels, state.count++);
    for (const { part, strength } of scores) state.usual[part] = Math.max(state.usual[part] ?? 0, strength);
    return { state };
  }
  const [rise = null] = rises(state.bands, levels, rate, samples.length / rate);
  state.looks.push({ rise, scores });
  if (state.looks.length > RECENT) state.looks.shift();
  const seen = judge(state);
  if (seen.level === null && !rise) state.bands = learn(state.bands, levels, state.count++);
  return news(state, seen, entry.item, shaft, about);
}

function scoresOf({ samples, rate }: Burst, shaft: number | null, orders: BearingOrders | undefined): PartScore[] {
  if (shaft === null || !orders || rate < LEAST_RATE || (samples.length / rate) * shaft < LEAST_TURNS) return [];
  return partScores(envelopeSpectrum(samples, rate, shaft), shaft, orders);
}

interface Seen {
  level: Level | null;
  rise: Rise | undefined;
  score: PartScore | undefined;
}

/** Three of the last five bursts for bands, the middle of five for parts. */
function judge({ looks, usual, level }: State): Seen {
  const risen = looks.flatMap(({ rise }) => (rise ? [rise] : []));
  const lasting = risen.length >= OF_RECENT ? strongest(risen) : undefined;
  const scores = looks.length < RECENT ? [] : middleScores(looks);
  const part = namedPart(scores);
  const score = scores.find((one) => one.part === part);
  const grown = score && score.strength - (usual[score.part] ?? 0) >= GROWN;
  if (score && (grown || lasting)) return { level: "alert", rise: lasting, score };
  if (lasting && lasting.decibels >= SEVERE && lasting.low >= BEARINGS_FROM)
    return { level: "alert", rise: lasting, score };
  if (lasting || score) return { level: level === "alert" ? "alert" : "watch", rise: lasting, score };
  return { level: null, rise: undefined, score: undefined };
}

const strongest = (all: readonly Rise[]): Rise | undefined =>
  [...all].sort((a, b) => b.decibels - a.decibels)[all.length >> 1];

function middleScores(looks: readonly Look[]): PartScore[] {
  const parts = new Map<BearingPart, PartScore[]>();
  for (const { scores } of looks)
    for (const score of scores) parts.set(score.part, [...(parts.get(score.part) ?? []), score]);
  return [...parts]
    .filter(([, all]) => all.length >= OF_RECENT)
    .map(([part, all]) => ({
      part,
      strength: median(all.map(({ strength }) => strength)),
      above: median(all.map(({ above }) => above)),
    }))
    .sort((a, b) => b.above - a.above);
}

function news(state: State, seen: Seen, burst: Burst, shaft: number | null, { point, orders }: About): Step<State> {
  const part = seen.score?.part ?? null;
  if (seen.level === state.level && part === state.part) return { state };
  state.onset = seen.level === null ? null : (state.onset ?? burst.t);
  Object.assign(state, { level: seen.level, part });
  const rates = orders && { outer: orders.outer, inner: orders.inner, ball: 2 * orders.ball, cage: orders.cage };
  const finding: Finding = {
    active: seen.level !== null,
    level: seen.level ?? "watch",
    score: scoreOf(seen),
    text: bearingText({
      name: sameText(
        burstOf(point)
          .slice(point.machine.length + 1)
          .replaceAll("_", " "),
      ),
      rise: seen.rise,
      part: part ?? undefined,
      hz: part && rates && shaft ? rates[part] * shaft : undefined,
      times: seen.score && Math.exp(seen.score.strength),
    }),
    point: point.id,
    ...(seen.level !== null && { part: part || (seen.rise?.low ?? 0) >= BEARINGS_FROM ? "bearing" : "balance" }),
    ...(state.onset !== null && { onset: state.onset }),
  };
  return { state, finding };
}

const scoreOf = ({ rise, score }: Seen): number => 1 - (score ? 0.1 : 1) * (rise ? Math.exp(-rise.decibels / 12) : 1);
