import type { Verdict } from "../../core/driver.ts";
import { crcFits } from "./crc.ts";
import type { Debts } from "./debts.ts";
import {
  answerLength,
  beginsLikeAnswer,
  beginsLikeRefusal,
  isWrite,
  QUESTION_LENGTH,
  type Question,
  REFUSAL_LENGTH,
} from "./question.ts";

/** What a line has heard that was no answer; the wiring doctor reads these. */
export interface LineCounts {
  /** Frames whose CRC did not fit. */
  crc: number;
  /** Sound frames that nobody asked for: another unit, function or length. */
  foreign: number;
  /** Questions of another master. */
  masters: number;
  /** Answers that came after their time was over. */
  late: number;
  /** Our own question heard back. */
  echo: number;
  /** Answers that stopped halfway. */
  cut: number;
  /** Answers that were complete before they can have been sent. */
  early: number;
}

export const noCounts = (): LineCounts => ({ crc: 0, foreign: 0, masters: 0, late: 0, echo: 0, cut: 0, early: 0 });

/** The answer's place in the buffer, or why there is none: not yet (`more`), or never from these bytes (`noise`). */
export type Heard = { readonly from: number; readonly to: number } | "more" | "noise";

/** The longest RTU frame, an echo before it, and as much noise again. */
const ROOM = 600;

/**
 * Listens on an RTU line. RTU has no transaction id, so a frame is an answer only if unit, function, byte count, length and CRC
 * are the question's, silence stands behind it, and nothing else came in the same burst but the echo of the question. Answers of
 * a length that an earlier question may still bring are excluded beforehand, by asking no such question (see `Debts`).
 * Pure: bytes in, verdicts out.
 */
export class RtuListener {
  readonly buffer = Buffer.alloc(ROOM);
  readonly counts = noCounts();
  /** The line gives back what we send. */
  echoes = false;
  /** Units whose answers came after their time was over. */
  readonly tardy = new Set<number>();
  /** What the last question met, if not an answer. */
  met: "nothing" | keyof LineCounts = "nothing";
  readonly #debts: Debts;
  readonly #heard: (bytes: Uint8Array, verdict: Verdict) => void;
  #length = 0;
  #sent: Uint8Array = new Uint8Array(0);
  #question: Question | undefined;

  /** `heard` gets every burst of bytes with what became of it. */
  constructor(debts: Debts, heard: (bytes: Uint8Array, verdict: Verdict) => void = () => undefined) {
    this.#debts = debts;
    this.#heard = heard;
  }

  /** Nothing stands in the buffer: the next byte begins a burst. */
  get isIdle(): boolean {
    return this.#length === 0;
  }

  ask(question: Question, sent: Uint8Array): void {
    this.#question = question;
    this.#sent = sent;
    this.#length = 0;
    this.met = "nothing";
  }

  /** The question is over. What still stands in the buffer is judged. */
  stop(): void {
    if (this.#length > 0) this.#judge();
    this.#question = undefined;
  }

  bytes(chunk: Uint8Array): Heard {
    const room = Math.min(chunk.length, ROOM - this.#length);
    this.buffer.set(room === chunk.length ? chunk : chunk.subarray(0, room), this.#length);
    this.#length += room;
    return room < chunk.length ? "noise" : this.#look();
  }

  /** The line has been silent for 3.5 characters: the answer, or keep waiting. What cannot become one is thrown away. */
  silence(): Heard {
    const heard = this.#look();
    // After another master's question, what sounds like our answer may be its answer.
    if (typeof heard === "object" && this.met !== "masters") return heard;
    if (heard === "more" && this.#length > 0) return "more";
    if (this.#length > 0) this.#judge();
    return "more";
  }

  /** The answer, taken out of the buffer. */
  take({ from, to }: { from: number; to: number }): Buffer {
    this.#heard(this.buffer.subarray(0, to), "accepted");
    this.#length = 0;
    return Buffer.from(this.buffer.subarray(from, to));
  }

  /** The answer was complete before it can have been sent: throw it away. */
  refuseEarly(): void {
    this.#note("early");
  }

  #look(): Heard {
    const question = this.#question;
    if (!question) return "noise";
    const plain = this.#fits(question, 0);
    const settled = typeof plain === "object" && !(this.echoes && isWrite(question));
    if (settled || !this.#beginsWithEcho()) return plain;
    if (this.#length <= QUESTION_LENGTH) return "more";
    const behind = this.#fits(question, QUESTION_LENGTH);
    if (typeof behind === "object" && !this.echoes) {
      this.echoes = true;
      this.counts.echo++;
    }
    return behind === "noise" ? plain : behind;
  }

  #fits(question: Question, from: number): Heard {
    const to = this.#length;
    if (to - from >= 2 && beginsLikeRefusal(question, this.buffer, from, to)) return this.#ends(from, REFUSAL_LENGTH);
    return beginsLikeAnswer(question, this.buffer, from, to) ? this.#ends(from, answerLength(question)) : "noise";
  }

  #ends(from: number, length: number): Heard {
    const to = from + length;
    if (this.#length < to) return "more";
    return this.#length === to && crcFits(this.buffer, from, to) ? { from, to } : "noise";
  }

  #beginsWithEcho(): boolean {
    const compared = Math.min(this.#length, QUESTION_LENGTH);
    for (let i = 0; i < compared; i++) if (this.buffer[i] !== this.#sent[i]) return false;
    return true;
  }

  /** Counts what the bytes in the buffer were, now that they were not the answer, and throws them away. */
  #judge(): void {
    const question = this.#question;
    const length = this.#length;
    if (question && length === QUESTION_LENGTH && this.#beginsWithEcho()) {
      this.echoes = true;
      this.#note("echo");
    } else if (crcFits(this.buffer, 0, length)) {
      this.#note(this.#sound(length));
    } else {
      const prefix = question && length < answerLength(question) && beginsLikeAnswer(question, this.buffer, 0, length);
      this.#note(prefix ? "cut" : "crc");
    }
  }

  #sound(length: number): keyof LineCounts {
    if (this.#debts.pays(this.buffer, length)) {
      this.tardy.add(this.buffer[0] ?? 0);
      return "late";
    }
    const code = this.buffer[1] ?? 0;
    return length === QUESTION_LENGTH && code >= 1 && code <= 6 ? "masters" : "foreign";
  }

  #note(kind: keyof LineCounts): void {
    this.counts[kind]++;
    this.#heard(this.buffer.subarray(0, this.#length), kind);
    this.#length = 0;
    // A late answer or an echo explains nothing about the question itself, and another master overrides all.
    if (this.#question && this.met !== "masters" && kind !== "late" && kind !== "echo") this.met = kind;
  }
}
