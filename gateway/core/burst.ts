import type { PointId } from "./point.ts";
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
