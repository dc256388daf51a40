import type { Logger } from "pino";
import { type Cells, type Change, COMMIT_AFTER_ITEMS, COMMIT_EVERY_MAX, COMMIT_EVERY_MIN } from "../core/log.ts";
import type { Meters, Series } from "../core/meter.ts";
import type { Clock, Ms } from "../core/time.ts";
import type { Names } from "./names.ts";
import { type Place, writePlaces } from "./places.ts";
import {
  type Boot,
  type CellRow,
  type Commit,
  type Gap,
  type LogName,
  rowOf,
  type WriterAnswers,
  type WriterCall,
} from "./protocol.ts";
import type { Queue } from "./queue.ts";
import type { Line } from "./rpc.ts";

/** What a commit itself may take of the second that a power cut may cost. */
const MARGIN: Ms = 100;
/** Cursors alone can wait: losing some only repeats a little. */
const CURSORS_ALONE: Ms = 5_000;
/** So long without a successful commit, and everything goes on from memory. */
const DEGRADED_AFTER: Ms = 2_000;
const RETRY: readonly Ms[] = [250, 500, 1_000, 2_000, 5_000];
/** Why a sleep ends early. A reason of its own, because without one every abort makes an exception with a stack. */
const AWAKE = "awake";
/** Seqs are reserved on disk in blocks, so that none shown while the disk was broken is ever used again. */
const BLOCK = 10_000_000;

export interface CommitParts {
  writer: Pick<Line<WriterCall, WriterAnswers>, "ask">;
  journals: Readonly<Record<LogName, Queue>>;
  names: Names;
  clock: Clock;
  say: Logger;
  meters: Meters;
  places: ReadonlyMap<string, Place>;
  version: number;
  appendNotices(notices: NonNullable<Change["notices"]>): void;
}

/** Decides when what is waiting goes to disk, in one transaction at a time, and what happens when it does not. */
export class Commits implements Cells {
  degraded = false;
  readonly places: Map<string, Place>;
  readonly #parts: CommitParts;
  #cells = new Map<string, CellRow>();
  #boots: Boot[] = [];
  #gaps: Gap[] = [];
  #reserved: Partial<Record<LogName, number>> = {};
  #changes: PromiseWithResolvers<void>[] = [];
  #urgent = false;
  #cellsSince: Ms | undefined;
  #placesSince: Ms | undefined;
  #version: number;
  #lastCommit: Ms = Number.NEGATIVE_INFINITY;
  #lastOk: Ms;
  #failures = 0;
  #retryAt: Ms = 0;
  #sleep = new AbortController();
  #sleepsUntil: Ms = 0;
  #closing = false;
  readonly #ended: Promise<void>;
  readonly #gauge: Series;
  readonly #took: Series;

