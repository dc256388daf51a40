import { EventEmitter } from "node:events";
import { registerHooks } from "node:module";
import type { ModbusRTU } from "modbus-serial/ModbusRTU.d.ts";
import { bytesOf, isWrite, type Question } from "./question.ts";

/** What an answer said: data bytes, or the number of an exception. */
export type Decoded = { readonly bytes: Buffer } | { readonly exception: number };

/**
 * The only place that touches modbus-serial, which spells the questions. It gets a port of ours and never an answer: its own ports
 * guard nothing (late answers, byte counts, silences, time-outs), and what `RtuListener` and `TcpListener` let through has had
 * every byte checked that it would look at.
 */
export class Codec {
  readonly #client: ModbusRTU;

  private constructor(client: ModbusRTU) {
    this.#client = client;
    this.#client.open(() => undefined);
  }

  /** `send` gets every question as an RTU frame. */
  static async open(send: (adu: Buffer) => void): Promise<Codec> {
    return new Codec(new (await loadModbusSerial())(new Port(send)));
  }

  ask({ unit, code, at, count }: Question): void {
    if (code === 1) this.#client.writeFC1(unit, at, count, nobody);
    else if (code === 2) this.#client.writeFC2(unit, at, count, nobody);
    else if (code === 3) this.#client.writeFC3(unit, at, count, nobody);
    else if (code === 4) this.#client.writeFC4(unit, at, count, nobody);
    else if (code === 5) this.#client.writeFC5(unit, at, count !== 0, nobody);
    else this.#client.writeFC6(unit, at, count, nobody);
  }
}

/** A checked answer, from its unit on: with or without a CRC behind it. */
export function decoded(question: Question, body: Buffer): Decoded {
  if (body[1] !== question.code) return { exception: body[2] ?? 0 };
  return isWrite(question) ? { bytes: body.subarray(4, 6) } : { bytes: body.subarray(3, 3 + bytesOf(question)) };
}

/** modbus-serial wants a callback; answers do not go through it. */
const nobody = () => undefined;

/**
 * modbus-serial without serialport, which is its optional dependency and costs 15 MB of memory: its own serial ports are not used
 * here, and a gateway that reads only over TCP needs none at all.
 */
async function loadModbusSerial() {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "serialport" && context.parentURL?.includes("modbus-serial")) throw new Error("not needed");
      return next(specifier, context);
    },
  });
  try {
    return (await import("modbus-serial")).default.default;
  } finally {
    hooks.deregister();
  }
}

/** One question at a time, so one transaction id does. */
class Port extends EventEmitter {
  readonly isOpen = true;
  readonly _transactionIdRead = 1;
  readonly _transactionIdWrite = 1;
  readonly #send: (adu: Buffer) => void;

  constructor(send: (adu: Buffer) => void) {
    super();
    this.#send = send;
  }

  open(done: () => void): void {
    done();
  }

  write(adu: Buffer): void {
    this.#send(adu);
  }
}
