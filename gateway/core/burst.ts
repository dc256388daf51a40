import { machineOf, type PointId, pointId, signalOf } from "./point.ts";
import type { EpochMs } from "./time.ts";

/**
 * A block of raw vibration, taken in one go. `point` names the sensor and axis (`tour-2/spindle_z`); its features are
 * readings of points that start with that name (`tour-2/spindle_z_rms`).
 */
export interface Burst {
  readonly point: PointId;
  /** When the first sample was taken. */
  readonly t: EpochMs;
  /** Samples per second. */
  readonly rate: number;
  /** Acceleration in g. */
  readonly samples: Float32Array;
  /** Shaft turns per second while it was taken, where known. */
  readonly shaft?: number;
  /** True when a sample touched the end of the sensor's range: such a burst is counted, never analysed. */
  readonly clipped: boolean;
}

/** What a burst is boiled down to: each a point of its own, named after the burst's. */
export const burstFeatures = ["rms", "peak", "kurtosis", "high", "velocity"] as const;

export type BurstFeature = (typeof burstFeatures)[number];

/** `high` is what lies above 5 kHz, which a slow sensor does not hear. */
export const featuresAt = (rate: number): readonly BurstFeature[] =>
  burstFeatures.filter((feature) => !(feature === "high" && rate < 12_800));

export const featurePoint = (point: PointId, feature: BurstFeature | `band_${number}`): PointId =>
  pointId(machineOf(point), `${signalOf(point)}_${feature}`);

export const bandPoint = (point: PointId, centre: number): PointId => featurePoint(point, `band_${Math.round(centre)}`);

/** Centres of the third-octave bands from 10 Hz up to what the rate can tell, in Hz. */
export function thirdOctaves(rate: number): number[] {
  const centres: number[] = [];
  for (let n = 10; n <= 43; n++) {
    const centre = 10 ** (n / 10);
    if (centre * 2 ** (1 / 6) > rate / 2.56) break;
    centres.push(centre);
  }
  return centres;
}

/** All points that are made of a sensor's bursts. */
export const pointsMadeOf = (point: PointId, rate: number): PointId[] => [
  ...featuresAt(rate).map((feature) => featurePoint(point, feature)),
  ...thirdOctaves(rate).map((centre) => bandPoint(point, centre)),
];