  constructor(parts: CommitParts) {
    this.#parts = parts;
    this.places = new Map(parts.places);
    this.#version = parts.version;
    this.#lastOk = parts.clock.monotonic();
    this.#gauge = parts.meters.gauge(
      "log_degraded",
      "1 while the disk takes no commits and everything goes on from memory",
    );
    this.#took = parts.meters.gauge("log_commit_ms", "How long the newest commit took");
    this.#ended = this.#run();
  }

  async load(kind: string): Promise<Map<string, unknown>> {
    if (kind === "cursor") return new Map(this.places);
    const found = new Map<string, unknown>();
    const pending = () => [...this.#cells.values()].filter((row) => row.kind === kind);
    for (const [key, value] of await this.#parts.writer.ask({ call: "cells", kind })) found.set(key, JSON.parse(value));
    for (const { key, value } of pending()) {
      if (value === null) found.delete(key);
      else found.set(key, JSON.parse(value));
    }
    return found;
  }

  commit(change: Change): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (change.notices?.length) this.#parts.appendNotices(change.notices);
    for (const cell of change.cells ?? []) {
      this.#cells.set(`${cell.kind}\u0000${cell.key}`, rowOf(cell));
      this.#cellsSince ??= now;
    }
    if (change.cursor) {
      const { follower, seq, backlog } = change.cursor;
      this.places.set(follower, backlog?.length ? { seq, backlog } : { seq });
      this.#placesSince ??= now;
    }
    if (change.urgent !== false) this.#urgent = true;
    if (this.degraded) return Promise.resolve();
    const done = Promise.withResolvers<void>();
    this.#changes.push(done);
    this.work();
    return done.promise;
  }

  /** Something waits: looks whether the pause must be shorter than planned. */
  work(): void {
    if (this.#due() < this.#sleepsUntil) this.#sleep.abort(AWAKE);
  }

  /** Facts of the store's own, for the next commit, which they make urgent. */
  note(facts: { boots?: readonly Boot[]; gaps?: readonly Gap[] }): void {
    this.#boots.push(...(facts.boots ?? []));
    this.#gaps.push(...(facts.gaps ?? []));
    this.#urgent = true;
    this.work();
  }

  /** Seqs of a log below this are free to be shown before they are on disk. */
  reserve(log: LogName, upTo: number): void {
    this.#reserved[log] = upTo;
    this.#parts.journals[log].reserved = upTo;
  }

  /** One last commit, or a bounded try at it. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#sleep.abort(AWAKE);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      const due = this.#due();
      const nothing = due === Number.POSITIVE_INFINITY;
      if (this.#closing && (nothing || this.#failures > 0)) break;
      if (!this.#closing && due > clock.monotonic()) {
        await this.#pause(due);
        continue;
      }
      await this.#commit();
    }
    for (const change of this.#changes) change.resolve();
  }

  /** When the next commit should be, by the rules for waiting; infinity when nothing waits. */
  #due(): Ms {
    let [count, since] = [0, Number.POSITIVE_INFINITY];
    for (const journal of Object.values(this.#parts.journals)) {
      count += journal.waiting;
      since = Math.min(since, journal.since ?? Number.POSITIVE_INFINITY);
    }
    since = Math.min(since, this.#cellsSince ?? Number.POSITIVE_INFINITY);
    let due = Math.min(
      since + COMMIT_EVERY_MAX - MARGIN,
      (this.#placesSince ?? Number.POSITIVE_INFINITY) + CURSORS_ALONE,
    );
    if (count >= COMMIT_AFTER_ITEMS) due = Math.min(due, this.#lastCommit + COMMIT_EVERY_MIN);
    if (this.#urgent) due = Math.min(due, this.#lastCommit);
    return due === Number.POSITIVE_INFINITY ? due : Math.max(due, this.#retryAt);
  }

  async #pause(until: Ms): Promise<void> {
    this.#sleep = new AbortController();
    this.#sleepsUntil = until;
    const { clock } = this.#parts;
    try {
      // Nothing to do has no end of its own; a day is long enough to look again.
      await clock.sleep(Math.min(until - clock.monotonic(), 86_400_000), this.#sleep.signal);
    } catch (error) {
      if (!this.#sleep.signal.aborted) throw error;
    }
    this.#sleepsUntil = 0;
  }

  async #commit(): Promise<void> {
    const { clock, journals, names, writer } = this.#parts;
    const started = clock.monotonic();
    if (this.#failures > 0 && !(await this.#sift())) return;
    const [changes, cells, boots] = [this.#changes, this.#cells, this.#boots];
    const [urgent, cellsSince, placesSince] = [this.#urgent, this.#cellsSince, this.#placesSince];
    const gaps = [...this.#gaps, ...Object.values(journals).flatMap((journal) => journal.lost)];
    [this.#changes, this.#cells, this.#boots, this.#gaps] = [[], new Map(), [], []];
    [this.#urgent, this.#cellsSince, this.#placesSince] = [false, undefined, undefined];
    for (const journal of Object.values(journals)) journal.lost = [];
    const rows = Object.values(journals).flatMap((journal) => journal.take());
    const fresh = [...names.fresh];
    const commit: Commit = {
      rows,
      names: fresh,
      cells: [...cells.values(), ...Object.values(journals).flatMap((journal) => journal.along().map(rowOf))],
      gaps,
      boots,
      meta: this.#reservations(),
      cursors: placesSince === undefined ? null : writePlaces(this.places, ++this.#version),
    };
    const stall = new AbortController();
    clock.sleep(DEGRADED_AFTER, stall.signal).then(
      () => this.#degrade("the disk has not answered for 2 s"),
      () => undefined,
    );
    try {
      await writer.ask(
        { call: "commit", commit },
        rows.map((row) => row.body.buffer),
      );
    } catch (error) {
      // Back to what waits; what came in meanwhile is newer and stays.
      this.#changes = [...changes, ...this.#changes];
      this.#cells = new Map([...cells, ...this.#cells]);
      this.#boots = [...boots, ...this.#boots];
      this.#gaps = [...gaps, ...this.#gaps];
      this.#urgent ||= urgent;
      this.#cellsSince = cellsSince ?? this.#cellsSince;
      this.#placesSince = placesSince ?? this.#placesSince;
      for (const journal of Object.values(journals)) journal.failed();
      this.#failed(error);
      return;
    } finally {
      stall.abort(AWAKE);
      this.#lastCommit = clock.monotonic();
    }
    names.stored(fresh);
    this.#took.value = clock.monotonic() - started;
    this.#succeeded();
    for (const journal of Object.values(journals)) journal.done();
    for (const change of changes) change.resolve();
  }

  /** A commit that failed may be on disk all the same: what is there must not be written a second time, cut otherwise. */
  async #sift(): Promise<boolean> {
    try {
      const newest = await this.#parts.writer.ask({ call: "newest" });
      for (const [log, journal] of Object.entries(this.#parts.journals) as [LogName, Queue][])
        journal.found(newest[log]);
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #reservations(): Record<string, string> {
    const meta: Record<string, string> = {};
    for (const [log, journal] of Object.entries(this.#parts.journals) as [LogName, Queue][]) {
      const upTo = this.#reserved[log] ?? 0;
      if (journal.next > upTo - BLOCK / 2) this.reserve(log, journal.next + BLOCK);
      if (this.#reserved[log] !== upTo) meta[`reserved:${log}`] = String(this.#reserved[log]);
    }
    return meta;
  }

  #succeeded(): void {
    this.#lastOk = this.#parts.clock.monotonic();
    this.#failures = 0;
    this.#retryAt = 0;
    if (!this.degraded) return;
    this.degraded = false;
    this.#gauge.value = 0;
    this.#parts.say.info("the disk takes readings again; what waited in memory is being saved");
  }

  #failed(error: unknown): void {
    const { clock, meters, say } = this.#parts;
    const now = clock.monotonic();
    const message = error instanceof Error ? error.message : String(error);
    meters.counter("log_commit_failures_total", "Commits that the disk did not take").value++;
    if (this.#failures === 0) say.warn(`cannot save readings (${message}); trying again`);
    this.#retryAt = now + (RETRY[Math.min(this.#failures, RETRY.length - 1)] ?? 5_000);
    this.#failures++;
    if (now - this.#lastOk >= DEGRADED_AFTER) this.#degrade(message);
    if (this.degraded) this.#letGo();
  }

  #degrade(why: string): void {
    if (this.degraded) return;
    this.degraded = true;
    this.#gauge.value = 1;
    this.#parts.say.error(`the disk takes no readings (${why}); going on from memory`);
    this.#letGo();
    for (const journal of Object.values(this.#parts.journals)) journal.wake();
  }

  /** Alarms must not wait for a disk that may never come back. */
  #letGo(): void {
    for (const change of this.#changes) change.resolve();
    this.#changes = [];
  }
}
