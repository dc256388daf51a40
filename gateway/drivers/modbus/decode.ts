import type { FaultCode } from "../../core/fault.ts";
import type { PointId } from "../../core/point.ts";
import { bad, type Reading, uncertain } from "../../core/reading.ts";
import type { EpochMs } from "../../core/time.ts";
import type { Counter } from "./counter.ts";
import type { Order, ValueType } from "./profile.ts";
import { isBits, type Table } from "./profile.ts";
import { type Raw, rawReader, spanOf } from "./raw.ts";

/** Everything that turns the registers of one signal into its reading. */
export interface Meaning {
  table: Table;
  type: Exclude<ValueType, "ascii">;
  order: Order;
  bits?: readonly [low: number, high: number] | undefined;
  scale: number;
  offset: number;
  /** What 4 and 20 mA stand for; `milliamps` turns the scaled value into mA. */
  span?: { readonly low: number; readonly high: number; readonly milliamps: number } | undefined;
  range?: readonly [low: number, high: number] | undefined;
  none: readonly number[];
  counter: boolean;
  wraps?: number | undefined;
}

/** Bytes of a reply to a reading. `at`: the byte of the first register, or for coil tables the bit. */
export type Decode = (bytes: Buffer, at: number, t: EpochMs) => Reading;

/** Made once per signal, so that the hot path only computes. */
export function decoder(point: PointId, meaning: Meaning, counter?: Counter): Decode {
  const { scale, offset, none, span, range } = meaning;
  const raw: Raw = isBits(meaning.table) ? bitAt : rawReader(meaning.type, meaning.order, meaning.bits);
  const float = meaning.type === "f16" || meaning.type === "f32" || meaning.type === "f64";
  const low = range ? range[0] : Number.NEGATIVE_INFINITY;
  const high = range ? range[1] : Number.POSITIVE_INFINITY;
  return (bytes, at, t) => {
    const found = raw(bytes, at);
    if (none.length > 0 && none.includes(found)) return bad(point, t, "no_sensor");
    if (float && !isPlausibleFloat(found)) return bad(point, t, "not_a_number");
    const value = round((counter ? counter.count(found) : found) * scale + offset);
    if (span) return loop(point, t, value * span.milliamps, span, low, high);
    if (value < low || value > high) return bad(point, t, "out_of_range");
    return { point, t, quality: "good", value };
  };
}

/** Where the counter of that meaning starts again at 0; undefined where it is none, or never does (floats). */
export const modulusOf = (meaning: Meaning): number | undefined =>
  meaning.counter ? (meaning.wraps ?? spanOf(meaning.type)) : undefined;

/**
 * A 4–20 mA current to what it stands for. NAMUR NE43: below 3.6 mA the wire is broken or the sensor off, above 21 mA it is
 * shorted; 3.8 to 20.5 mA is measurement, the strips between say that the measurement is at its end.
 */
function loop(
  point: PointId,
  t: EpochMs,
  mA: number,
  span: NonNullable<Meaning["span"]>,
  low: number,
  high: number,
): Reading {
  const fault: FaultCode | undefined = mA < 3.6 ? "sensor_open" : mA > 21 ? "sensor_short" : undefined;
  if (fault) return bad(point, t, fault);
  const value = round(span.low + ((mA - 4) / 16) * (span.high - span.low));
  if (value < low || value > high) return bad(point, t, "out_of_range");
  if (mA < 3.8 || mA > 20.5) return uncertain(point, t, value, "saturated");
  return { point, t, quality: "good", value };
}

const bitAt: Raw = (bytes, bit) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;

/** NaN and infinity are no measurements; nor are subnormals, which mean that words are swapped or the device sent an integer. */
const isPlausibleFloat = (value: number): boolean =>
  Number.isFinite(value) && (value === 0 || Math.abs(value) >= 2 ** -126);

/** 12 significant digits: `2302 * 0.1` is 230.2 on every page, and no device measures finer. */
const round = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(12)));
