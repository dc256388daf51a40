import { Fault, type FaultCode } from "../../core/fault.ts";
import type { Text } from "../../core/text.ts";

/** The device refused: a Modbus exception. `unsure` where it may be the late answer to an older question. */
export class Refusal extends Fault {
  readonly exception: number;
  readonly unsure: boolean;

  constructor(exception: number, message: Text, unsure: boolean) {
    super(refusals[exception] ?? "device", message);
    this.exception = exception;
    this.unsure = unsure;
  }
}

/** Exception numbers. 10 and 11 come from a serial server whose slave does not answer. */
const refusals: Readonly<Record<number, FaultCode>> = {
  1: "refused",
  2: "refused",
  3: "refused",
  4: "device",
  5: "busy",
  6: "busy",
  10: "timeout",
  11: "timeout",
};

/** Faults of the wire itself: they say nothing about a device. */
export const wireFaults: ReadonlySet<FaultCode> = new Set(["port", "connection", "down"]);
