import type { Output } from "../../core/driver.ts";
import { Fault } from "../../core/fault.ts";
import type { ModbusBus } from "./bus.ts";
import type { ModbusOptions } from "./options.ts";
import type { Question } from "./question.ts";
import type { KnownDevice } from "./resolve.ts";

/** The coils and registers that the site file declares as outputs: the only way by which this driver ever writes. */
export function outputsOf(driver: string, device: KnownDevice, bus: ModbusBus, options: ModbusOptions): Output[] {
  return Object.entries(device.options.outputs ?? {}).map(([name, declared]) => {
    const id = `${driver}/${device.options.id}/${name}`;
    const [low, high] = "coil" in declared ? [0, 1] : declared.range;
    const question = (value: number): Question =>
      "coil" in declared
        ? { unit: device.slave, code: 5, at: declared.coil, count: value === 0 ? 0 : 0xff00 }
        : { unit: device.slave, code: 6, at: declared.register, count: value };
    return {
      id,
      write: async (value, signal) => {
        signal.throwIfAborted();
        if (!Number.isInteger(value) || value < low || value > high)
          throw new Fault("out_of_range", {
            fr: `${id} : ${value} n'est pas un nombre entier de ${low} à ${high}`,
            en: `${id}: ${value} is not a whole number from ${low} to ${high}`,
          });
        await bus.exchange((wire) => wire.ask(question(value)), options.timeout);
      },
    };
  });
}
