import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Burst,
  type BurstFeature,
  bandPoint,
  featurePoint,
  featuresAt,
  pointsMadeOf,
  thirdOctaves,
} from "./core/burst.ts";
import type { BurstSource } from "./core/driver.ts";
import type { Historian } from "./core/history.ts";
import type { Entry, Follower, OwnFollower } from "./core/log.ts";
import type { Meters } from "./core/meter.ts";
import { machineOf, type Point, type PointId, signalOf } from "./core/point.ts";
import { bad, good, type Reading } from "./core/reading.ts";
import type { Text } from "./core/text.ts";
import { DAY, type EpochMs } from "./core/time.ts";
import { type BurstFeatures, featuresOf } from "./detectors/lib/spectrum.ts";

/** Features of a burst as points of their own. Kept in the history like any other; the raw burst soon goes. */
const features: Readonly<
  Record<BurstFeature, { unit: string; title: Text; of(found: BurstFeatures): number | undefined }>
> = {
  rms: { unit: "[g]", title: { fr: "vibration", en: "vibration" }, of: ({ rms }) => rms },
  peak: { unit: "[g]", title: { fr: "crête", en: "peak" }, of: ({ peak }) => peak },
  kurtosis: { unit: "1", title: { fr: "chocs (kurtosis)", en: "knocks (kurtosis)" }, of: ({ kurtosis }) => kurtosis },
  high: { unit: "[g]", title: { fr: "au-dessus de 5 kHz", en: "above 5 kHz" }, of: ({ high }) => high },
  velocity: {
    unit: "mm/s",
    title: { fr: "vitesse vibratoire", en: "vibration velocity" },
    of: ({ velocity }) => velocity,
  },
};

/** The points that are made of a sensor's bursts: features, and the compact spectrum in third-octaves. */
export function spectraPoints({ point, device, rate, every }: BurstSource, driver: string): Point[] {
  const name = signalOf(point).replaceAll("_", " ");
  const made = (id: PointId, unit: string, title: Text, detail?: true): Point => ({
    id,
    machine: machineOf(point),
    signal: {
      name: signalOf(id),
      unit,
      kind: "gauge",
      every,
      title: { fr: `${name}, ${title.fr}`, en: `${name}, ${title.en}` },
      ...(detail && { detail }),
    },
    driver,
    device,
    made: "burst",
  });
  return [
    ...featuresAt(rate).map((feature) =>
      made(featurePoint(point, feature), features[feature].unit, features[feature].title),
    ),
    ...thirdOctaves(rate).map((centre) => {
      const hz = `${Math.round(centre)} Hz`;
      return made(bandPoint(point, centre), "[g]", { fr: hz, en: hz }, true);
    }),
  ];
}

/** The readings that a burst amounts to. A clipped one amounts to none, and says so. */
export function readingsOf(burst: Burst): Reading[] {
  const { point, t, rate, samples, clipped } = burst;
  if (clipped) return pointsMadeOf(point, rate).map((id) => bad(id, t, "saturated"));
  const found = featuresOf(samples, rate);
  return [
    ...featuresAt(rate).flatMap((feature) => {
      const value = features[feature].of(found);
      return value === undefined ? [] : [good(featurePoint(point, feature), t, value)];
    }),
    ...thirdOctaves(rate).map((centre, i) => good(bandPoint(point, centre), t, found.bands[i] ?? 0)),
  ];
}

export interface SpectraParts {
  /** Appends to the readings log; resolves once on disk. */
  append(readings: readonly Reading[]): Promise<unknown>;
  /** Where raw bursts are kept that outlive their log. */
  folder: string;
  /** How many bytes of them; beyond, the oldest go. */
  keep?: number;
  meters: Meters;
}

export interface Spectra extends Follower<Burst> {
  /** A finding about this machine: its newest bursts and the next ones are kept raw. */
  found(machine: string): void;
}

interface Sensor {
  /** Bursts still to be kept after a finding, and whether the one before it is too. */
  wanted: number;
  before: boolean;
  /** The last day of which one was kept. */
  day: number;
  last: Burst | undefined;
}

