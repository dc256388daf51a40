import type { AlarmEvent } from "../../gateway/core/alarm.ts";
import type { Cells, Change, Entry, Log } from "../../gateway/core/log.ts";
import { steadyMs } from "../../gateway/core/time.ts";

/** A log and its cells in memory, for tests of what follows them. One `commit` is all or nothing, as on disk. */
export class Memory<T> implements Cells {
  readonly entries: Entry<T>[] = [];
  readonly notices: Entry<AlarmEvent>[] = [];
  readonly cursors = new Map<string, number>();
  commits = 0;
  /** While true the disk is broken. */
  broken = false;
  #cells = new Map<string, string>();
  #leap = 0;
  #waiting: (() => void)[] = [];

  readonly log: Log<T> = {
    append: async () => {
      throw new Error("use put()");
    },
    after: async (seq, limit) => this.entries.filter((entry) => entry.seq > seq).slice(0, limit),
    grown: () => new Promise((resolve) => this.#waiting.push(resolve)),
    head: () => ({ newest: this.entries.at(-1)?.seq ?? 0, oldest: this.entries[0]?.seq ?? 0 }),
    trim: async () => ({ removed: 0, purged: {} }),
    count: (after, until) => this.entries.filter(({ seq }) => seq > after && seq <= until).length,
  };

  /** A run has ended without warning: the numbers that it had reserved are never used. */
  leap(): void {
    this.#leap = 10_000_000;
  }

  put(item: T, steady: number): Entry<T> {
    const seq = (this.entries.at(-1)?.seq ?? 0) + 1 + this.#leap;
    this.#leap = 0;
    const entry: Entry<T> = { seq, boot: 1, steady: steadyMs(steady), tq: "synced", item };
    this.entries.push(entry);
    for (const wake of this.#waiting.splice(0)) wake();
    return entry;
  }

  async load(kind: string): Promise<Map<string, unknown>> {
    const found = [...this.#cells].filter(([key]) => key.startsWith(`${kind}\0`));
    return new Map(found.map(([key, value]) => [key.slice(kind.length + 1), JSON.parse(value)]));
  }

  async commit({ cells = [], notices = [], cursor }: Change): Promise<void> {
    await Promise.resolve();
    if (this.broken) throw new Error("disk is broken");
    this.commits++;
    for (const { kind, key, value } of cells) {
      if (value === null) this.#cells.delete(`${kind}\0${key}`);
      else this.#cells.set(`${kind}\0${key}`, JSON.stringify(value));
    }
    for (const item of notices)
      this.notices.push({ seq: this.notices.length + 1, boot: 1, steady: steadyMs(0), tq: "synced", item });
    if (cursor) this.cursors.set(cursor.follower, cursor.seq);
  }
}
