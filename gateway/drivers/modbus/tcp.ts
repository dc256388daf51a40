import type { Verdict } from "../../core/driver.ts";
import { beginsLikeAnswer, beginsLikeRefusal, bytesOf, isWrite, type Question } from "./question.ts";
import { noCounts } from "./rtu.ts";

const HEADER = 7;
/** The longest answer, its header, and a second one behind it. */
const ROOM = 2 * 260;

/**
 * Listens on a Modbus TCP connection. The transaction id tells answers apart, so a late one is simply dropped; unit, function and
 * byte count are checked all the same. A header that cannot be one means that the stream has lost its place: only a new
 * connection brings it back.
 */
export class TcpListener {
  readonly counts = noCounts();
  met: "nothing" | "foreign" | "late" = "nothing";
  readonly #buffer = Buffer.alloc(ROOM);
  #length = 0;
  #id = 0;
  #question: Question | undefined;
  readonly #heard: (bytes: Uint8Array, verdict: Verdict) => void;

  /** `heard` gets every frame with what became of it. */
  constructor(heard: (bytes: Uint8Array, verdict: Verdict) => void = () => undefined) {
    this.#heard = heard;
  }

  /** The frame to send: the RTU frame without its CRC behind a new header. */
  ask(question: Question, adu: Uint8Array): Buffer {
    this.#question = question;
    this.#id = (this.#id + 1) & 0xffff;
    this.met = "nothing";
    const frame = Buffer.alloc(6 + adu.length - 2);
    frame.writeUInt16BE(this.#id, 0);
    frame.writeUInt16BE(adu.length - 2, 4);
    frame.set(adu.subarray(0, -2), 6);
    return frame;
  }

  stop(): void {
    this.#question = undefined;
  }

  /** A new connection: nothing of the old stream counts. */
  reset(): void {
    this.#length = 0;
  }

  /** The answer from its unit on; undefined while it is not there; "lost" where the stream is. */
  bytes(chunk: Uint8Array): Buffer | "lost" | undefined {
    if (this.#length + chunk.length > ROOM) return this.#lost(chunk);
    this.#buffer.set(chunk, this.#length);
    this.#length += chunk.length;
    let answer: Buffer | undefined;
    while (this.#length >= HEADER) {
      const size = this.#buffer.readUInt16BE(4);
      if (this.#buffer.readUInt16BE(2) !== 0 || size < 3 || size > 254)
        return this.#lost(this.#buffer.subarray(0, this.#length));
      if (this.#length < 6 + size) break;
      answer = this.#frame(size) ?? answer;
      this.#buffer.copyWithin(0, 6 + size, this.#length);
      this.#length -= 6 + size;
    }
    return answer;
  }

  #lost(bytes: Uint8Array): "lost" {
    this.#heard(bytes, "lost");
    return "lost";
  }

  #frame(size: number): Buffer | undefined {
    const question = this.#question;
    const frame = this.#buffer.subarray(0, 6 + size);
    if (!question || this.#buffer.readUInt16BE(0) !== this.#id) {
      this.counts.late++;
      this.#heard(frame, "late");
      return undefined;
    }
    const body = frame.subarray(6);
    const right = isWrite(question) ? 6 : 3 + bytesOf(question);
    const fits = size === right && beginsLikeAnswer(question, body, 0, size);
    if (!fits && !(size === 3 && beginsLikeRefusal(question, body, 0, size))) {
      this.counts.foreign++;
      this.#heard(frame, "foreign");
      this.met = "foreign";
      return undefined;
    }
    this.#heard(frame, "accepted");
    return Buffer.from(body);
  }
}
