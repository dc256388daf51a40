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
