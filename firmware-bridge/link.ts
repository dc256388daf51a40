import { existsSync } from "node:fs";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as setTimeoutPromise } from "node:timers/promises";

/** Where a node hangs: `/dev/serial/by-id/…` or `tcp://host:port`. */
export interface LinkOptions {
  port: string;
  baud?: number;
  onBytes(piece: Uint8Array): void;
  /** `undefined` while the wire stands, else in words why not. */
  onState(down: string | undefined): void;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8_000;
const CONNECT_MAX = 5_000;
/** What may wait to be sent before the wire counts as stuck. */
const UNSENT_MAX = 16_384;
/** A USB adapter that is pulled out may say nothing at all; its path then goes away. */
const LOOK_EVERY = 1_000;

/** Owns one port: opens it, opens it again when it goes away, closes it when the signal aborts. */
export class Link {
  readonly #options: LinkOptions;
  #wire: Wire | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. Never rejects: what goes wrong is said through `onState`. */
  async run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      const opened = performance.now();
      const why = await this.#once(signal);
      if (signal.aborted) return;
      this.#options.onState(why);
      if (performance.now() - opened > 2 * LONGEST_PAUSE) pause = FIRST_PAUSE;
      // Not all nodes behind one network switch at once.
      await waited(pause * (0.5 + Math.random() / 2), signal);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  /** Sends, or drops when the wire is down or stuck: every message of the protocol is repeated until it is answered. */
  send(bytes: Uint8Array): void {
    const stream = this.#wire?.stream;
    if (stream?.writable && stream.writableLength < UNSENT_MAX) stream.write(bytes);
  }

  /** Closes the port, to open it anew: for an adapter that is open and gives nothing. */
  reopen(): void {
    this.#wire?.close();
  }

  /** Opens, serves until it ends; resolves with the reason. */
  async #once(signal: AbortSignal): Promise<string> {
    const { port } = this.#options;
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const wire = port.startsWith("tcp://") ? tcp(port) : await serial(port, this.#options.baud ?? 115_200);
    const stop = (why: string) => {
      wire.close();
      end(why);
    };
    const abort = () => stop("stopped");
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const late = setTimeout(stop, CONNECT_MAX, `no connection within ${CONNECT_MAX} ms`);
    const look = setInterval(() => wire.gone() && stop("adapter pulled out"), LOOK_EVERY);
    wire.stream.once(wire.ready, () => {
      clearTimeout(late);
      this.#wire = wire;
      this.#options.onState(undefined);
    });
    wire.stream.on("data", (piece: Buffer) => this.#options.onBytes(piece));
    wire.stream.on("error", (error: Error) => stop(error.message));
    wire.stream.on("close", () => end("closed"));
    try {
      return await ended;
    } finally {
      this.#wire = undefined;
      clearTimeout(late);
      clearInterval(look);
      signal.removeEventListener("abort", abort);
    }
  }
}

/** One opening of a port. */
interface Wire {
  stream: Duplex;
  ready: "connect" | "open";
  close(): void;
  /** Whether the path of the adapter has disappeared. */
  gone(): boolean;
}

function tcp(port: string): Wire {
  const { hostname, port: number } = new URL(port);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(number), noDelay: true });
  socket.setKeepAlive(true, 5_000);
  return { stream: socket, ready: "connect", close: () => socket.destroy(), gone: () => false };
}

/** The library costs 15 MB: it is loaded where there is a serial port. */
async function serial(path: string, baudRate: number): Promise<Wire> {
  const { SerialPort } = await import("serialport");
  const stream = new SerialPort({ path, baudRate });
  // `destroy` of a SerialPort leaves the file open; `close` before it is open fails, and then there is nothing to close.
  const close = () => {
    if (stream.isOpen && !stream.closing) stream.close(() => stream.removeAllListeners("data"));
    else stream.once("open", () => stream.close());
  };
  return { stream, ready: "open", close, gone: () => !existsSync(path) };
}

const waited = (ms: number, signal: AbortSignal): Promise<void> =>
  setTimeoutPromise(ms, undefined, { signal }).catch(() => undefined);
