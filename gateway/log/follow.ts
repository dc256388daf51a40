import type { Logger } from "pino";
import { type Cells, type Entry, type Follower, type Lane, type Log, NotNow, type Stretch } from "../core/log.ts";
import type { Meters, Series } from "../core/meter.ts";
import { type Clock, HOUR, type Ms, SECOND } from "../core/time.ts";
import type { Place } from "./places.ts";

export interface FollowOptions {
  cells: Cells;
  clock: Clock;
  say: Logger;
  meters: Meters;
  /** Ends it: what is already in the log is still delivered, for a bounded time. */
  signal: AbortSignal;
  /** That time. */
  drain?: Ms;
}

const BATCH = 1_000;
/** Further behind than this, new entries go first. */
const BEHIND: Ms = 10 * SECOND;
/** Pieces of backlog that are kept apart; more are joined, which repeats some entries. */
const STRETCHES = 16;
const RETRY_FIRST: Ms = SECOND;
const RETRY_LONGEST: Ms = 60 * SECOND;
const DRAIN: Ms = 3 * SECOND;

/**
 * Carries a log to a follower, batch by batch, and remembers its place. The only place where a follower is retried.
 * Resolves when the signal has aborted and what could be delivered is.
 */
export async function follow<T>(log: Log<T>, follower: Follower<T>, options: FollowOptions): Promise<void> {
  const { name } = follower;
  const names = followed.get(options.cells) ?? new Set();
  if (names.has(name))
    throw new Error(`two followers are called ${name}: they would share one place in the log; give one another id`);
  followed.set(options.cells, names.add(name));
  try {
    await new Following(log, follower, options).run();
  } finally {
    names.delete(name);
  }
}

/** Who follows now, by the store that keeps their places: the name is the key there, whatever the log. */
const followed = new WeakMap<Cells, Set<string>>();

