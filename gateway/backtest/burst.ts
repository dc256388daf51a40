import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Burst } from "../core/burst.ts";
import type { Finding } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import { type Point, pointId } from "../core/point.ts";
import { Told } from "../core/text.ts";
import { epochMs, steadyMs } from "../core/time.ts";
import bearing from "../detectors/bearing.ts";
import { envelopeSpectrum } from "../detectors/lib/bearing-envelope.ts";
import {
  type BearingPart,
  likeliestPart,
  namedPart,
  type PartScore,
  partScores,
} from "../detectors/lib/bearing-parts.ts";
import { type BearingOrders, designations, ordersFor } from "../detectors/lib/bearing-table.ts";
import { featuresOf } from "../detectors/lib/spectrum.ts";

/** Files of raw vibration, as `vigie backtest --burst` names them. */
export interface BurstJob {
  /** A file, or a folder whose `.f32` and `.i16` files are taken in order of their names. */
  source: string;
  /** Samples per second. */
  rate: number;
  rpm?: number;
  /** Designation, or `balls,ball mm,pitch mm[,angle]`. */
  bearing?: string;
  /** By the extension where left out: `.i16` is int16, all else float32; both little-endian. */
  format?: "f32" | "i16";
  /** g per unit of the file. */
  scale?: number;
  /** Samples per burst; the whole file is one where left out. */
  samples?: number;
  /** Channels that take turns within a file. */
  axes?: number;
}

/** What one burst (or, where `burst` is missing, one file as a whole) amounts to. */
export interface BurstLine {
  file: string;
  burst?: number;
  axis?: number;
  rms: number;
  peak: number;
  crest: number;
  kurtosis: number;
  velocity?: number;
  high?: number;
  /** How far each part stands above chance, in spreads of rates at which nothing of the bearing knocks. */
  scores?: Partial<Record<BearingPart, number>>;
  /** The part, or `unknown` where it cannot be told for sure; missing without bearing or shaft speed. */
  part?: BearingPart | "unknown";
  /** The likeliest part, however unsure. */
  likeliest?: BearingPart;
  /** Why no part was looked for. */
  why?: string;
  /** What the rule `bearing` would have said at this burst, had the bursts of this file come one after the other. */
  finding?: Pick<Finding, "active" | "level" | "text">;
}

/** Analyses bursts one after the other; nothing is kept between them but a file's scores. */
export async function* analyseBursts(job: BurstJob): AsyncIterable<BurstLine> {
  const orders = job.bearing === undefined ? undefined : ordersFor(job.bearing);
  if (job.bearing !== undefined && !orders) {
    const known = designations().join(" ");
    throw new Told({
      fr: `--bearing ${job.bearing} : inconnu. Donnez billes,bille mm,primitif mm[,angle], ou l'un de ${known}`,
      en: `--bearing ${job.bearing}: unknown. Give balls,ball mm,pitch mm[,angle], or one of ${known}`,
    });
  }
  for (const path of await filesOf(job.source)) {
    const bursts = cut(await samplesOf(path, job), job);
    const watches = new Map<number, (samples: Float32Array, burst: number) => Finding | undefined>();
    const lines = bursts.map(({ samples, burst, axis }) => {
      const watch = watches.get(axis) ?? watchOf(job, axis);
      watches.set(axis, watch);
      const finding = bursts.length > 1 ? watch(samples, burst) : undefined;
      return {
        ...lineOf(path, samples, job, orders),
        ...(bursts.length > 1 && { burst, axis }),
        ...(finding && { finding: { active: finding.active, level: finding.level, text: finding.text } }),
      };
    });
    yield* lines.map(({ parts: _, ...line }) => line);
    if (bursts.length > 1) yield summary(path, lines);
  }
}

/** One line for the terminal. */
export function burstTable(line: BurstLine): string {
  const scores = Object.entries(line.scores ?? {}).map(([part, score]) => `${part} ${score.toFixed(1)}`);
  return [
    line.burst === undefined ? line.file : `${line.file} #${line.burst}.${line.axis}`,
    `rms ${line.rms.toPrecision(3)} g`,
    `crest ${line.crest.toFixed(1)}`,
    `kurtosis ${line.kurtosis.toFixed(1)}`,
    ...(line.velocity === undefined ? [] : [`${line.velocity.toPrecision(3)} mm/s`]),
    ...scores,
    ...(line.part === undefined ? [] : [`→ ${line.part}`]),
    ...(line.why === undefined ? [] : [`(${line.why})`]),
    ...(line.finding === undefined
      ? []
      : [`! ${line.finding.active ? line.finding.level : "over"}: ${line.finding.text.en}`]),
  ].join("  ");
}

/** The rule `bearing` on one channel of a file. Nothing is known of the time between bursts: it does not ask. */
function watchOf({ rate, rpm, bearing: written }: BurstJob, axis: number) {
  const point: Point = {
    id: pointId("file", `axis_${axis}_rms`),
    machine: "file",
    signal: { name: `axis_${axis}_rms`, unit: "[g]", kind: "gauge", every: 1_000 },
    driver: "file",
    device: "burst",
    made: "burst",
  };
  const given = { ...(written !== undefined && { bearing: written }), ...(rpm !== undefined && { rpm }) };
  const detector = bearing.create(bearing.options.parse(given), {
    id: "bearing",
    site: { id: "backtest", name: "Backtest", timezone: "UTC", language: "en" },
    machine: { id: "file", name: { fr: "Fichier", en: "File" } },
    point,
    points: [point],
  });
  let state = structuredClone(detector.initial);
  return (samples: Float32Array, burst: number): Finding | undefined => {
    const item: Burst = { point: `file/axis_${axis}`, t: epochMs(burst * 1_000), rate, samples, clipped: false };
    const entry: Entry<Burst> = { seq: burst + 1, boot: 1, steady: steadyMs(burst * 1_000), tq: "synced", item };
    const step = detector.burst?.(state, entry, { state: "unknown", since: steadyMs(0) });
    state = step?.state;
    return step?.finding;
  };
}

