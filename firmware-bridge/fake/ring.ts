import { ACK_GAP, type MessageOf, type Sample } from "../message.ts";

const RESEND_AFTER = 500;
const SAMPLES_PER_FRAME = 50;

/**
 * The samples that the gateway has not saved yet, and how far it has been told. `sent` runs ahead; when answers stay away, or
 * say that a frame is missing, it goes back behind the last sample that was received.
 */
export class SampleRing {
  lost = 0;
  readonly #room: number;
  readonly #samples: Sample[] = [];
  #oldest = 1;
  #sent = 0;
  #received = 0;
  /** When `received` last moved, or when waiting for it began. */
  #moved = 0;

  constructor(room: number) {
    this.#room = room;
  }

  get oldest(): number {
    return this.#oldest;
  }

  get waiting(): number {
    return this.#samples.length;
  }

  get room(): number {
    return this.#room - this.#samples.length;
  }

  keep(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length <= this.#room) return;
    this.#samples.shift();
    this.#oldest += 1;
    this.lost += 1;
    this.#received = Math.max(this.#received, this.#oldest - 1);
    this.#sent = Math.max(this.#sent, this.#received);
  }

  /** What to send now, if anything. */
  next(now: number): { oldest: number; first: number; samples: Sample[] } | undefined {
    if (this.#sent > this.#received && now - this.#moved >= RESEND_AFTER) this.#rewind(now);
    const first = this.#sent + 1;
    const samples = this.#samples.slice(first - this.#oldest, first - this.#oldest + SAMPLES_PER_FRAME);
    if (samples.length === 0) return undefined;
    if (this.#sent === this.#received) this.#moved = now;
    this.#sent += samples.length;
    return { oldest: this.#oldest, first, samples };
  }

  acknowledged(ack: MessageOf<"ack">, now: number): void {
    const newest = this.#oldest + this.#samples.length - 1;
    if (ack.saved > newest || ack.received > newest) return;
    const gone = Math.max(0, ack.saved - this.#oldest + 1);
    this.#samples.splice(0, gone);
    this.#oldest += gone;
    if (ack.received > this.#received) this.#moved = now;
    this.#received = Math.max(this.#received, ack.received);
    this.#sent = Math.max(this.#sent, this.#received);
    if (ack.flags & ACK_GAP) this.#rewind(now);
  }

  /** A gateway that may have forgotten everything but what it saved. */
  again(now: number): void {
    this.#received = this.#oldest - 1;
    this.#rewind(now);
  }

  #rewind(now: number): void {
    this.#sent = this.#received;
    this.#moved = now;
  }
}
