import type { Ms } from "../../core/time.ts";

/** How long a batch may wait for the disk before its samples are asked for again. */
const GIVEN_UP_AFTER: Ms = 60_000;
const OPEN_MAX = 500;

/**
 * Which of the batches handed on are on disk. A node forgets everything up to what it is told, so it is only told of a batch
 * when all those before it are saved too.
 */
export class Receipts {
  #open: { boot: number; last: number; at: Ms; saved: boolean }[] = [];
  readonly #told: (boot: number, last: number) => void;

  constructor(told: (boot: number, last: number) => void) {
    this.#told = told;
  }

  /** Whether one more batch may be handed on. */
  get room(): boolean {
    return this.#open.length < OPEN_MAX;
  }

  /** What to call once this batch is on disk. */
  open(boot: number, last: number, at: Ms): () => void {
    const receipt = { boot, last, at, saved: false };
    this.#open.push(receipt);
    return () => {
      receipt.saved = true;
      let done: typeof receipt | undefined;
      while (this.#open[0]?.saved) done = this.#open.shift();
      if (done) this.#told(done.boot, done.last);
    };
  }

  /** True once when the disk has kept a batch waiting too long, or lost it: everything open is forgotten. */
  givenUp(at: Ms): boolean {
    const [first] = this.#open;
    if (!first || at - first.at < GIVEN_UP_AFTER) return false;
    this.#open = [];
    return true;
  }
}