class Following<T> {
  readonly #log: Log<T>;
  readonly #follower: Follower<T>;
  readonly #options: FollowOptions;
  readonly #delivered: Series;
  readonly #failures: Series;
  #seq = 0;
  #backlog: Stretch[] = [];
  #failed = 0;
  #wait: Ms = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log<T>, follower: Follower<T>, options: FollowOptions) {
    this.#log = log;
    this.#follower = follower;
    this.#options = options;
    const labels = { follower: follower.name };
    this.#delivered = options.meters.counter("follower_delivered_total", "Entries that a follower has taken", labels);
    this.#failures = options.meters.counter("follower_failures_total", "Batches that a follower did not take", labels);
  }

  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    await this.#begin();
    while (!signal.aborted) {
      const work = await this.#next();
      if (!work) await this.#log.grown(signal);
      else if (!(await this.#deliver(work, signal))) await this.#rest(signal);
    }
    await this.#drain(clock.monotonic() + (this.#options.drain ?? DRAIN));
  }

  /** A follower that fails now, is far behind or takes too long goes on from its place at the next start. */
  async #drain(until: Ms): Promise<void> {
    const { signal, clock } = this.#options;
    const late = new AbortController();
    const tooLate = clock.sleep(until - clock.monotonic(), late.signal).then(
      () => false,
      () => false,
    );
    for (let going = this.#failed === 0; going; ) {
      const work = await this.#next();
      going = work?.lane === "live" && (await Promise.race([this.#deliver(work, signal), tooLate]));
    }
    late.abort();
    await tooLate;
  }

  async #begin(): Promise<void> {
    const { cells } = this.#options;
    const place = (await cells.load("cursor")).get(this.#follower.name) as Place | undefined;
    const { newest, oldest } = this.#log.head();
    this.#seq = place?.seq ?? (this.#follower.from === "oldest" ? Math.max(0, oldest - 1) : newest);
    this.#backlog = [...(place?.backlog ?? [])];
    this.#log.hold?.(this.#follower.name, { seq: this.#seq, backlog: this.#backlog });
    this.#remember();
  }

  /** What to deliver now: new entries first, then a piece of backlog. */
  async #next(): Promise<Work<T> | undefined> {
    const limit = this.#follower.batch ?? BATCH;
    const entries = await this.#log.after(this.#seq, limit);
    const first = entries[0];
    if (first && this.#isFarBehind(first)) {
      this.#open(this.#seq, this.#log.head().newest - limit);
      return this.#next();
    }
    if (first) return { lane: "live", entries, until: entries.at(-1)?.seq ?? this.#seq };
    return this.#fromBacklog(limit);
  }

  async #fromBacklog(limit: number): Promise<Work<T> | undefined> {
    for (;;) {
      const stretch = this.#backlog[0];
      if (!stretch) return undefined;
      const found = await this.#log.after(stretch.after, limit);
      const entries = found.filter((entry) => entry.seq <= stretch.until);
      const done = entries.length < found.length || found.length === 0 || entries.at(-1)?.seq === stretch.until;
      const until = done ? stretch.until : (entries.at(-1)?.seq ?? stretch.until);
      if (entries.length > 0) return { lane: "backlog", entries, until };
      this.#backlog.shift();
      this.#remember();
    }
  }

  #isFarBehind(entry: Entry<T>): boolean {
    if (this.#follower.ordered) return false;
    const { newest } = this.#log.head();
    // Less than a batch is not worth a second lane: it goes in one piece anyway.
    const few = newest - this.#seq <= (this.#follower.batch ?? BATCH);
    return !few && (this.#log.steady?.() ?? entry.steady) - entry.steady > BEHIND;
  }

  /** A second lane: what is there by now becomes backlog, but for the newest batch, with which `live` goes on. */
  #open(after: number, until: number): void {
    this.#backlog.push({ after, until });
    while (this.#backlog.length > STRETCHES) {
      const [first, second, ...rest] = this.#backlog;
      if (first && second) this.#backlog = [{ after: first.after, until: second.until }, ...rest];
    }
    this.#seq = until;
    this.#remember();
  }

  async #deliver({ lane, entries, until }: Work<T>, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#follower.apply(entries, lane);
    } catch (error) {
      this.#complain(error, signal);
      return false;
    }
    if (this.#failed > 0) this.#options.say.info(`${this.#follower.name}: works again`);
    this.#failed = 0;
    this.#delivered.value += entries.length;
    const stretch = this.#backlog[0];
    if (lane === "live") this.#seq = until;
    else if (stretch && stretch.until === until) this.#backlog.shift();
    else if (stretch) this.#backlog[0] = { after: until, until: stretch.until };
    this.#remember();
    return true;
  }

  /** The place rides in the next group commit: losing the newest ones only repeats a little. */
  #remember(): void {
    const cursor = { follower: this.#follower.name, seq: this.#seq, backlog: [...this.#backlog] };
    this.#options.cells.commit({ cursor, urgent: false }).catch((error: unknown) => {
      this.#options.say.warn(`${this.#follower.name}: cannot save its place: ${messageOf(error)}`);
    });
  }

  #complain(error: unknown, signal: AbortSignal): void {
    this.#failures.value++;
    this.#failed++;
    this.#wait = error instanceof NotNow ? error.after : backOff(this.#failed);
    const { clock, say } = this.#options;
    // A line when it begins, and one an hour: a broken network must not fill the disk with lines.
    if (signal.aborted || (this.#failed > 1 && clock.monotonic() - this.#saidAt < HOUR)) return;
    this.#saidAt = clock.monotonic();
    say.warn(`${this.#follower.name}: ${messageOf(error)}; trying again in ${Math.ceil(this.#wait / SECOND)} s`);
  }

  async #rest(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(this.#wait, signal);
    } catch {
      // Only the signal ends a sleep, and the caller looks at it.
    }
  }
}

interface Work<T> {
  lane: Lane;
  entries: readonly Entry<T>[];
  /** Where the lane stands once they are delivered. */
  until: number;
}

/** Doubles up to a minute, and up to half of it less, so that many gateways do not come back at once. */
const backOff = (times: number): Ms =>
  Math.min(RETRY_LONGEST, RETRY_FIRST * 2 ** (times - 1)) * (1 - Math.random() / 2);

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
