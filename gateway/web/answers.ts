import { z } from "zod";
import type { Alarm } from "../core/alarm.ts";
import type { AlarmAnswer } from "../core/api.ts";
import { type FaultCode, faults } from "../core/fault.ts";
import type { Language } from "../core/text.ts";
import { languages } from "../core/text.ts";
import { type EpochMs, epochMs } from "../core/time.ts";

/** Gives a documented shape the type of `core/api.ts` (which has `readonly` and brands that zod does not). */
export const says = <T>(shape: z.ZodType): z.ZodType<T> => shape as z.ZodType<T>;

/** The shapes of the contract for OpenAPI; `core/api.ts` says the same to TypeScript, and a test holds answers against both. */
export const text = z.object({ fr: z.string(), en: z.string() });
export const time = z.number().int().describe("epoch ms");
const why = z.enum(Object.keys(faults) as [FaultCode, ...FaultCode[]]);
const quality = z.enum(["good", "uncertain", "bad"]);
const machineState = z.enum(["unknown", "off", "idle", "running", "transient"]);

export const errorAnswer = z.object({ error: z.string(), message: z.string(), where: z.string().exactOptional() });

export const siteAnswer = z.object({
  id: z.string(),
  name: z.string(),
  timezone: z.string(),
  language: z.enum(languages),
  version: z.string(),
  now: time,
  open: z.boolean().describe("the page may be used without an account"),
});

export const machineAnswer = z.object({
  id: z.string(),
  name: text,
  kind: z.string().exactOptional(),
  class: z.enum(["I", "II", "III", "IV"]).exactOptional(),
  code: z.string(),
  state: machineState,
  health: z.number().nullable(),
  learning: z.object({ seen: z.number(), needed: z.number() }).nullable().exactOptional().describe("ms"),
  points: z.array(z.string()),
  alarms: z.int(),
});

export const pointAnswer = z.object({
  id: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  quality,
  why: why.exactOptional(),
  t: time.nullable(),
  age: z.number().nullable().describe("ms since the reading arrived"),
  machine: z.string(),
  title: text.exactOptional(),
  kind: z.enum(["gauge", "counter", "state"]),
  every: z.number().describe("ms"),
  range: z.tuple([z.number(), z.number()]).exactOptional(),
  labels: z.record(z.string(), text).exactOptional(),
  detail: z.literal(true).exactOptional(),
});

export const bucket = z.object({
  t: time,
  min: z.number().nullable(),
  mean: z.number().nullable(),
  max: z.number().nullable(),
  count: z.int(),
  bad: z.int(),
  why: why.exactOptional(),
});

export const historyAnswer = z.object({ point: z.string(), unit: z.string(), buckets: z.array(bucket) });

export const alarmAnswer = z.looseObject({
  id: z.string(),
  machine: z.string(),
  rule: z.string(),
  state: z.string(),
  priority: z.enum(["high", "medium", "low"]),
  level: z.enum(["watch", "alert"]),
  since: time,
  text: z.string(),
  texts: text,
  part: z.string().exactOptional(),
  forecast: z.object({ at: time, low: time, high: time }).nullable().exactOptional(),
});

/** `?lang=fr`; the site's language where it is left out. */
export const inLanguage = z.strictObject({ lang: z.enum(languages).optional() });

/** `?from=…&to=…` in epoch ms. */
export const instant = z.coerce
  .number()
  .int()
  .min(0)
  .max(8.64e15)
  .transform((n): EpochMs => epochMs(n));

export function answerAlarm({ text: words, ...alarm }: Alarm, language: Language): AlarmAnswer {
  return { ...alarm, text: words[language], texts: words };
}
