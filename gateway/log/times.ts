import type { Logger } from "pino";
import type { Entry } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Reading } from "../core/reading.ts";
import { type Clock, type EpochMs, epochMs, type Ms, SECOND, type SteadyMs, type TimeQuality } from "../core/time.ts";
import { type Evidence, Keeper, placeEarlier, STEP, type Verdict } from "./keeper.ts";
import { foreign } from "./pack.ts";
import type { Boot, Opened } from "./protocol.ts";
import { Steps } from "./steps.ts";

/** A stale clock may say anything about how long the power was off; a longer pause than this is not believed. */
const LONGEST_PAUSE: Ms = 30 * 86_400_000;

export interface TimesParts {
  clock: Clock;
  say: Logger;
  meters: Meters;
  evidence(): Promise<Evidence>;
  kernel: string;
  opened: Opened;
  /** Boots whose time has become known, and new ones: to be written at once. */
  note(boots: readonly Boot[]): void;
}

/** The store's time: stamps what comes in, and puts right what was stamped before anybody knew. */
export class Times {
  /** Of the wall clock, whether believed or not. What a person sets is told by whoever let them. */
  readonly steps: Steps;
  readonly #parts: TimesParts;
  readonly #keeper: Keeper;
  readonly #boots: Map<number, Boot>;
  #startedAt: EpochMs;
  #asking = false;

  constructor(parts: TimesParts) {
    this.#parts = parts;
    this.steps = new Steps(parts.clock, parts.meters);
    this.#boots = new Map(parts.opened.boots.map((boot) => [boot.boot, boot]));
    const boot = firstBoot(parts);
    this.#boots.set(boot.boot, boot);
    this.#keeper = new Keeper(parts.clock, boot, knownTime(parts));
    this.#startedAt = parts.clock.now();
    const unsynced = parts.meters.gauge("clock_unsynced", "1 while nothing vouches for the wall clock");
    parts.meters.probe(() => {
      unsynced.value = this.#keeper.quality === "unsynced" ? 1 : 0;
    });
  }

  get boot(): number {
    return this.#keeper.boot.boot;
  }

  get current(): Boot {
    return this.#keeper.boot;
  }

  quality(): TimeQuality {
    return this.#keeper.quality;
  }

  now(): EpochMs {
    return this.#keeper.now();
  }

  steady(): SteadyMs {
    return this.#keeper.steady();
  }

  /** Notices a step of the wall clock. Once for readings that came together: asking the clock costs more than stamping. */
  look = (): void => {
    if (this.#keeper.look()) void this.ask();
  };

  stampReading = (item: Reading, monotonic: Ms, seq: number): Entry<Reading> => {
    const t = this.#keeper.believe(item.t, monotonic);
    const stamped = t === undefined || t === item.t ? item : { ...item, t };
    const tq = this.#keeper.quality;
    if (t === undefined && tq === "unsynced") foreign.add(stamped);
    return { seq, boot: this.boot, steady: this.#keeper.steady(monotonic), tq, item: stamped };
  };

  stamp<T>(item: T, monotonic: Ms, seq: number): Entry<T> {
    return { seq, boot: this.boot, steady: this.#keeper.steady(monotonic), tq: this.#keeper.quality, item };
  }

  /** An entry with its time put right, where more is known now than when it was written. */
  settle = (entry: Entry<Reading>): Entry<Reading> => {
    if (entry.tq !== "unsynced") return entry;
    const boot = this.#boots.get(entry.boot);
    if (!boot || boot.shift === null) return entry;
    const item = foreign.has(entry.item) ? entry.item : { ...entry.item, t: epochMs(entry.item.t + boot.shift) };
    return { ...entry, tq: boot.tq, item };
  };

  /** Asks what vouches for the clock, and acts on it. */
  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.hear(await this.#parts.evidence());
    } finally {
      this.#asking = false;
    }
  }

  /** Acts on what vouches for the clock now. */
  hear(evidence: Evidence): Verdict | undefined {
    const verdict = this.#keeper.hear(evidence);
    this.#act(verdict);
    this.#tell(verdict, evidence);
    return verdict;
  }

  #tell(verdict: Verdict | undefined, evidence: Evidence): void {
    const stepped = this.#keeper.stepped();
    const followed = verdict !== undefined && verdict.kind !== "refused";
    const by = !followed ? stepped : verdict.kind === "settled" ? (verdict.boot.shift ?? 0) : verdict.by;
    if (Math.abs(by) <= STEP) return;
    const to = followed ? this.now() : this.#parts.clock.now();
    this.steps.tell({ from: epochMs(Math.round(to - by)), to, followed, evidence });
  }

  set(now: EpochMs, by: string): void {
    this.#parts.say.info(`${by} has set the time to ${new Date(now).toISOString()}`);
    this.#act(this.#keeper.set(now));
  }

  #act(verdict: Verdict | undefined): void {
    const { say } = this.#parts;
    if (verdict?.kind === "settled") this.#settled(verdict.boot);
    if (verdict?.kind === "moved") say.warn(`the clock was moved by ${seconds(verdict.by)}; following it`);
    if (verdict?.kind === "back") {
      say.warn(`the clock was put back by ${seconds(-verdict.by)}; following it under a new boot number`);
      this.#begin(verdict.by);
    }
    if (verdict?.kind === "refused")
      say.error(`the clock jumped by ${seconds(verdict.by)}: not believed; set the time on the page if it is right`);
  }

