import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setImmediate as nextTurn, setTimeout as realSleep } from "node:timers/promises";
import pino from "pino";
import type { Entry, Follower, Lane } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR, type Ms, SECOND } from "../../gateway/core/time.ts";
import { follow } from "../../gateway/log/follow.ts";
import { openStore, type Store } from "../../gateway/log/store.ts";
import influx from "../../gateway/sinks/influx.ts";
import { VirtualClock } from "../sim/clock.ts";
import { type RealServer, startVictoriaMetrics } from "../sim/influx-servers.ts";
import { ledgerOf } from "../sim/ledger.ts";

export interface Outage {
  perSecond: number;
  lasts: Ms;
  /** How long readings go on coming after it, in real time, at least. */
  after?: Ms;
}

export interface Figures {
  readings: number;
  /** Sent, but not at the server; and more than once at the server. */
  missing: number;
  twice: number;
  /** Readings a second by which the backlog went down, while new ones came. */
  drained: number;
  /** How late new readings were at the server: at worst, and 99 of 100. */
  freshLateMs: number;
  freshLateP99Ms: number;
  /** What the process grew by while the server was away, from one hour on, and while the backlog drained. */
  growthAwayMB: number;
  growthDrainMB: number;
  offLedger: string[];
}

const say = pino({ level: "silent" });
const SITE = "outage";

/**
 * A server that is away for a while, in virtual time: each second's readings are saved as they come, one commit at least,
 * as in the field. Then it is back, and from there on time is real: new readings go on coming while the backlog drains.
 */
export async function outage({ perSecond, lasts, after = 3 * SECOND }: Outage): Promise<Figures> {
  const server = await startVictoriaMetrics();
  // In memory where there is room for it: half a million commits wear a disk, and are not what is measured here.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vigie-outage-"));
  const clock = new VirtualClock({ wall: Date.now() - lasts });
  const meters = new Meters();
  const store = await during(clock, openStore({ folder, clock, meters, say, evidence: async () => "ntp" }));
  const ending = new AbortController();
  try {
    const sink = new Away(server.url, clock, meters);
    const done = follow(store.readings, sink, { cells: store.cells, clock, meters, say, signal: ending.signal });
    await clock.advance(100);
    const sent = new Sent(store, clock, perSecond);
    let base = rss();
    for (let passed = 0; passed < lasts; passed += SECOND) {
      await sent.second();
      if (passed === Math.min(HOUR, lasts / 2)) base = rss();
    }
    const growthAwayMB = grown(base);
    const waiting = sent.count;
    base = rss();
    sink.online = true;
    const delivered = () => meters.sum("follower_delivered_total");
    let tookMs = 0;
    // It looks again after up to a minute.
    while (sink.began === undefined) await sent.second();
    await inRealTime(clock, sent, () => {
      const since = performance.now() - (sink.began ?? Number.POSITIVE_INFINITY);
      if (tookMs === 0 && delivered() >= waiting) tookMs = since;
      return tookMs > 0 && since > after;
    });
    await inRealTime(clock, undefined, () => delivered() >= sent.count);
    const growthDrainMB = grown(base);
    const offLedger = ledgerOf(meters.all()).off;
    ending.abort();
    await during(clock, done);
    const { missing, twice } = await compare(server, sent.count);
    const late = sink.late.sort((a, b) => a - b);
    const drained = Math.round(waiting / (tookMs / 1_000));
    return {
      readings: sent.count,
      missing,
      twice,
      drained,
      freshLateMs: late.at(-1) ?? 0,
      freshLateP99Ms: late[Math.floor(late.length * 0.99)] ?? 0,
      growthAwayMB,
      growthDrainMB,
      offLedger,
    };
  } finally {
    ending.abort();
    await during(clock, store.close());
    rmSync(folder, { recursive: true });
    await server.stop();
  }
}

/** The sink that sites use, to a server that is away until somebody says otherwise. */
class Away implements Follower<Reading> {
  readonly name = "influx";
  readonly from = "oldest";
  readonly batch = 5_000;
  online = false;
  /** When it first found the server there. */
  began: number | undefined;
  /** How late the oldest fresh reading of each batch was. */
  readonly late: Ms[] = [];
  readonly #clock: VirtualClock;
  readonly #sink: Follower<Reading>;
  #first: number | undefined;

