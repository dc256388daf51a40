import { Fault } from "../../core/fault.ts";
import type { Ms } from "../../core/time.ts";
import { type Answer, ModbusBus } from "./bus.ts";
import { type Copper, copperOf } from "./copper.ts";
import { type ModbusOptions, modbusOptions } from "./options.ts";
import type { Question } from "./question.ts";
import type { LineCounts } from "./rtu.ts";

/** A wire opened for a person at the terminal: asked by hand, closed at the end. */
export interface Session {
  ask(question: Question, timeout?: Ms): Promise<Answer>;
  readonly counts: LineCounts;
  close(): Promise<void>;
}

export type LineSettings = Pick<ModbusOptions, "port" | "baud" | "parity" | "stop_bits">;

/** Opens the wire once; a `Fault` says why it cannot be opened. */
export function openSession(settings: Partial<LineSettings> & { port: string }, now: () => Ms): Promise<Session> {
  const options = modbusOptions.omit({ devices: true }).parse(settings);
  return sessionOn(copperOf(options.port, { ...options, devices: [] }, now));
}

/** The same on a wire that is there already. */
export async function sessionOn(copper: Copper): Promise<Session> {
  const bus = new ModbusBus(copper);
  const { promise: opened, resolve } = Promise.withResolvers<undefined>();
  const serving = bus.serve(() => resolve(undefined));
  const why = await Promise.race([opened, serving]);
  if (why instanceof Fault) throw why;
  return {
    ask: (question, timeout = 500) => bus.exchange((wire) => wire.ask(question), timeout),
    counts: bus.counts,
    close: async () => {
      await bus.close();
      await serving;
    },
  };
}
