import type { FaultCode } from "../core/fault.ts";
import type { PointId } from "../core/point.ts";
import type { Cases } from "./case.ts";
import type { Moment } from "./record.ts";
import type { LearnedMachine } from "./rooms.ts";

/** What a rule's detector and its surroundings have learned; plain JSON, for checkpoints. */
export interface Learned {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly machines: Readonly<Record<string, LearnedMachine>>;
  /** Points that bring no number now, and why. */
  readonly bad: Readonly<Record<PointId, FaultCode>>;
  /** Points whose sensor is at fault, and the rule that says so. */
  readonly silenced: Readonly<Record<PointId, string>>;
  readonly cases: ReturnType<Cases["save"]>;
  readonly moment: Moment;
}

/** What an older version has learned, with the fields that this one has added as they are at the beginning. */
export function completed(saved: unknown, initial: unknown): unknown {
  if (!isPlain(saved) || !isPlain(initial)) return saved;
  const whole: Record<string, unknown> = { ...saved };
  for (const [key, value] of Object.entries(initial))
    whole[key] = Object.hasOwn(saved, key) ? completed(saved[key], value) : structuredClone(value);
  return whole;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
