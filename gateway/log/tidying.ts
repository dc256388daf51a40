import type { Logger } from "pino";
import type { Trimmed } from "../core/log.ts";
import type { Meters, Series } from "../core/meter.ts";
import { type Clock, DAY, type EpochMs, MINUTE, type Ms } from "../core/time.ts";
import type { Commits } from "./commits.ts";
import { behind, type Place } from "./places.ts";
import {
  type LogName,
  logNames,
  type Tidied,
  type TidyOrder,
  type WriterAnswers,
  type WriterCall,
} from "./protocol.ts";
import type { Queue } from "./queue.ts";
import { type Line, StoreTrouble } from "./rpc.ts";
import type { StoreSettings } from "./settings.ts";

/** How often everything that is in the log moves on into the history, and how often we look whether it is a lot already. */
const COMPACT_EVERY: Ms = 10 * MINUTE;
const LOOK_EVERY: Ms = MINUTE;
/** Between two slices, so that commits get their turn. */
const BREATH: Ms = 20;
/** A forecast beyond this says nothing. */
const MOST_DAYS = 3_650;
/** Nothing of our own lets it grow so far. */
const WAL_MOST = 32e6;
const HELD =
  "the store's write-ahead log grows, because another program has been reading vigie.db for long: close it, or copy the store with vigie backup";

export interface TidyParts {
  writer: Line<WriterCall, WriterAnswers>;
  journals: Readonly<Record<LogName, Queue>>;
  commits: Commits;
  clock: Clock;
  say: Logger;
  meters: Meters;
  settings: StoreSettings;
  counters: readonly string[];
  now(): EpochMs;
}

/** Compaction, roll-ups and retention, in slices between commits. */
export class Tidying {
  readonly #parts: TidyParts;
  #compactedAt: Ms;
  #running: Promise<Trimmed> | undefined;
  #size: { at: number; bytes: number } | undefined;
  readonly #bytes: Series;
  readonly #used: Series;
  readonly #wal: Series;
  readonly #daysLeft: Series;

  constructor(parts: TidyParts) {
    this.#parts = parts;
    this.#compactedAt = parts.clock.monotonic();
    const { meters } = parts;
    this.#bytes = meters.gauge("store_bytes", "Size of the store on disk");
    this.#used = meters.gauge("store_used_bytes", "What of it is in use");
    this.#wal = meters.gauge("store_wal_bytes", "Size of its write-ahead log; large while another program reads it");
    this.#daysLeft = meters.gauge(
      "store_days_left",
      "Days until the store reaches its size limit, at the rate since start; 3,650 for ten years or more",
    );
    this.#daysLeft.value = MOST_DAYS;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, say } = this.#parts;
    while (!signal.aborted) {
      try {
        await clock.sleep(LOOK_EVERY, signal);
        await this.once(clock.monotonic() - this.#compactedAt >= COMPACT_EVERY, signal);
      } catch (error) {
        if (signal.aborted) return;
        // A disk that takes nothing is told of by the commits; this only comes again.
        if (!(error instanceof StoreTrouble)) throw error;
        if (error.trouble !== "disk") say.warn(`the store could not be tidied: ${error.message}`);
      }
    }
  }

  /** All there is to do now; `all`: also what is young. */
  once(all: boolean, signal?: AbortSignal): Promise<Trimmed> {
    this.#running ??= this.#slices(all, signal).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #slices(all: boolean, signal: AbortSignal | undefined): Promise<Trimmed> {
    const { clock, writer } = this.#parts;
    const trimmed: { removed: number; purged: Record<string, number> } = { removed: 0, purged: {} };
    for (;;) {
      const tidied = await writer.ask({ call: "tidy", order: this.#order(all) });
      this.#learn(tidied, trimmed);
      if (!tidied.more || signal?.aborted) break;
      await clock.sleep(BREATH, signal);
    }
    if (all) this.#compactedAt = clock.monotonic();
    return trimmed;
  }

  #order(all: boolean): TidyOrder {
    const { keep } = this.#parts.settings;
    const now = this.#parts.now();
    return {
      now,
      wanted: this.#wanted(),
      keepRaw: keep.raw,
      keepMinutes: keep.minutes,
      backlogFrom: now - keep.backlog,
      bytes: keep.size,
      burstBytes: keep.bursts,
      counters: this.#parts.counters,
      all,
    };
  }

  /** The first seq that some follower has not had. */
  #wanted(): Record<LogName, number> {
    const { journals, commits } = this.#parts;
    const of = (log: LogName) => {
      let wanted = journals[log].next;
      for (const follower of journals[log].followers)
        wanted = Math.min(wanted, oldestWanted(commits.places.get(follower)));
      return wanted;
    };
    return { readings: of("readings"), notices: of("notices"), bursts: of("bursts") };
  }

  #learn(tidied: Tidied, trimmed: { removed: number; purged: Record<string, number> }): void {
    const { journals, commits, meters, say } = this.#parts;
    for (const log of logNames) {
      trimmed.removed += tidied.removed[log];
      const purge = tidied.purged[log];
      for (const follower of purge ? journals[log].followers : []) {
        const lost = purge ? behind(journals[log], commits.places.get(follower), purge.upTo) : 0;
        if (lost === 0 || !purge) continue;
        trimmed.purged[follower] = (trimmed.purged[follower] ?? 0) + lost;
        meters.counter("follower_purged_total", "Entries removed before a follower had them", {
          follower,
          reason: purge.reason,
        }).value += lost;
        say.warn(
          `${follower}: ${lost} readings that it never took are gone (${purge.reason === "age" ? "too old" : "too many"})`,
        );
      }
      journals[log].trimmed(
        tidied.oldest[log],
        tidied.damaged.filter((gap) => gap.log === log),
      );
    }
    if (tidied.shed > 0)
      meters.counter("history_shed_total", "Single readings that left the history because the store was full").value +=
        tidied.shed;
    for (const remark of tidied.remarks) say.warn(`store: ${remark}`);
    for (const gap of tidied.damaged)
      meters.counter("store_damaged_total", "Entries whose batch was damaged on disk").value +=
        gap.last - gap.first + 1;
    this.#measure(tidied);
  }

  #measure({ bytes, free, wal }: Tidied): void {
    const { clock, say, settings } = this.#parts;
    if (wal > WAL_MOST && this.#wal.value <= WAL_MOST) say.warn(HELD);
    this.#wal.value = wal;
    const used = bytes - free;
    this.#bytes.value = bytes;
    this.#used.value = used;
    const now = clock.monotonic();
    this.#size ??= { at: now, bytes: used };
    const passed = now - this.#size.at;
    if (passed < COMPACT_EVERY) return;
    const perDay = ((used - this.#size.bytes) / passed) * DAY;
    const left = perDay > 0 ? (settings.keep.size - used) / perDay : MOST_DAYS;
    this.#daysLeft.value = Math.max(0, Math.min(MOST_DAYS, left));
  }
}

const oldestWanted = (place: Place | undefined): number =>
  place ? Math.min(place.seq, ...(place.backlog ?? []).map((stretch) => stretch.after)) + 1 : 0;
