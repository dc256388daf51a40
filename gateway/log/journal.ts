import { Fault } from "../core/fault.ts";
import type { Cell, Entry, Log, Trimmed } from "../core/log.ts";
import type { Series } from "../core/meter.ts";
import type { Ms, SteadyMs } from "../core/time.ts";
import { behind, type Place } from "./places.ts";
import type { Gap, Row } from "./protocol.ts";
import { type JournalParts, type Queue, timeOf } from "./queue.ts";

/** Rows of one log that one transaction takes: more would make the others wait. */
const ROWS_PER_COMMIT = 20;

/** One log: the newest entries in memory, the rest on disk, what is not on disk yet at its end. */
export class Journal<T> implements Log<T>, Queue {
  readonly followers = new Set<string>();
  /** Seqs that hold nothing, ready for the next commit. */
  lost: Gap[] = [];
  #gaps: Gap[];
  readonly #parts: JournalParts<T>;
  #entries: Entry<T>[] = [];
  /** Everything after this seq is in memory. */
  #floor: number;
  #next: number;
  #oldest: number;
  #newest: number;
  #committed: number;
  #reserved: number;
  /** Up to here a commit is under way. */
  #underWay = 0;
  #since: Ms | undefined;
  #waiters: { upTo: number; along: readonly Cell[]; resolve(seq: number): void; reject(error: Error): void }[] = [];
  #growth = Promise.withResolvers<void>();
  readonly #accepted: Series;
  readonly #stored: Series;

  constructor(parts: JournalParts<T>) {
    this.#parts = parts;
    this.#gaps = [...parts.gaps];
    this.#floor = this.#newest = this.#committed = parts.newest;
    this.#oldest = parts.oldest;
    this.#next = parts.next;
    this.#reserved = parts.reserved;
    this.#accepted = parts.meters.counter(`${parts.name}_accepted_total`, `Entries taken into the ${parts.name} log`);
    this.#stored = parts.meters.counter(`${parts.name}_stored_total`, `Entries of the ${parts.name} log on disk`);
  }

