import { isBits, readCode, type Table } from "./profile.ts";

/** One read as it goes over the wire. */
export interface Question {
  readonly unit: number;
  /** The function code: 1 to 4 to read, 5 or 6 for a declared output. */
  readonly code: number;
  readonly at: number;
  /** How many; for a write the value. */
  readonly count: number;
}

export const readOf = (unit: number, table: Table, at: number, count: number): Question => ({
  unit,
  code: readCode[table],
  at,
  count,
});

export const isWrite = (question: Question): boolean => question.code > 4;

/** Data bytes that the one right answer has; the only thing by which two answers of a device to the same function differ. */
export const bytesOf = (question: Question): number =>
  question.code <= 2 ? Math.ceil(question.count / 8) : 2 * question.count;

/** Length of the right answer as an RTU frame. */
export const answerLength = (question: Question): number => (isWrite(question) ? 8 : 5 + bytesOf(question));

/** Length of the question itself as an RTU frame. */
export const QUESTION_LENGTH = 8;

/** Whether `bytes[from..)` begins like an answer to the question: unit, function, byte count (or the written address and value). */
export function beginsLikeAnswer(question: Question, bytes: Uint8Array, from: number, to: number): boolean {
  if (to > from && bytes[from] !== question.unit) return false;
  if (to > from + 1 && bytes[from + 1] !== question.code) return false;
  if (!isWrite(question)) return to <= from + 2 || bytes[from + 2] === bytesOf(question);
  return (
    (to <= from + 2 || bytes[from + 2] === question.at >> 8) &&
    (to <= from + 3 || bytes[from + 3] === (question.at & 0xff)) &&
    (to <= from + 4 || bytes[from + 4] === question.count >> 8) &&
    (to <= from + 5 || bytes[from + 5] === (question.count & 0xff))
  );
}

/** Whether `bytes[from..)` begins like the device's refusal (an exception frame). */
export const beginsLikeRefusal = (question: Question, bytes: Uint8Array, from: number, to: number): boolean =>
  (to <= from || bytes[from] === question.unit) && (to <= from + 1 || bytes[from + 1] === (question.code | 0x80));

export const REFUSAL_LENGTH = 5;

/** Most that one request may ask of a table. */
export const mostOf = (table: Table): number => (isBits(table) ? 2000 : 125);
