import { Fault } from "../../../gateway/core/fault.ts";
import { ModbusBus } from "../../../gateway/drivers/modbus/bus.ts";
import { crcFits } from "../../../gateway/drivers/modbus/crc.ts";
import { Debts } from "../../../gateway/drivers/modbus/debts.ts";
import { bytesOf, type Question } from "../../../gateway/drivers/modbus/question.ts";
import { RtuListener } from "../../../gateway/drivers/modbus/rtu.ts";
import { TcpListener } from "../../../gateway/drivers/modbus/tcp.ts";
import { uniform } from "../../noise.ts";
import { fill, InProcessWire, rightAnswer, sealed, VirtualTimer } from "./wire.ts";

/** What a proof found. `wrong` must be 0. */
export interface Proof {
  asked: number;
  /** Values accepted, and right. */
  right: number;
  /** Values accepted though a check could have refused their frame. */
  wrong: number;
  /** Sound frames with other data: nothing in Modbus can show that. */
  invisible: number;
  refused: number;
}

const TIMEOUT = 60;

/**
 * Polls on a line (`char` ms a character, 0 behind a serial server) whose slaves answer late, twice, in pieces, or never, in any mix. Each answer tells which question it
 * belongs to; a value that belongs to an earlier question, even to the very same one asked before, is wrong.
 */
export async function lateAnswers(polls: number, seed: number, char: number): Promise<Proof> {
  const next = uniform(seed);
  const timer = new VirtualTimer();
  const wire = new InProcessWire(timer, char);
  wire.behave = (_, right) => {
    const luck = next();
    if (luck < 0.05) return undefined;
    const delay = luck < 0.4 ? 5 : luck < 0.5 ? TIMEOUT * 1.1 : next() * 4 * TIMEOUT;
    const chunks = pieces(right, next);
    // Without a pace of its own a wire cannot show that a copy comes too early.
    return { delay, chunks: char > 0 && next() < 0.02 ? [...chunks, ...pieces(right, next)] : chunks };
  };
  const bus = new ModbusBus({
    name: "proof",
    framing: "rtu",
    open: wire.open,
    char,
    paced: char > 0,
    gap: Math.max(5, 3.5 * char),
    timer,
  });
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const serving = bus.serve(resolve);
  await opened;
  const proof: Proof = { asked: polls, right: 0, wrong: 0, invisible: 0, refused: 0 };
  for (let poll = 0; poll < polls; poll++) {
    const question = questions[Math.floor(next() * questions.length)] ?? questions[0];
    const answer = bus.exchange((line) => line.ask(question), TIMEOUT);
    try {
      const { bytes } = await timer.run(answer);
      if (bytes.equals(fill(Buffer.alloc(bytesOf(question)), wire.questions))) proof.right++;
      else proof.wrong++;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      proof.refused++;
      await timer.pass(next() * 100);
    }
  }
  await bus.close();
  await serving;
  return proof;
}

/** As an adapter hands them on: whatever has come every 16 ms, or less. */
function pieces(frame: Buffer, next: () => number): Buffer[] {
  const cut: Buffer[] = [];
  for (let from = 0; from < frame.length; from = cut.reduce((sum, piece) => sum + piece.length, 0))
    cut.push(frame.subarray(from, from + (next() < 0.8 ? 14 : 1 + Math.floor(next() * 13))));
  return cut;
}

/** Mostly the same two questions again and again, as in real life. */
const questions: readonly [Question, ...Question[]] = [
  { unit: 1, code: 3, at: 0, count: 10 },
  { unit: 1, code: 3, at: 0, count: 10 },
  { unit: 1, code: 3, at: 40, count: 10 },
  { unit: 1, code: 4, at: 7, count: 1 },
  { unit: 1, code: 1, at: 0, count: 8 },
  { unit: 2, code: 3, at: 0, count: 10 },
  { unit: 2, code: 3, at: 0, count: 125 },
];

/** Answers with something done to them, each heard while its question waits. */
export function mutatedFrames(frames: number, seed: number): Proof {
  const next = uniform(seed);
  const listener = new RtuListener(new Debts());
  const proof: Proof = { asked: frames, right: 0, wrong: 0, invisible: 0, refused: 0 };
  for (let n = 0; n < frames; n++) {
    const question = questions[n % questions.length] ?? questions[0];
    const sent = frameOf(question);
    const right = rightAnswer(sent, n);
    const bytes = mutated(right, sent, next);
    listener.ask(question, sent);
    const cut = next() < 0.3 ? Math.floor(next() * bytes.length) : 0;
    if (cut > 0) listener.bytes(bytes.subarray(0, cut));
    listener.bytes(bytes.subarray(cut));
    const heard = listener.silence();
    if (typeof heard !== "object") {
      proof.refused++;
    } else {
      const taken = listener.take(heard);
      if (taken.equals(right)) proof[isAnswerInBurst(bytes, right, sent) ? "right" : "wrong"]++;
      else if (isSound(taken, question) && isAnswerInBurst(bytes, taken, sent)) proof.invisible++;
      else proof.wrong++;
    }
    listener.stop();
  }
  return proof;
}

/** The oracle: written apart from the listener, from the specification. */
function isSound(frame: Uint8Array, question: Question): boolean {
  const refusal = frame.length === 5 && frame[1] === (question.code | 0x80);
  const data = frame.length === 5 + bytesOf(question) && frame[1] === question.code && frame[2] === bytesOf(question);
  return frame[0] === question.unit && (refusal || data) && crcFits(frame, 0, frame.length);
}

