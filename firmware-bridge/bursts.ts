import { BURST_BROKEN, BURST_SATURATED, type MessageOf } from "./message.ts";

/** The longest burst taken, in samples. */
export const BURST_MAX = 16_384;

/** How long a burst may pause before it is given up. */
const PAUSE_MAX = 3_000;

/** A burst as it came off the wire, whole. */
export interface RawBurst {
  channel: number;
  /** Node milliseconds of the first sample. */
  time: number;
  /** Hz; measured by the node where it can, else as announced. */
  rate: number;
  raw: Int16Array;
  saturated: boolean;
  reason: MessageOf<"burst-start">["reason"];
}

/** Puts one burst at a time together again. One missing piece, and the whole of it is dropped and counted. */
export class BurstAssembly {
  readonly counts = { whole: 0, dropped: 0 };
  #open: { start: MessageOf<"burst-start">; raw: Int16Array; length: number; heard: number } | undefined;

  start(start: MessageOf<"burst-start">, at: number): void {
    this.drop();
    if (start.count === 0 || start.count > BURST_MAX || start.rate === 0) this.counts.dropped += 1;
    else this.#open = { start, raw: new Int16Array(start.count), length: 0, heard: at };
  }

  chunk(chunk: MessageOf<"burst-chunk">, at: number): void {
    const open = this.#open;
    if (!open) return;
    const fits = chunk.burst === open.start.burst && open.length + chunk.raw.length <= open.raw.length;
    if (!fits || chunk.offset !== open.length) {
      this.drop();
      return;
    }
    open.raw.set(chunk.raw, open.length);
    open.length += chunk.raw.length;
    open.heard = at;
  }

  end(end: MessageOf<"burst-end">): RawBurst | undefined {
    const open = this.#open;
    if (!open) return undefined;
    const whole = end.burst === open.start.burst && open.length === open.raw.length && end.count === open.length;
    if (!whole || end.flags & BURST_BROKEN) {
      this.drop();
      return undefined;
    }
    this.#open = undefined;
    this.counts.whole += 1;
    const { channel, time, full, reason } = open.start;
    const announced = open.start.rate / 1_000;
    const measured = end.duration > 0 ? ((end.count - 1) * 1e6) / end.duration : announced;
    const saturated = (end.flags & BURST_SATURATED) !== 0 || (full > 0 && open.raw.some((v) => Math.abs(v) >= full));
    return { channel, time, rate: measured, raw: open.raw, saturated, reason };
  }

  tick(at: number): void {
    if (this.#open && at - this.#open.heard > PAUSE_MAX) this.drop();
  }

  drop(): void {
    if (this.#open) this.counts.dropped += 1;
    this.#open = undefined;
  }
}
