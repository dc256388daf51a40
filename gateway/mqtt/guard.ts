import type { Socket } from "node:net";
import type { Series } from "../core/meter.ts";
import { SECOND } from "../core/time.ts";

/** What one connection may send. */
export const limits = {
  /** A CONNECT with its will; nothing else is read before it is accepted. */
  connectBytes: 4 * 1024,
  /** One packet after that. */
  packetBytes: 256 * 1024,
  /** Packets per second, and how many may come at once after a quiet time. */
  packetsPerSecond: 1_000,
  packetBurst: 4_000,
} as const;

const CONNECT = 0x10;

/**
 * Stands between the socket and the broker and looks at nothing but packet heads: aedes 1.2 would collect 256 MB for
 * anybody who announces them, before it has seen a name. Bytes are handed on only once their packet's head is allowed.
 */
export class ByteGuard {
  /** Set once the client has shown who it is. */
  admitted = false;
  #head: number[] = [];
  #left = 0;
  #packets = 0;
  #tokens: number = limits.packetBurst;
  #filled: number;

  constructor(now: number) {
    this.#filled = now;
  }

  /** Takes what the client sent; says why it must go (one of two phrases, for a meter), or undefined. */
  take(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#head.push(bytes[at] ?? 0);
      at += 1;
      const refused = this.#look();
      if (refused) return refused;
    }
    return undefined;
  }

  /** How long the client has to wait before more of it is read (ms); 0 while it keeps to its rate. */
  rest(now: number): number {
    this.#tokens = Math.min(
      limits.packetBurst,
      this.#tokens + ((now - this.#filled) / SECOND) * limits.packetsPerSecond - this.#packets,
    );
    this.#filled = now;
    this.#packets = 0;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / limits.packetsPerSecond) * SECOND);
  }

  /** Reads the head so far: type, then one to four bytes of length. */
  #look(): string | undefined {
    const head = this.#head;
    if (head.length === 1) {
      const type = head[0] ?? 0;
      if (!this.admitted && this.#packets === 0 && (type & 0xf0) !== CONNECT) return "not MQTT";
      return undefined;
    }
    const last = head[head.length - 1] ?? 0;
    if (last & 0x80) return head.length < 5 ? undefined : "not MQTT";
    const length = head.slice(1).reduce((sum, byte, i) => sum + (byte & 0x7f) * 128 ** i, 0);
    const most = !this.admitted ? limits.connectBytes : limits.packetBytes;
    if (length > most) return "packet too long";
    this.#left = length;
    this.#head = [];
    this.#packets += 1;
    return undefined;
  }
}

/**
 * Puts a guard on a socket. aedes pulls its bytes with `read()`, so this is where they can be looked at (or withheld: then
 * TCP slows the sender down) without copying them through another stream.
 */
export function watch(socket: Socket, refused: (why: string) => void, slowed: Series): ByteGuard {
  const guard = new ByteGuard(performance.now());
  const read = socket.read.bind(socket);
  let resting = false;
  socket.read = (size?: number) => {
    if (resting || socket.destroyed) return null;
    const rest = guard.rest(performance.now());
    if (rest > 0) {
      resting = true;
      slowed.value += 1;
      setTimeout(() => {
        resting = false;
        socket.emit("readable");
      }, rest).unref();
      return null;
    }
    const chunk: Buffer | null = read(size);
    const why = chunk && guard.take(chunk);
    if (!why) return chunk;
    refused(why);
    socket.destroy();
    return null;
  };
  return guard;
}

/**
 * Waits for the first bytes of a socket, and says whether they begin a CONNECT. Whoever says nothing, or something else, has
 * cost a socket and a timer by then; behind this door stands a client with its parser, timers and queues.
 */
export function knocked(socket: Socket, within: number, answer: (why: string | undefined) => void): void {
  const timer = setTimeout(() => answer("silent"), within);
  socket.once("close", () => clearTimeout(timer));
  socket.once("readable", () => {
    clearTimeout(timer);
    const bytes: Buffer | null = socket.read();
    if (!bytes) return void socket.destroy();
    const why = notConnect(bytes);
    if (!why) socket.unshift(bytes);
    answer(why);
  });
}

const NAMES = ["\0\x04MQTT", "\0\x06MQIsdp"].map((name) => Buffer.from(name, "latin1"));

/** Why these bytes cannot be the beginning of a CONNECT; undefined while they can. */
export function notConnect(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== CONNECT) return "not MQTT";
  let length = 0;
  let at = 1;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 128 ** (at - 1);
    if (length > limits.connectBytes) return "packet too long";
    if (at > 4) return "not MQTT";
    if ((byte & 0x80) === 0) break;
  }
  const rest = Buffer.from(bytes.subarray(at + 1));
  const fits = NAMES.some((name) => {
    const most = Math.min(name.length, rest.length);
    return rest.subarray(0, most).equals(name.subarray(0, most));
  });
  return fits ? undefined : "not MQTT";
}
