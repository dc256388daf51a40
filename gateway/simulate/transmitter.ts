import { put, type Registers } from "./slave.ts";

/** A 4–20 mA transmitter on a channel of an analog module that counts microamperes (FC 4, one register a channel, 12 bit). */
export function milliamps({ input }: Registers, channel: number, value: number, low: number, high: number): void {
  const microamps = 4_000 + (16_000 * (value - low)) / (high - low);
  const step = 20_000 / 4_096;
  put.u16(input, channel, Math.max(0, Math.round(microamps / step) * step));
}

/** A channel with nothing on it. */
export const unconnected = ({ input }: Registers, channel: number): void => put.u16(input, channel, 0);
