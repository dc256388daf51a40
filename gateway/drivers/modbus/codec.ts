import { EventEmitter } from "node:events";
import { registerHooks } from "node:module";
import type { ModbusRTU } from "modbus-serial/ModbusRTU.d.ts";
import type { Question } from "./question.ts";

/** What an answer said: data bytes, or the number of an exception. */
export type Decoded = { readonly bytes: Buffer } | { readonly exception: number };

/**
 * The only place that touches modbus-serial. It encodes the questions and decodes the answers; it gets a port of ours that
 * hands it nothing but checked answers, because its own ports guard nothing (late answers, byte counts, silences, time-outs).
 */
export class Codec {
  readonly #port: Port;
  readonly #client: ModbusRTU;

  private constructor(port: Port, client: ModbusRTU) {
    this.#port = port;
    this.#client = client;
    this.#client.open(() => undefined);
  }

  /** `send` gets every question as an RTU frame. */
  static async open(send: (adu: Buffer) => void): Promise<Codec> {
    const port = new Port(send);
    return new Codec(port, new (await loadModbusSerial())(port));
  }

  /** Sends the question. `done` is called by `answer`, or never. */
  ask({ unit, code, at, count }: Question, done: (decoded: Decoded) => void): void {
    const next = (error: (Error & { modbusCode?: number }) | null, result?: object) =>
      done(error ? { exception: error.modbusCode ?? 4 } : { bytes: bytesOf(result) });
    if (code === 1) this.#client.writeFC1(unit, at, count, next);
    else if (code === 2) this.#client.writeFC2(unit, at, count, next);
    else if (code === 3) this.#client.writeFC3(unit, at, count, next);
    else if (code === 4) this.#client.writeFC4(unit, at, count, next);
    else if (code === 5) this.#client.writeFC5(unit, at, count !== 0, next);
    else this.#client.writeFC6(unit, at, count, next);
  }

  /** Hands in the checked answer, as an RTU frame with its CRC. */
  answer(adu: Buffer): void {
    this.#port.emit("data", adu);
  }
}

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

const bytesOf = (result: object | undefined): Buffer =>
  result && "buffer" in result && Buffer.isBuffer(result.buffer) ? result.buffer : Buffer.alloc(0);

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
