import type { Entry, Log } from "../../../gateway/core/log.ts";
import { steadyMs } from "../../../gateway/core/time.ts";

/** A log without a disk: the same contract, for tests of those who follow one. */
export class MemoryLog<T> implements Log<T> {
  readonly entries: Entry<T>[] = [];
  #wake: (() => void)[] = [];

  async append(items: readonly T[]): Promise<number> {
    for (const item of items) {
      const seq = this.entries.length + 1;
      this.entries.push({ seq, boot: 1, steady: steadyMs(seq * 1_000), tq: "synced", item });
    }
    for (const wake of this.#wake.splice(0)) wake();
    return this.entries.length;
  }

  async after(seq: number, limit: number): Promise<readonly Entry<T>[]> {
    return this.entries.slice(seq, seq + limit);
  }

  grown(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  head(): { newest: number; oldest: number } {
    return { newest: this.entries.length, oldest: this.entries.length > 0 ? 1 : 0 };
  }

  async trim() {
    return { removed: 0, purged: {} };
  }
}
