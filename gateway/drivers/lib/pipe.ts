import { realpath, stat } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "../../core/fault.ts";
import { reason, type Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";
import { connectionTrouble, HUNG_UP, NO_ANSWER, serialTrouble, unplugged } from "./trouble.ts";
import { hasten } from "./tty.ts";

/** A way for bytes, whatever carries them. Tests hand in one of their own. */
export interface Pipe {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

export interface PipeEvents {
  bytes(chunk: Uint8Array): void;
  /** Called once, when the pipe broke by itself. */
  lost(why: Fault): void;
}

export type OpenPipe = (events: PipeEvents, signal: AbortSignal) => Promise<Pipe>;

export interface SerialSettings {
  baud: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  dataBits?: 7 | 8;
}

/** How often the path of an open adapter is looked at: some drivers emit no `close` when the plug is pulled. */
const LOOK_EVERY = 1_000;

/** A serial port, locked against other programs, by the path that people gave it. */
export const serialPipe =
  (path: string, settings: SerialSettings): OpenPipe =>
  async (events) => {
    // 15 MB that a gateway without serial ports does without.
    const { SerialPort } = await import("serialport");
    const port = new SerialPort({
      path,
      baudRate: settings.baud,
      parity: settings.parity,
      stopBits: settings.stopBits,
      dataBits: settings.dataBits ?? 8,
      autoOpen: false,
      lock: true,
    });
    await new Promise<void>((resolve, reject) => {
      port.open((error) =>
        error ? reject(new Fault("port", serialTrouble(path, error.message), { cause: error })) : resolve(),
      );
    });
    hasten(port.port);
    const plug = await plugAt(path);
    let over = false;
    const lost = (text: Text) => {
      if (over) return;
      over = true;
      clearInterval(watch);
      port.close(() => undefined);
      events.lost(new Fault("port", text));
    };
    const watch = setInterval(() => {
      void plugAt(path).then((now) => now !== plug && lost(unplugged(path)));
    }, LOOK_EVERY);
    port.on("data", (chunk: Buffer) => events.bytes(chunk));
    port.on("close", () => lost(unplugged(path)));
    port.on("error", (error) => lost(serialTrouble(path, error.message)));
    return {
      write: (bytes) => void port.write(Buffer.from(bytes)),
      close: () => {
        over = true;
        clearInterval(watch);
        return new Promise((resolve) => port.close(() => resolve()));
      },
    };
  };

/** Which device node the path leads to now; a different one after a re-plug. */
const plugAt = async (path: string): Promise<string> => {
  try {
    const { rdev, ino } = await stat(path);
    return `${rdev}/${ino}`;
  } catch {
    return "gone";
  }
};

/** False for a pseudo terminal, which hands bytes on at once whatever its baud rate says. */
export async function isPaced(path: string): Promise<boolean> {
  try {
    return !(await realpath(path)).startsWith("/dev/pts/");
  } catch {
    return true;
  }
}

/** A TCP connection: Modbus TCP, or a serial server that passes RTU frames on. */
export const tcpPipe =
  (host: string, port: number): OpenPipe =>
  (events, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 5_000, signal });
      socket.setTimeout(5_000, () => socket.destroy(Object.assign(new Error("no answer"), { code: NO_ANSWER })));
      let open = false;
      let over = false;
      socket.once("connect", () => {
        open = true;
        socket.setTimeout(0);
        resolve({
          write: (bytes) => void socket.write(bytes),
          close: async () => {
            over = true;
            socket.destroy();
          },
        });
      });
      let why = HUNG_UP;
      socket.on("error", (error: Error & { code?: string }) => {
        why = error.code ?? error.message;
      });
      socket.on("data", (chunk) => events.bytes(chunk));
      socket.on("close", () => {
        const fault = new Fault("connection", connectionTrouble(host, port, why));
        if (!open) reject(fault);
        else if (!over) events.lost(fault);
        over = true;
      });
    });

/** Whether what is written can be an address at all: a path, or a host with a port that exists. */
export const isPort = (written: string): boolean => {
  const url = written.replace(/^(rtu\+)?tcp:/, "http:");
  return (
    written.startsWith("/") || (URL.canParse(url) && new URL(url).hostname !== "" && new URL(url).pathname === "/")
  );
};

export const PORT_REASON = reason({
  fr: "cette adresse ne peut pas exister : après l'hôte vient un port de 1 à 65535, comme tcp://192.168.1.20:502",
  en: "no such address: after the host comes a port from 1 to 65535, as in tcp://192.168.1.20:502",
});

/** Host and port of `tcp://host:port` or `rtu+tcp://host:port`; undefined for a path. */
export function addressOf(port: string): { host: string; port: number } | undefined {
  if (port.startsWith("/")) return undefined;
  const url = new URL(port.replace(/^rtu\+/, ""));
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port ? Number(url.port) : 502 };
}

const RETRY_SERIAL = 1_000;
const RETRY_TCP_MAX = 30_000;

/** Whoever accepts and hangs up at once is as closed as a closed port. */
const STABLE_AFTER = 2_000;
/** A connection that does not last so long is no news each time: two gateways may be pushing each other off one device. */
const NEWS_AFTER = 60_000;

/**
 * When to open again. TCP: ever later, with jitter, so that twenty gateways do not come back at once; forgotten once it stayed open for
 * twice as long as the last wait.
 */
export class Reopening {
  readonly #port: string;
  #failures = 0;
  #delay: Ms = 0;
  #isFirst = true;

  constructor(port: string) {
    this.#port = port;
  }

  /** It is closed, after having been open for so long (0: it did not open). `isNews`: worth a line in the log. */
  after(openFor: Ms): { delay: Ms; isNews: boolean } {
    const isSerial = this.#port.startsWith("/");
    const isNews = this.#isFirst || openFor > (isSerial ? STABLE_AFTER : NEWS_AFTER);
    this.#isFirst = false;
    if (openFor > Math.max(STABLE_AFTER, 2 * this.#delay)) this.#failures = 0;
    this.#delay = isSerial ? RETRY_SERIAL : this.#jittered();
    this.#failures++;
    return { delay: this.#delay, isNews };
  }

  #jittered(): Ms {
    return Math.min(RETRY_TCP_MAX, RETRY_SERIAL * 2 ** Math.min(this.#failures, 5)) * (0.5 + Math.random() / 2);
  }
}

/** Resolves after a while, or as soon as the signal aborts. */
export const rest = (ms: Ms, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
