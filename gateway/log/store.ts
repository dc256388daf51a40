import { join } from "node:path";
import type { Logger } from "pino";
import type { AlarmEvent } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import type { Historian } from "../core/history.ts";
import type { Cells, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Point } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { type Clock, type EpochMs, type Ms, SECOND, type SteadyMs, type TimeQuality } from "../core/time.ts";
import { Commits } from "./commits.ts";
import { kernelBoot, machineEvidence } from "./evidence.ts";
import { openHistorian } from "./historian.ts";
import { Journal } from "./journal.ts";
import type { Evidence } from "./keeper.ts";
import { apart } from "./lost.ts";
import { Names } from "./names.ts";
import { burstsCodec, noticesCodec, readingsCodec } from "./pack.ts";
import { behind, readPlaces } from "./places.ts";
import type { Gap, LogName, Opened, WriterAnswers, WriterCall } from "./protocol.ts";
import { openReader } from "./questions.ts";
import type { JournalParts, Queue } from "./queue.ts";
import { Line } from "./rpc.ts";
import { checkBeside } from "./self-check.ts";
import { type StoreSettings, storeSettings } from "./settings.ts";
import { noticeStalls } from "./stalls.ts";
import { Tidying } from "./tidying.ts";
import { Times } from "./times.ts";

export interface StoreOptions {
  /** The data folder; made when it is not there. One gateway at a time. */
  folder: string;
  clock: Clock;
  meters: Meters;
  say: Logger;
  /** Which points are counters, so that roll-ups know. */
  points?: Iterable<Point>;
  /** The `store:` key of the site file; its defaults where left out. */
  settings?: StoreSettings;
  /** What vouches for the wall clock; by default what this machine says. */
  evidence?: () => Promise<Evidence>;
  /** The kernel's id of this boot of the machine. */
  kernel?: string;
}

/** Everything that is on disk. The main thread never opens the database: two workers do. */
export interface Store {
  readings: Log<Reading>;
  notices: Log<AlarmEvent>;
  bursts: Log<Burst>;
  cells: Cells;
  history: Historian;
  time: StoreTime;
  /** `degraded`: the disk has not taken a commit for 2 s; everything goes on from memory. */
  state(): "ok" | "degraded";
  /** A consistent copy of the whole store, while it runs, with its checksum beside it. */
  backup(file: string): Promise<void>;
  /** Commits what waits, then lets go of the folder. */
  close(): Promise<void>;
}

/** The time as the store believes it, which is not always what the wall clock says. */
export interface StoreTime {
  readonly boot: number;
  quality(): TimeQuality;
  now(): EpochMs;
  steady(): SteadyMs;
  /** An operator says what time it is. */
  set(now: EpochMs, by: string): void;
  /** Hears of steps of the wall clock in words, at most a few an hour, those since the start first. */
  steps(listener: (words: string) => void): void;
}

export const STORE_FILE = "vigie.db";

/**
 * Committed entries that stay in memory, and entries that may wait for a disk that takes nothing, per log. Half a second of
 * the fastest gateway is enough for followers that keep up; more would live so long that the collector copies them twice.
 */
const KEPT = { readings: 5_000, notices: 1_000, bursts: 8 } as const;
const BOUND = { readings: 100_000, notices: 10_000, bursts: 64 } as const;

const ASK_UNSYNCED: Ms = 10 * SECOND;
const ASK_SYNCED: Ms = 60 * SECOND;

/** A data folder that is ours now: locked, its file open and proved to take what is written. */
export interface Door {
  writer: Line<WriterCall, WriterAnswers>;
  opened: Opened;
}

/** A door that opens as soon as the disk lets it. */
export interface Knock {
  door: Promise<Door>;
  /** Lets go of the folder, whether the door is open by now or not. */
  end(): Promise<void>;
}

/** Makes the folder where there is none. Everything that touches the disk happens in the writing thread. */
export function knock(folder: string): Knock {
  const writer = new Line<WriterCall, WriterAnswers>(new URL("./writer.ts", import.meta.url), "writer");
  const opening = async () => {
    try {
      return { writer, opened: await writer.ask({ call: "open", file: join(folder, STORE_FILE) }) };
    } catch (error) {
      await writer.end();
      throw error;
    }
  };
  return { door: opening(), end: () => writer.end() };
}

export const openDoor = (folder: string): Promise<Door> => knock(folder).door;

/** The same door, once something was written through it: what its file holds now. */
export async function openedAgain(folder: string, { writer, opened: { remarks } }: Door): Promise<Door> {
  const opened = await writer.ask({ call: "open", file: join(folder, STORE_FILE) });
  return { writer, opened: { ...opened, remarks: [...new Set([...remarks, ...opened.remarks])] } };
}

export async function closeDoor({ writer }: Door, meta: Readonly<Record<string, string>> = {}): Promise<void> {
  await writer.ask({ call: "close", meta });
  await writer.end();
}