  #settled(boot: Boot): void {
    this.#boots.set(boot.boot, boot);
    const start = this.#startedAt + (boot.shift ?? 0);
    const spans = new Map(this.#parts.opened.spans);
    const placed = placeEarlier([...this.#boots.values()], spans, boot, start);
    for (const earlier of placed) this.#boots.set(earlier.boot, earlier);
    if (boot.shift) this.#parts.say.info(`the time is known now; readings of this boot move by ${seconds(boot.shift)}`);
    this.#parts.note([...placed, boot]);
  }

  /** Time has gone back: what comes now must never share a time with what was stored, so it gets a boot number of its own. */
  #begin(by: Ms): void {
    const old = this.#keeper.boot;
    const boot: Boot = { ...old, boot: old.boot + 1, wall: old.wall + by, shift: 0, tq: "holdover" };
    this.#boots.set(boot.boot, boot);
    this.#keeper.begin(boot);
    this.#parts.note([boot]);
  }
}

/** The boot that begins now. Steady time goes on where the newest entry left off; the same kernel boot even tells by how much. */
export function firstBoot({
  clock,
  kernel,
  opened,
}: {
  clock: Pick<Clock, "now" | "monotonic">;
  kernel: string;
  opened: Pick<Opened, "boots" | "floor" | "heads" | "spans">;
}): Boot {
  const last = opened.boots.reduce<Boot | undefined>((a, b) => (a && a.boot > b.boot ? a : b), undefined);
  const boot = Math.max(last?.boot ?? 0, opened.floor.boot) + 1;
  const wall = clock.now() - clock.monotonic();
  const fresh = { boot, kernel, wall, shift: null, tq: "unsynced" as const };
  if (!last) return { ...fresh, offset: 0 };
  const lastSteady = Math.max(...Object.values(opened.heads).map((head) => head.lastSteady));
  if (last.kernel === kernel && clock.monotonic() + last.offset >= lastSteady) return { ...fresh, offset: last.offset };
  const pause = clock.now() - (new Map(opened.spans).get(last.boot)?.to ?? 0);
  const believed = pause > 0 && pause < LONGEST_PAUSE ? pause : SECOND;
  return { ...fresh, offset: Math.round(lastSteady + believed - clock.monotonic()) };
}

/** The newest stored time that was vouched for. */
function knownTime({ opened }: TimesParts): number {
  const spans = new Map(opened.spans);
  return Math.max(0, ...opened.boots.map((boot) => (boot.shift === null ? 0 : (spans.get(boot.boot)?.to ?? 0))));
}

const seconds = (ms: Ms) => `${Math.round(ms / 100) / 10} s`;
