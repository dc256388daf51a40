import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** One line of a program that says what it does: a word, a number, and when (see `now`). */
export interface Moment {
  word: string;
  n: number;
  at: number;
}

/** Milliseconds on the machine's monotonic clock, which all its processes share. */
export const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** How long the command that freezes may take to say that it has. */
const MARGIN = 5;

/** The talking program's side. */
export function say(word: string, n: number): void {
  process.stdout.write(`${word} ${n} ${now()}\n`);
}

/** A program under test that says what it does, as heard by who is about to kill it. */
export class Talker {
  readonly child: ChildProcess;
  readonly #moments: Moment[] = [];
  #waiting: { word: string; heard(moment: Moment): void }[] = [];

  private constructor(child: ChildProcess, lines: Readable) {
    this.child = child;
    createInterface({ input: lines }).on("line", (line) => {
      const [word = "", n, at] = line.split(" ");
      const moment = { word, n: Number(n), at: Number(at) };
      this.#moments.push(moment);
      const [mine, others] = [true, false].map((is) => this.#waiting.filter((one) => (one.word === word) === is));
      this.#waiting = others ?? [];
      for (const one of mine ?? []) one.heard(moment);
    });
  }

  /** Resolves when it has said `open`. `through`: a program to run it under. */
  static async start(program: string, args: readonly string[], through: readonly string[] = []): Promise<Talker> {
    const [command = process.execPath, ...rest] = [...through, process.execPath, program, ...args];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    const talker = new Talker(child, child.stdout);
    const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`)));
    await Promise.race([talker.next("open"), ended]);
    ended.catch(() => undefined); // From now on it is meant to be killed.
    return talker;
  }

  /** The next time it says that word. */
  next(word: string): Promise<Moment> {
    return new Promise((heard) => this.#waiting.push({ word, heard }));
  }

  /** The largest number that it said with that word, up to a moment; −1 before it said any. */
  largest(word: string, upTo = Number.POSITIVE_INFINITY): number {
    return this.#moments.reduce(
      (most, one) => (one.word === word && one.at <= upTo ? Math.max(most, one.n) : most),
      -1,
    );
  }

  /** Whether a freeze of its disk stopped it between `begin-…` and `end-…`: begun before, ended only after the thaw. */
  caughtIn(stretch: string, { frozenAt, thawedAt }: { frozenAt: number; thawedAt: number }): boolean {
    const last = (word: string, upTo: number) => this.#moments.findLast((one) => one.word === word && one.at <= upTo);
    const begun = last(`begin-${stretch}`, frozenAt - MARGIN);
    const ended = last(`end-${stretch}`, thawedAt);
    return begun !== undefined && (ended === undefined || ended.n < begun.n);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
  }
}