const KNOWN = new Set([".f32", ".i16", ".bin"]);

async function filesOf(source: string): Promise<string[]> {
  if (!(await stat(source)).isDirectory()) return [source];
  const names = (await readdir(source)).filter((name) => KNOWN.has(extname(name))).sort();
  if (names.length === 0)
    throw new Told({
      fr: `${source} : pas de fichier .f32, .i16 ou .bin dans ce dossier`,
      en: `${source}: no .f32, .i16 or .bin files in this folder`,
    });
  return names.map((name) => join(source, name));
}

async function samplesOf(path: string, { format, scale = 1 }: BurstJob): Promise<Float32Array> {
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = (format ?? (extname(path) === ".i16" ? "i16" : "f32")) === "i16";
  const [width, kind] = short ? [2, "int16"] : [4, "float32"];
  if (bytes.byteLength === 0 || bytes.byteLength % width !== 0)
    throw new Told({
      fr: `${path} : ${bytes.byteLength} octets ne font pas un nombre entier d'échantillons ${kind}`,
      en: `${path}: ${bytes.byteLength} bytes are no whole number of ${kind} samples`,
    });
  const samples = new Float32Array(bytes.byteLength / width);
  for (let i = 0; i < samples.length; i++) {
    samples[i] = scale * (short ? view.getInt16(2 * i, true) : view.getFloat32(4 * i, true));
  }
  if (samples.some((sample) => !Number.isFinite(sample)))
    throw new Told({
      fr: `${path} : pas des échantillons ${kind} petit-boutistes`,
      en: `${path}: not ${kind} little-endian samples`,
    });
  return samples;
}

interface Piece {
  samples: Float32Array;
  burst: number;
  axis: number;
}

/** Samples of channels take turns; a burst is so many of each. A rest shorter than a burst is left out. */
function cut(all: Float32Array, { samples, axes = 1 }: BurstJob): Piece[] {
  const length = samples ?? Math.floor(all.length / axes);
  const pieces: Piece[] = [];
  for (let burst = 0; (burst + 1) * length * axes <= all.length; burst++) {
    for (let axis = 0; axis < axes; axis++) {
      const start = burst * length * axes + axis;
      pieces.push({ burst, axis, samples: Float32Array.from({ length }, (_, i) => all[start + i * axes] ?? 0) });
    }
  }
  return pieces;
}

function lineOf(path: string, samples: Float32Array, { rate, rpm }: BurstJob, orders: BearingOrders | undefined) {
  const { rms, peak, crest, kurtosis, velocity, high } = featuresOf(samples, rate);
  const base = {
    file: basename(path),
    ...{ rms, peak, crest, kurtosis },
    ...(velocity !== undefined && { velocity }),
    ...(high !== undefined && { high }),
  };
  if (!orders || rpm === undefined) return { ...base, parts: [] };
  const why = deaf(samples.length, rate, rpm / 60);
  if (why !== undefined) return { ...base, parts: [], why };
  const parts = partScores(envelopeSpectrum(samples, rate, rpm / 60), rpm / 60, orders);
  return { ...base, parts, ...verdict(parts) };
}

function deaf(length: number, rate: number, shaft: number): string | undefined {
  if (rate < 5_000) return "sampled too slowly to hear a bearing's housing ring";
  if ((length / rate) * shaft < 20) return "fewer than 20 turns of the shaft in a burst: no part can be told";
  return undefined;
}

function verdict(parts: readonly PartScore[]) {
  const likeliest = likeliestPart(parts);
  return {
    scores: Object.fromEntries(parts.map(({ part, above }) => [part, Math.round(above * 100) / 100])),
    part: namedPart(parts) ?? ("unknown" as const),
    ...(likeliest && { likeliest }),
  };
}

/** The file as a whole: the middle of its bursts. */
function summary(path: string, lines: readonly (BurstLine & { parts: PartScore[] })[]): BurstLine {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const of = (key: "rms" | "peak" | "crest" | "kurtosis") => middle(lines.map((line) => line[key]));
  const names = new Set(lines.flatMap(({ parts }) => parts.map(({ part }) => part)));
  const parts = [...names]
    .map((part): PartScore => {
      const all = lines.flatMap((line) => line.parts.filter((score) => score.part === part));
      return { part, strength: middle(all.map((s) => s.strength)), above: middle(all.map((s) => s.above)) };
    })
    .sort((a, b) => b.above - a.above);
  return {
    file: basename(path),
    ...{ rms: of("rms"), peak: of("peak"), crest: of("crest"), kurtosis: of("kurtosis") },
    ...(parts.length > 0 && verdict(parts)),
    ...(parts.length === 0 && lines[0]?.why !== undefined && { why: lines[0].why }),
  };
}