export async function openStore(options: StoreOptions, door?: Door): Promise<Store> {
  const { folder, clock, meters, say } = options;
  const settings = options.settings ?? storeSettings.parse(undefined);
  const file = join(folder, STORE_FILE);
  const { writer, opened } = door ?? (await openDoor(folder));
  for (const remark of opened.remarks) say.warn(`store: ${remark}`);
  const reader = openReader(file, clock);
  const names = new Names(opened.names);
  const evidence = options.evidence ?? (settings.clock === "trusted" ? trusted : machineEvidence(clock));
  const kernel = options.kernel ?? (await kernelBoot());
  const times = new Times({ clock, say, meters, evidence, kernel, opened, note: (boots) => commits.note({ boots }) });
  const gaps = restartGap(opened, times);
  // As on disk, where a gap that begins at the same number takes the place of the one before.
  const earlier = opened.gaps.filter((old) => !gaps.some(({ log, first }) => log === old.log && first === old.first));

  const parts = <T>(
    name: LogName,
    rest: Pick<JournalParts<T>, "codec" | "look" | "stamp" | "settle">,
  ): JournalParts<T> => ({
    name,
    names,
    clock,
    meters,
    keep: KEPT[name],
    bound: BOUND[name],
    newest: opened.heads[name].newest,
    oldest: opened.heads[name].oldest,
    next: nextSeq(opened, name),
    reserved: 0,
    gaps: [...earlier, ...gaps].filter((gap) => gap.log === name),
    read: async (seq, limit) => (await reader()).ask({ call: "after", log: name, seq, limit }),
    tidy: () => tidying.once(true),
    work: () => commits.work(),
    degraded: () => commits.degraded,
    steady: () => times.steady(),
    ...rest,
  });
  const stamp = <T>(item: T, monotonic: Ms, seq: number) => times.stamp(item, monotonic, seq);
  const journals = {
    readings: new Journal<Reading>(
      parts("readings", {
        codec: readingsCodec,
        look: times.look,
        stamp: times.stampReading,
        settle: times.settle,
      }),
    ),
    notices: new Journal<AlarmEvent>(parts("notices", { codec: noticesCodec, stamp, settle: (entry) => entry })),
    bursts: new Journal<Burst>(parts("bursts", { codec: burstsCodec, stamp, settle: (entry) => entry })),
  };
  const all: Readonly<Record<LogName, Queue>> = journals;
  const cursors = readPlaces(opened.cursors);
  const commits = new Commits({
    writer,
    journals: all,
    names,
    clock,
    say,
    meters,
    ...cursors,
    appendNotices: (notices) => void journals.notices.append(notices),
  });
  commits.note({ boots: [times.current], gaps });
  await commits.commit({});
  await times.ask();

  const counters = [...(options.points ?? [])].filter((p) => p.signal.kind === "counter").map((p) => p.id);
  const tidying = new Tidying({
    writer,
    journals: all,
    commits,
    clock,
    say,
    meters,
    settings,
    counters,
    now: () => times.now(),
  });
  probeFollowers(meters, all, commits);
  const ending = new AbortController();
  const { signal } = ending;
  const checking = checkBeside(file, { clock, meters, say, signal });
  const stalled = (lasted: Ms) => {
    const { next } = journals.readings;
    const [boot, to] = [times.boot, times.now()];
    // It holds no numbers, because none were given out: it only says what that time was.
    const gap = { log: "readings", first: next, last: next - 1, why: "stalled", boot, from: to - lasted, to } as const;
    commits.note({ gaps: [apart(gap)] });
    say.warn(`the whole gateway stood still for ${Math.round(lasted / SECOND)} s: nothing was read meanwhile`);
  };
  const watching = noticeStalls(clock, signal, stalled);
  const chores = Promise.all([tidying.run(signal), askForTime(times, clock, signal), checking, watching]);

  return {
    ...journals,
    cells: commits,
    history: openHistorian(names, reader),
    time: {
      get boot() {
        return times.boot;
      },
      quality: () => times.quality(),
      now: () => times.now(),
      steady: () => times.steady(),
      set: (now, by) => times.set(now, by),
      steps: (listener) => times.steps.listen(listener),
    },
    state: () => (commits.degraded ? "degraded" : "ok"),
    async backup(copy) {
      const { copyWith } = await import("./backup.ts");
      await copyWith(async (draft) => (await reader()).ask({ call: "backup", file: draft }), copy);
    },
    async close() {
      ending.abort();
      await chores;
      await commits.close();
      await reader.end();
      const clean = Object.entries(journals).map(([log, journal]) => [`reserved:${log}`, String(journal.next)]);
      await closeDoor({ writer, opened }, commits.degraded ? {} : Object.fromEntries(clean));
    },
  };
}

const trusted = async (): Promise<Evidence> => "battery";

/** The first number of a log that nobody has been shown. */
export const nextSeq = ({ heads, floor }: Pick<Opened, "heads" | "floor">, log: LogName): number =>
  Math.max(heads[log].newest + 1, heads[log].reserved, floor.reserved[log], 1);

/** From the newest reading of the run before to now there was no gateway; seqs that it had reserved are skipped. */
function restartGap(opened: Opened, times: Times): Gap[] {
  const gaps: Gap[] = [];
  for (const log of ["readings", "notices", "bursts"] as const) {
    const { newest, lastT } = opened.heads[log];
    if (newest === 0) continue;
    const from = new Map(opened.spans).get(opened.boots.at(-1)?.boot ?? 0)?.to ?? lastT;
    gaps.push({
      log,
      first: newest + 1,
      last: nextSeq(opened, log) - 1,
      why: "gateway_off",
      boot: times.boot,
      from,
      to: times.now(),
    });
  }
  return gaps;
}

async function askForTime(times: Times, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(times.quality() === "unsynced" ? ASK_UNSYNCED : ASK_SYNCED, signal);
    } catch {
      return; // Only the signal ends a sleep.
    }
    await times.ask();
  }
}

function probeFollowers(meters: Meters, journals: Readonly<Record<LogName, Queue>>, commits: Commits): void {
  meters.probe(() => {
    for (const [log, journal] of Object.entries(journals)) {
      meters.gauge("log_waiting", "Entries that wait for the next commit", { log }).value = journal.waiting;
      for (const follower of journal.followers)
        meters.gauge("follower_pending", "Entries that a follower has still before it", { follower }).value = behind(
          journal,
          commits.places.get(follower),
          journal.head().newest,
        );
    }
  });
}
