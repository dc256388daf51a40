import { z } from "zod";
import { faultCode } from "../../core/fault.ts";
import type { PointId } from "../../core/point.ts";
import { bad, good, type Reading, uncertain } from "../../core/reading.ts";
import { type EpochMs, epochMs } from "../../core/time.ts";
import { decimal } from "../lib/decimal.ts";

/** Words that devices say for 1 and 0. */
const words: Readonly<Record<string, number>> = {
  on: 1,
  true: 1,
  open: 1,
  online: 1,
  yes: 1,
  off: 0,
  false: 0,
  closed: 0,
  offline: 0,
  no: 0,
};

/** JSON where it is JSON, the bare text otherwise (`23.5`, `ON`). */
export function parsePayload(payload: Buffer): unknown {
  const text = payload.toString("utf8").trim();
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a plain value, which is what half of all devices send.
    return text;
  }
}

/** The value at `ENERGY.Power` or `values.0.v`; undefined where there is none. */
export function at(payload: unknown, path: string | undefined): unknown {
  if (path === undefined) return payload;
  let value = payload;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Object.entries(value).find(([key]) => key === step)?.[1];
  }
  return value;
}

/** A number from what a device said; undefined where it is none. */
export function toNumber(value: unknown, own: Readonly<Record<string, number>> = {}): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return undefined;
  const word = value.trim();
  if (Object.hasOwn(own, word)) return own[word];
  const known = word.toLowerCase();
  if (Object.hasOwn(words, known)) return words[known];
  return decimal(word);
}

const quality = z.enum(["good", "uncertain", "bad"]);
const message = z.object({
  t: z.number(),
  v: z.number().nullable(),
  q: quality,
  why: z.string().max(40).optional(),
  s: z.number().int(),
});
export const readingShape = message.extend({ tq: z.string(), b: z.number().int() });
export const scanShape = z.object({ tq: z.string(), b: z.number().int(), r: z.record(z.string(), message) });

export type WireReading = z.infer<typeof message>;

const AHEAD = 60_000;
/** No gateway measured before: what says so comes from a clock, or a program, that is wrong. */
const EARLIEST = Date.UTC(2020, 0, 1);
const WEEK = 7 * 24 * 3_600_000;

/**
 * A reading of another gateway, as one of ours, with the time it was taken. Only a time that cannot be (ahead of ours,
 * before any gateway, or a week back by a clock that nobody ever set) gives way to the time of arrival, and says so.
 */
export function fromWire(point: PointId, wire: WireReading, timeQuality: string, now: EpochMs): Reading {
  const believed = wire.t >= EARLIEST && wire.t <= now + AHEAD && (timeQuality !== "unsynced" || wire.t > now - WEEK);
  const t = believed ? epochMs(Math.trunc(wire.t)) : now;
  const why = faultCode(wire.why ?? (wire.q === "bad" || wire.v === null ? "unknown" : "clock"));
  if (wire.q === "bad" || wire.v === null) return bad(point, t, why);
  if (wire.q === "uncertain") return uncertain(point, t, wire.v, why);
  return believed ? good(point, t, wire.v) : uncertain(point, t, wire.v, "clock");
}