  constructor(url: string, clock: VirtualClock, meters: Meters) {
    this.#clock = clock;
    this.#sink = influx.create(influx.options.parse({ url, token: "t", bucket: "b" }), {
      site: { id: SITE, name: "", timezone: "UTC", language: "fr" },
      ...{ id: "influx", clock, meters, say, machines: new Map(), points: new Map(), broker: undefined },
    });
  }

  async apply(batch: readonly Entry<Reading>[], lane: Lane): Promise<void> {
    if (!this.online) throw new Error("offline");
    this.began ??= performance.now();
    this.#first ??= batch.at(-1)?.seq ?? 0;
    await this.#sink.apply(batch, lane);
    // What had waited already when the server came back is not fresh.
    const fresh = lane === "live" ? batch.find(({ seq }) => seq > (this.#first ?? 0)) : undefined;
    if (fresh) this.late.push(Math.round(this.#clock.now() - fresh.item.t));
  }
}

/** Numbered readings, so many a second, each with its own time. */
class Sent {
  count = 0;
  readonly #store: Store;
  readonly #clock: VirtualClock;
  readonly #perSecond: number;

  constructor(store: Store, clock: VirtualClock, perSecond: number) {
    this.#store = store;
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** A second of virtual time, in steps as commits come: twenty readings, or a quarter of a second. */
  async second(): Promise<void> {
    const steps = Math.min(4, Math.max(1, Math.floor(this.#perSecond / 20)));
    for (let i = 0; i < steps; i++) {
      const saved = this.put(this.#perSecond / steps);
      await this.#clock.advance(SECOND / steps);
      await during(this.#clock, saved);
    }
  }

  put(count: number): Promise<number> {
    const t = this.#clock.now();
    // The server keeps milliseconds: readings of one point are further apart than that.
    const readings = Array.from({ length: count }, () => good(`m/s${this.count % 100}`, epochMs(t), this.count++));
    return this.#store.readings.append(readings);
  }

  /** What has become due since there were `before`. */
  catchUp(before: number, since: Ms): void {
    const due = before + Math.floor((since / SECOND) * this.#perSecond) - this.count;
    if (due > 0) void this.put(due);
  }
}

/** Lets virtual time pass as real time does, with or without readings that come, until `done`; ten minutes at most. */
async function inRealTime(clock: VirtualClock, sent: Sent | undefined, done: () => boolean): Promise<void> {
  const [began, before] = [performance.now(), sent?.count ?? 0];
  let passed = 0;
  while (!done()) {
    if (passed > 600 * SECOND) throw new Error("the backlog does not drain");
    await realSleep(5);
    const step = performance.now() - began - passed;
    passed += step;
    await clock.advance(step);
    sent?.catchUp(before, passed);
  }
}

/** Waits for what is real (a disk, a server), while virtual time all but stands still. */
async function during<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const end = () => {
    settled = true;
  };
  promise.then(end, end);
  for (let turns = 1; !settled; turns++) {
    await nextTurn();
    if (turns % 100 === 0) await clock.advance(5);
  }
  return promise;
}

/** Resident memory after a collection, where the program was started so that it can ask for one. */
function rss(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

const grown = (base: number): number => Math.round((rss() - base) * 10) / 10;

/** What the server lacks, asked until it has stored what it has accepted: its flush leaves out what it is just working on. */
async function compare(server: RealServer, count: number): Promise<{ missing: number; twice: number }> {
  for (let tries = 0; ; tries++) {
    const found = await exported(server, count);
    if (found.missing === 0 || tries === 30) return found;
    await realSleep(SECOND);
  }
}

/** Which of the numbers are at the server, by its own export. */
async function exported({ url }: RealServer, count: number): Promise<{ missing: number; twice: number }> {
  await fetch(`${url}/internal/force_flush`);
  const query = new URLSearchParams({
    ...{ "match[]": `{__name__="reading_value",site="${SITE}"}`, format: "__value__" },
    // Virtual time may be a little ahead of the server's.
    ...{ start: "0", end: String(Math.round((Date.now() + DAY) / 1_000)) },
  });
  const answer = await fetch(`${url}/api/v1/export/csv?${query}`);
  if (!answer.ok || !answer.body) throw new Error(`the server does not export: ${answer.status}`);
  const times = new Uint8Array(count);
  for await (const line of createInterface({ input: Readable.from(answer.body) })) {
    const n = Number(line);
    if (!(n >= 0 && n < count)) throw new Error(`the server has a value that nobody sent: ${line}`);
    times[n] = (times[n] ?? 0) + 1;
  }
  let [missing, twice] = [0, 0];
  for (const at of times) {
    if (at === 0) missing++;
    if (at > 1) twice++;
  }
  return { missing, twice };
}