const KEEP = 200 * 1024 * 1024;
/** Raw bursts kept per sensor after a finding. */
const AROUND = 5;

/**
 * Follows the bursts: features and compact spectra into the readings, raw bursts to disk once a day per sensor and around
 * findings. May see a burst twice: the same readings at the same time, the same file.
 */
export function createSpectra({ append, folder, keep = KEEP, meters }: SpectraParts): Spectra {
  const analysed = meters.counter("bursts_analysed_total", "Bursts of raw vibration made into features");
  const clipped = meters.counter("bursts_clipped_total", "Bursts that touched the end of the sensor's range");
  const removed = meters.counter("bursts_removed_total", "Kept raw bursts removed to make room", { reason: "space" });
  const sensors = new Map<PointId, Sensor>();

  const keepRaw = async (burst: Burst) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, fileName(burst)), burst.samples);
    removed.value += await makeRoom(folder, keep);
  };

  const take = async (burst: Burst) => {
    const sensor = sensors.get(burst.point) ?? { wanted: 0, before: false, day: -1, last: undefined };
    sensors.set(burst.point, sensor);
    await append(readingsOf(burst));
    analysed.value++;
    if (burst.clipped) clipped.value++;
    const day = Math.floor(burst.t / DAY);
    if (sensor.before && sensor.last) await keepRaw(sensor.last);
    if (sensor.wanted > 0 || day > sensor.day) await keepRaw(burst);
    sensor.wanted = Math.max(0, sensor.wanted - 1);
    Object.assign(sensor, { before: false, day: Math.max(day, sensor.day), last: burst });
  };

  return {
    name: "spectra" satisfies OwnFollower,
    // A burst is up to 128 kB: few at a time.
    batch: 8,
    async apply(batch: readonly Entry<Burst>[]) {
      for (const { item } of batch) await take(item);
    },
    found(machine) {
      for (const [point, sensor] of sensors) {
        if (machineOf(point) !== machine) continue;
        // One more than those to come: the newest one that was seen already.
        sensor.before = sensor.wanted === 0;
        sensor.wanted = AROUND;
      }
    },
  };
}

/** `tour-2~spindle_z~1772431200000~25600.f32`: sorts by sensor and time, and says the rate. */
const fileName = ({ point, t, rate }: Burst): string => `${point.replace("/", "~")}~${t}~${Math.round(rate)}.f32`;

/** Removes the oldest files until the folder fits; says how many. */
async function makeRoom(folder: string, keep: number): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".f32"));
  const files = await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })));
  files.sort((a, b) => Number(a.name.split("~")[2]) - Number(b.name.split("~")[2]));
  let size = files.reduce((sum, file) => sum + file.size, 0);
  let count = 0;
  for (const file of files) {
    if (size <= keep) break;
    await rm(join(folder, file.name), { force: true });
    size -= file.size;
    count++;
  }
  return count;
}

/** A sensor's spectra over time, from the history: one row per stretch, in decibels of 1 g per third-octave. */
export interface Waterfall {
  point: PointId;
  /** Centres of the bands, Hz. */
  bands: readonly number[];
  rows: readonly { t: EpochMs; levels: readonly (number | null)[] }[];
}

export async function waterfall(
  history: Historian,
  { point, rate }: Pick<BurstSource, "point" | "rate">,
  from: EpochMs,
  to: EpochMs,
  rows: number,
): Promise<Waterfall> {
  const bands = thirdOctaves(rate);
  const columns = await Promise.all(bands.map((centre) => history.range(bandPoint(point, centre), from, to, rows)));
  const times = columns[0]?.map(({ t }) => t) ?? [];
  const decibels = (mean: number | null | undefined) =>
    mean === null || mean === undefined || mean <= 0 ? null : Math.round(200 * Math.log10(mean)) / 10;
  return {
    point,
    bands,
    rows: times.map((t, i) => ({ t, levels: columns.map((column) => decibels(column[i]?.mean)) })),
  };
}
