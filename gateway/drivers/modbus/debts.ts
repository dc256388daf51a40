import type { Ms } from "../../core/time.ts";
import { answerLength, isWrite, type Question } from "./question.ts";

/** How long after its question an answer may still turn up: serial servers and radio bridges queue for seconds. */
export const LATEST: Ms = 15_000;

interface Debt {
  readonly unit: number;
  readonly code: number;
  readonly length: number;
  readonly until: Ms;
  /** Reads past what the map is known to hold: its answer may well be a refusal. */
  readonly wide: boolean;
}

/**
 * Answers that a line still owes us: asked for, not received. RTU cannot tell such a late answer from the right one when both
 * have the same unit, function and length, so a question of an owed shape is not asked at all: a probe of another length goes
 * first, and once it is answered the older answers are through (a slave answers in the order it was asked).
 */
export class Debts {
  #owed: Debt[] = [];

  owe(question: Question, now: Ms, wide: boolean): void {
    const { unit, code } = question;
    this.#owed.push({ unit, code, length: answerLength(question), until: now + LATEST, wide });
  }

  /** The device answered a question that no older answer can be mistaken for: nothing older is to come. */
  clear(unit: number): void {
    if (this.#owed.length > 0) this.#owed = this.#owed.filter((debt) => debt.unit !== unit);
  }

  /** Whether anything is owed by that unit. */
  owes(unit: number, now: Ms): boolean {
    if (this.#owed.length === 0) return false;
    this.#owed = this.#owed.filter((debt) => debt.until > now);
    return this.#owed.some((debt) => debt.unit === unit);
  }

  /** Whether a refusal now must be the answer to the newest question: nothing owed would be refused. */
  refusalsClear(unit: number): boolean {
    return !this.#owed.some((debt) => debt.unit === unit && debt.wide);
  }

  isFree(question: Question): boolean {
    const length = answerLength(question);
    return !this.#owed.some((d) => d.unit === question.unit && d.code === question.code && d.length === length);
  }

  /** A question about the same place whose answer nobody can mistake; undefined while every length is owed. */
  probe(question: Question): { question: Question; wide: boolean } | undefined {
    if (isWrite(question)) return undefined;
    const most = question.code <= 2 ? 2000 : 125;
    const step = question.code <= 2 ? 8 : question.count % 2 === 0 ? 2 : 1;
    for (let count = Math.min(step, question.count); count < question.count; count += step) {
      const shorter = { ...question, count };
      if (this.isFree(shorter)) return { question: shorter, wide: false };
    }
    for (let count = question.count; count <= Math.min(most, question.count + 8 * step); count += step) {
      const longer = { ...question, count };
      if (this.isFree(longer)) return { question: longer, wide: count > question.count };
    }
    return undefined;
  }

  /** Strikes the debt that this sound frame pays, if any. */
  pays(frame: Uint8Array, length: number): boolean {
    const index = this.#owed.findIndex(
      (debt) => debt.unit === frame[0] && debt.code === frame[1] && debt.length === length,
    );
    if (index >= 0) this.#owed.splice(index, 1);
    return index >= 0;
  }
}