  append(items: readonly T[], monotonic?: readonly Ms[], along: readonly Cell[] = []): Promise<number> {
    if (items.length === 0) return Promise.resolve(this.#newest);
    const { clock, look, stamp, bound } = this.#parts;
    const now = clock.monotonic();
    look?.();
    items.forEach((item, i) => void this.#entries.push(stamp(item, monotonic?.[i] ?? now, this.#next++)));
    this.#newest = this.#next - 1;
    this.#accepted.value += items.length;
    this.#since ??= now;
    const waiter = Promise.withResolvers<number>();
    // A caller that does not care whether its readings are saved need not say so.
    waiter.promise.catch(() => undefined);
    this.#waiters.push({ upTo: this.#newest, along, resolve: waiter.resolve, reject: waiter.reject });
    if (this.waiting > bound) this.#drop(this.waiting - bound);
    this.#parts.work();
    if (this.#parts.degraded()) this.#grow();
    return waiter.promise;
  }

  async after(seq: number, limit: number): Promise<readonly Entry<T>[]> {
    if (seq >= this.#floor) return this.#fromMemory(seq, limit);
    const floor = this.#floor;
    const found: Entry<T>[] = [];
    for (const row of await this.#parts.read(seq, limit)) {
      for (const entry of this.#parts.codec.unpack(row.body, row.first, this.#parts.names) ?? this.#damaged(row))
        if (entry.seq > seq && found.length < limit) found.push(this.#parts.settle(entry));
    }
    return found.length > 0 ? found : this.#fromMemory(floor, limit);
  }

  grown(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (!signal) return this.#growth.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Listeners must not pile up on a signal that lives as long as the gateway.
    const grown = () => {
      signal.removeEventListener("abort", grown);
      resolve();
    };
    signal.addEventListener("abort", grown, { once: true });
    void this.#growth.promise.then(grown);
    return promise;
  }

  head(): { newest: number; oldest: number } {
    const newest = this.#parts.degraded() ? Math.min(this.#newest, this.#reserved - 1) : this.#committed;
    return { newest, oldest: this.#oldest || (this.#entries[0]?.seq ?? 0) };
  }

  trim(): Promise<Trimmed> {
    return this.#parts.tidy();
  }

  /** What a follower finds waiting, and what was stored before it first came: without these its ledger would not add up. */
  hold(follower: string, place: Place): void {
    this.followers.add(follower);
    const { meters, name: log } = this.#parts;
    const waiting = behind(this, place, this.head().newest) - this.#stored.value;
    const count = (name: string, help: string, value: number) => {
      meters.counter(name, help, { follower, log }).value = Math.max(0, value);
    };
    count("follower_found_total", "Entries of earlier runs that a follower had still before it at the start", waiting);
    count("follower_skipped_total", "Entries stored before a follower began, and not for it", -waiting);
  }

  steady(): SteadyMs {
    return this.#parts.steady();
  }

  count(after: number, until: number): number {
    let count = Math.max(0, until - after);
    for (const { first, last } of this.#gaps)
      count -= Math.max(0, Math.min(last, until) - Math.max(first, after + 1) + 1);
    return Math.max(0, count);
  }

  /** Entries that are not on disk, and since when the oldest has waited. */
  get waiting(): number {
    return this.#entries.length - this.#place(this.#committed);
  }

  get since(): Ms | undefined {
    return this.#since;
  }

  get next(): number {
    return this.#next;
  }

  /** Seqs below it are on disk as used, whatever happens. */
  get reserved(): number {
    return this.#reserved;
  }

  set reserved(seq: number) {
    this.#reserved = seq;
  }

  /** The next blobs for the disk, a bounded number; `done` or `failed` follows. */
  take(): Row[] {
    const rows: Row[] = [];
    const { codec, names, name } = this.#parts;
    let from = this.#place(this.#committed);
    while (from < this.#entries.length && rows.length < ROWS_PER_COMMIT) {
      const to = this.#batchEnd(from, codec.batch);
      const batch = this.#entries.slice(from, to);
      const first = batch[0]?.seq ?? 0;
      rows.push({ log: name, first, n: batch.length, body: codec.pack(batch, names) });
      this.#underWay = first + batch.length - 1;
      from = to;
    }
    return rows;
  }

  along(): readonly Cell[] {
    return this.#waiters.flatMap(({ upTo, along }) => (upTo <= this.#underWay ? along : []));
  }

  /** What `take` gave is on disk. */
  done(): void {
    if (this.#underWay <= this.#committed) return;
    const upTo = this.#underWay;
    const [from, to] = [this.#place(this.#committed), this.#place(upTo)];
    this.#stored.value += to - from;
    this.#committed = upTo;
    if (this.#oldest === 0) this.#oldest = this.#entries[from]?.seq ?? 0;
    this.#since = to < this.#entries.length ? this.#parts.clock.monotonic() : undefined;
    const saved = this.#waiters.findIndex((waiter) => waiter.upTo > upTo);
    for (const waiter of this.#waiters.splice(0, saved < 0 ? this.#waiters.length : saved)) waiter.resolve(waiter.upTo);
    this.#forget();
    this.#grow();
  }

  failed(): void {
    this.#underWay = this.#committed;
  }

  /** After a failure: everything up to here turned out to be on disk. */
  found(newest: number): void {
    this.#underWay = Math.min(newest, this.#newest);
    this.done();
  }

  /** Followers are to look again: because of new entries, or because they may see what is not saved. */
  wake(): void {
    this.#grow();
  }

  trimmed(oldest: number, damaged: readonly Gap[]): void {
    this.#oldest = oldest;
    this.#gaps.push(...damaged.filter((gap) => !this.#holds(gap.first)));
  }

  /** A batch that does not prove itself is as good as none; it is counted once. */
  #damaged({ first, n }: { first: number; n: number }): Entry<T>[] {
    const { name, meters } = this.#parts;
    if (!this.#holds(first)) {
      meters.counter("store_damaged_total", "Entries whose batch was damaged on disk").value += n;
      this.#gaps.push({ log: name, first, last: first + n - 1, why: "damaged", boot: 0, from: null, to: null });
    }
    return [];
  }

  /** A gap is known that begins there; one without numbers, as a restart leaves it, only tells a time. */
  #holds = (first: number) => this.#gaps.some((gap) => gap.first === first && gap.last >= first);

  #fromMemory(seq: number, limit: number): Entry<T>[] {
    const from = this.#place(seq);
    const saved = this.#place(this.#committed);
    const shown = this.#parts.degraded() ? Math.min(this.#entries.length, this.#place(this.#reserved - 1)) : saved;
    const found = this.#entries.slice(from, Math.min(from + limit, shown));
    for (let i = 0; i < found.length; i++) {
      const entry = found[i];
      if (entry?.tq === "unsynced") found[i] = this.#parts.settle(entry);
    }
    for (let i = Math.max(0, saved - from); i < found.length; i++) {
      const entry = found[i];
      if (entry) found[i] = { ...entry, volatile: true };
    }
    return found;
  }

  /** Index of the first entry in memory with a seq greater than that. */
  #place(seq: number): number {
    const first = this.#entries[0]?.seq;
    if (first === undefined || seq < first) return 0;
    if (seq >= (this.#entries.at(-1)?.seq ?? 0)) return this.#entries.length;
    // Seqs jump only where something was dropped, so the guess is nearly always right.
    let [low, high] = [0, Math.min(this.#entries.length, seq - first + 1)];
    if ((this.#entries[high - 1]?.seq ?? 0) === seq) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** One blob holds entries in a row, of one boot and one time quality. */
  #batchEnd(from: number, limit: number): number {
    const first = this.#entries[from];
    let to = from + 1;
    for (; to < this.#entries.length && to - from < limit; to++) {
      const entry = this.#entries[to];
      if (!first || !entry || entry.boot !== first.boot || entry.tq !== first.tq) break;
      if (entry.seq !== first.seq + (to - from)) break;
    }
    return to;
  }

  #forget(): void {
    const surplus = this.#entries.length - this.waiting - this.#parts.keep;
    // In strides, because cutting an array at its front moves all the rest.
    if (surplus < this.#parts.keep / 4) return;
    this.#floor = this.#entries[surplus - 1]?.seq ?? this.#floor;
    this.#entries.splice(0, surplus);
  }

  /** The disk takes nothing and memory is full: the oldest readings that no commit holds are given up, and counted. */
  #drop(count: number): void {
    const from = this.#place(Math.max(this.#committed, this.#underWay));
    const gone = this.#entries.splice(from, count);
    const [first, last] = [gone[0], gone.at(-1)];
    if (!first || !last) return;
    const { name, meters } = this.#parts;
    meters.counter(`${name}_dropped_total`, `Entries of the ${name} log that were never stored`, {
      reason: "memory_full",
    }).value += gone.length;
    const gap: Gap = {
      log: name,
      first: first.seq,
      last: last.seq,
      why: "lost",
      boot: first.boot,
      from: timeOf(first),
      to: timeOf(last),
    };
    this.lost.push(gap);
    this.#gaps.push(gap);
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.upTo < first.seq || waiter.upTo > last.seq) return true;
      waiter.reject(new Fault("buffer_full", `${name}: the disk takes nothing and memory is full`));
      return false;
    });
  }

  #grow(): void {
    const growth = this.#growth;
    this.#growth = Promise.withResolvers<void>();
    growth.resolve();
  }
}
