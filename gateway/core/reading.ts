import type { FaultCode } from "./fault.ts";
import type { PointId } from "./point.ts";
import type { EpochMs } from "./time.ts";

/**
 * One measurement, or the news that there is none. A bad reading has no number, so nobody can average a -9999.
 * `t` is when the reply arrived (or when the node sampled), by the gateway's wall clock.
 */
export type Reading =
  | { readonly point: PointId; readonly t: EpochMs; readonly quality: "good"; readonly value: number }
  | {
      readonly point: PointId;
      readonly t: EpochMs;
      readonly quality: "uncertain";
      readonly value: number;
      readonly why: FaultCode;
    }
  | { readonly point: PointId; readonly t: EpochMs; readonly quality: "bad"; readonly why: FaultCode };

export type Quality = Reading["quality"];

/** A good reading, unless the number is none: then a bad one that says so. */
export const good = (point: PointId, t: EpochMs, value: number): Reading =>
  Number.isFinite(value) ? { point, t, quality: "good", value } : bad(point, t, "not_a_number");

export const uncertain = (point: PointId, t: EpochMs, value: number, why: FaultCode): Reading =>
  Number.isFinite(value) ? { point, t, quality: "uncertain", value, why } : bad(point, t, "not_a_number");

export const bad = (point: PointId, t: EpochMs, why: FaultCode): Reading => ({ point, t, quality: "bad", why });

/** The number of a reading, or null where it has none. */
export const numberOf = (reading: Reading): number | null => (reading.quality === "bad" ? null : reading.value);

export const whyOf = (reading: Reading): FaultCode | undefined =>
  reading.quality === "good" ? undefined : reading.why;