/** The whole burst is the frame, or our own question heard back and then the frame. */
const isAnswerInBurst = (burst: Uint8Array, frame: Uint8Array, sent: Uint8Array): boolean =>
  Buffer.compare(burst, frame) === 0 || Buffer.compare(burst, Buffer.concat([sent, frame])) === 0;

const frameOf = ({ unit, code, at, count }: Question): Buffer => {
  const frame = Buffer.alloc(8);
  frame.set([unit, code, at >> 8, at & 255, count >> 8, count & 255]);
  return sealed(frame);
};

/** Modbus TCP answers with another id, header, unit, function, byte count or length, glued or cut in pieces. */
export function mutatedTcpFrames(frames: number, seed: number): Proof {
  const next = uniform(seed);
  const proof: Proof = { asked: frames, right: 0, wrong: 0, invisible: 0, refused: 0 };
  let listener = new TcpListener();
  for (let n = 0; n < frames; n++) {
    const question = questions[n % questions.length] ?? questions[0];
    const adu = frameOf(question);
    const asked = listener.ask(question, adu);
    const right = Buffer.concat([asked.subarray(0, 6), rightAnswer(adu, n).subarray(0, -2)]);
    right.writeUInt16BE(right.length - 6, 4);
    const late = Buffer.from(right);
    late.writeUInt16BE((asked.readUInt16BE(0) + 65_535 - Math.floor(next() * 9)) & 0xffff, 0);
    const kind = Math.floor(next() * 5);
    const place = Math.floor(next() * 9);
    const changed = Buffer.from(right);
    changed[place] = next() * 256;
    const sent = [right, late, Buffer.concat([late, right]), changed, right.subarray(0, place)][kind] ?? right;
    const cut = Math.floor(next() * sent.length);
    const first = cut > 0 ? listener.bytes(sent.subarray(0, cut)) : undefined;
    // Whatever comes behind an answer finds no question any more.
    if (first !== undefined) listener.stop();
    const heard = first ?? listener.bytes(sent.subarray(cut));
    if (typeof first === "object") listener.bytes(sent.subarray(cut));
    const isRight = kind === 0 || kind === 2 || (kind === 3 && changed.equals(right));
    if (typeof heard !== "object") proof.refused++;
    else if (isRight && heard.equals(right.subarray(6))) proof.right++;
    else if (kind === 3 && place === 7 && changed[7] === (question.code | 0x80)) proof.invisible++;
    else proof.wrong++;
    if (isRight && typeof heard !== "object") throw new Error("a right answer was refused");
    listener.stop();
    // A connection that lost its place is opened anew, as the bus does.
    if (heard === "lost" || kind >= 3) listener = new TcpListener();
  }
  return proof;
}

type Mutation = (right: Buffer, sent: Buffer, next: () => number) => Buffer;

const at = (frame: Buffer, next: () => number): number => Math.floor(next() * frame.length);
const noise = (length: number, next: () => number): Buffer => Buffer.from(Array.from({ length }, () => next() * 256));

/** Everything that the copper, an adapter, another device or another master can do to a frame. */
const mutations: readonly Mutation[] = [
  (right) => right,
  (right, _, next) => flipped(right, next, 1),
  (right, _, next) => flipped(right, next, 1 + Math.floor(next() * 12)),
  (right, _, next) => right.subarray(0, at(right, next)),
  (right, _, next) => Buffer.concat([right, noise(1 + next() * 8, next)]),
  (right, _, next) => Buffer.concat([noise(1 + next() * 50, next), right]),
  (right) => Buffer.concat([right, right]),
  (right, sent) => Buffer.concat([sent, right]),
  (_, sent) => sent,
  (right, sent) => Buffer.concat([sent, sent, right]),
  (right, _, next) => Buffer.concat([right.subarray(0, at(right, next)), right]),
  (right, _, next) => resealed(right, at(right, next), next() * 256),
  (right, _, next) => resealed(right, Math.floor(next() * 3), next() * 256),
  (right, _, next) => resized(right, Math.floor(next() * 260)),
  (right, _, next) => sealed(Buffer.concat([right.subarray(0, -2), noise(3 + next() * 4, next)])),
  (right, _, next) => sealed(Buffer.from([right[0] ?? 0, (right[1] ?? 0) | 0x80, next() * 12, 0, 0])),
  (_, __, next) => noise(1 + next() * 300, next),
  (_, __, next) => sealed(noise(5 + next() * 250, next)),
];

const mutated: Mutation = (right, sent, next) =>
  (mutations[Math.floor(next() * mutations.length)] ?? mutations[0])?.(right, sent, next) ?? right;

function flipped(frame: Buffer, next: () => number, times: number): Buffer {
  const copy = Buffer.from(frame);
  for (let i = 0; i < times; i++) {
    const place = at(copy, next);
    copy[place] = (copy[place] ?? 0) ^ (1 << Math.floor(next() * 8));
  }
  return copy;
}

function resealed(frame: Buffer, place: number, byte: number): Buffer {
  const copy = Buffer.from(frame);
  copy[place] = byte;
  return sealed(copy);
}

/** Another length with a byte count and a CRC to match: the answer to another question. */
function resized(frame: Buffer, data: number): Buffer {
  const copy = Buffer.alloc(5 + data);
  frame.copy(copy, 0, 0, Math.min(frame.length, copy.length));
  copy[2] = data;
  return sealed(copy);
}
