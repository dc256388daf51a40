import type { Ms } from "../../../gateway/core/time.ts";
import type { OpenPipe, PipeEvents } from "../../../gateway/drivers/lib/pipe.ts";
import { crc16 } from "../../../gateway/drivers/modbus/crc.ts";
import type { Timer } from "../../../gateway/drivers/modbus/timer.ts";

/** Virtual time for a wire: nothing happens but when `run` lets the next timer fire. */
export class VirtualTimer implements Timer {
  #now: Ms = 0;
  #heap: { at: Ms; order: number; call: () => void; cancelled: boolean }[] = [];
  #order = 0;

  now(): Ms {
    return this.#now;
  }

  after(ms: Ms, call: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, ms), order: this.#order++, call, cancelled: false };
    // Few timers wait at any time, so a sorted list is the fastest heap there is.
    let place = this.#heap.length;
    while (place > 0 && (this.#heap[place - 1]?.at ?? 0) > entry.at) place--;
    this.#heap.splice(place, 0, entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Fires timers in their order until the promise has settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    promise.then(end, end);
    await turn();
    while (!over) {
      this.#fire();
      await turn();
    }
    return promise;
  }

  /** Lets `ms` pass. */
  async pass(ms: Ms): Promise<void> {
    await this.run(new Promise<void>((resolve) => void this.after(ms, resolve)));
  }

  #fire(): void {
    for (;;) {
      const next = this.#heap.shift();
      if (!next) throw new Error("everybody waits and nothing is going to happen");
      if (next.cancelled) continue;
      this.#now = next.at;
      next.call();
      return;
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What an in-process slave does with one question: when it answers (`undefined`: never), with which chunks. */
export type Behaviour = (frame: Buffer, right: Buffer) => { delay: Ms; chunks: readonly Uint8Array[] } | undefined;

/**
 * The far end of an in-process wire: slaves that take questions in order and answer in order, each as late as `behave` says.
 * Every register holds a number that belongs to the question (its place in the sequence), so that an answer shows which
 * question it answers.
 */
export class InProcessWire {
  /** Questions received so far; the newest one has this number. */
  questions = 0;
  /** How often the wire was opened. */
  opened = 0;
  behave: Behaviour = (_, right) => ({ delay: 5, chunks: [right] });
  /** Answers that a slave has not sent yet; more questions than that are lost, as in a real serial buffer. */
  static readonly queue = 8;
  readonly #timer: VirtualTimer;
  readonly #char: Ms;
  #events: PipeEvents | undefined;
  readonly #free = new Map<number, { at: Ms; waiting: number }>();

  constructor(timer: VirtualTimer, char: Ms) {
    this.#timer = timer;
    this.#char = char;
  }

  readonly open: OpenPipe = async (events) => {
    this.#events = events;
    this.opened++;
    return { write: (bytes) => this.#receive(Buffer.from(bytes)), close: async () => undefined };
  };

  /** Bytes that nobody asked for. */
  say(bytes: Uint8Array): void {
    this.#events?.bytes(bytes);
  }

  #receive(frame: Buffer): void {
    this.questions++;
    const { delay, chunks } = this.behave(frame, rightAnswer(frame, this.questions)) ?? { delay: 0, chunks: [] };
    const unit = this.#free.get(frame[0] ?? 0) ?? { at: 0, waiting: 0 };
    this.#free.set(frame[0] ?? 0, unit);
    if (chunks.length === 0 || unit.waiting >= InProcessWire.queue) return;
    let at = Math.max(unit.at, this.#timer.now() + frame.length * this.#char + delay);
    unit.waiting++;
    for (const [index, chunk] of chunks.entries()) {
      at += chunk.length * this.#char;
      const last = index === chunks.length - 1;
      this.#timer.after(at - this.#timer.now(), () => {
        if (last) unit.waiting--;
        this.#events?.bytes(chunk);
      });
    }
    unit.at = at;
  }
}

/** What a healthy slave answers to the n-th question. */
export function rightAnswer(frame: Buffer, n: number): Buffer {
  const code = frame[1] ?? 0;
  if (code > 4) return Buffer.from(frame);
  const count = frame.readUInt16BE(4);
  const bytes = code <= 2 ? Math.ceil(count / 8) : 2 * count;
  const answer = Buffer.alloc(5 + bytes);
  answer[0] = frame[0] ?? 0;
  answer[1] = code;
  answer[2] = bytes;
  fill(answer.subarray(3, 3 + bytes), n);
  return sealed(answer);
}

/** The data of the n-th question's answer. */
export function fill(data: Buffer, n: number): Buffer {
  for (let i = 0; i < data.length; i++) data[i] = (n >> (8 * (i & 3))) + 31 * (i >> 2);
  return data;
}

/** Puts the right CRC into the last two bytes. */
export function sealed(frame: Buffer): Buffer {
  frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
  return frame;
}
