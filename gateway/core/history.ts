import type { FaultCode } from "./fault.ts";
import type { PointId } from "./point.ts";
import { Told } from "./text.ts";
import type { EpochMs } from "./time.ts";

/** What a stretch of time held. Without a good reading there is no number: `min`, `mean`, `max` are null and `why` says the cause. */
export interface Bucket {
  /** Start of the bucket. */
  readonly t: EpochMs;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  /** Good and uncertain readings. */
  readonly count: number;
  /** Bad readings. */
  readonly bad: number;
  /** The most frequent cause of the bad ones, or of the silence. */
  readonly why?: FaultCode;
}

/** One stored reading, as exports stream it. */
export interface Sample {
  readonly t: EpochMs;
  readonly value: number | null;
  readonly why?: FaultCode;
}

/** Answers questions about the past. Both SQLite and InfluxDB can. */
export interface Historian {
  /** At most `buckets` (≤ 2,000) equal stretches of [from, to), gaps included, oldest first. */
  range(point: PointId, from: EpochMs, to: EpochMs, buckets: number): Promise<readonly Bucket[]>;
  /** Every reading of [from, to), oldest first, in constant memory. */
  samples(point: PointId, from: EpochMs, to: EpochMs): AsyncIterable<Sample>;
  /** For counters: how much was counted in [from, to), over roll-overs and replacements; null when unknown. */
  counted(point: PointId, from: EpochMs, to: EpochMs): Promise<number | null>;
}

/** Who keeps the past does not give it now; asking again later may do. */
export class HistoryAway extends Told {
  override readonly name = "HistoryAway";
}
