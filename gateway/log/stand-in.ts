import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Text } from "../core/text.ts";
import { BUILT, type Clock, MINUTE, type Ms, SECOND } from "../core/time.ts";
import { type Carried, carry } from "./carry.ts";
import { kernelBoot } from "./evidence.ts";
import { cellsFor, cursorsFor, KEPT_FOR, type Seed, STAND_IN, seen } from "./kept.ts";
import type { Place } from "./places.ts";
import { type LogName, logNames, type Peeked, type ReaderAnswers, type ReaderCall } from "./protocol.ts";
import { Line, StoreTrouble } from "./rpc.ts";
import { type StoreSettings, storeSettings } from "./settings.ts";
import { lockShelter, makeShelter, removeShelter, shelterLeft, shelterReady } from "./shelter.ts";
import {
  closeDoor,
  type Door,
  type Knock,
  knock,
  nextSeq,
  openDoor,
  openedAgain,
  openStore,
  STORE_FILE,
  type Store,
  type StoreOptions,
} from "./store.ts";
import { firstBoot } from "./times.ts";

/** So long the disk may take to open the store; then the gateway starts without it. */
const PATIENCE: Ms = 10 * SECOND;
const KNOCK_EVERY: Ms = 5 * SECOND;
/** What a stand-in may take of the memory; beyond, its oldest readings go, and are counted. */
const BOUND = { size: 32e6, bursts: 8e6 } as const;
/** In a stand-in's folder, once the disk was good again: how long that took to open, in ms, so that a slow one is given its time. */
const OPENS_IN = "opens-in";
/** Files that a page and its visitors know it by. */
const KNOWN_BY = ["tls", "web-push-keys.json"];
/** Files that people and sensors make, and that go to the disk as they are. */
const MADE = ["photos", "bursts"];

/** Where the readings go: to the data folder, or to memory while it cannot be used. */
export interface Ground {
  store: Store;
  /** Where everything else goes that is kept in files. */
  folder: string;
  standIn: StandIn | undefined;
}

export interface StandIn {
  /** What is wrong, what happens meanwhile, and what to do. */
  text: Text;
  /**
   * Tries until the data folder can be used and has everything; then calls `change`, once. Once it has ended, it holds
   * nothing of the data folder.
   */
  run(signal: AbortSignal, change: () => void): Promise<void>;
}

/**
 * The store of the data folder. Where the disk does not let it be opened, the same store in a folder in memory: acquisition
 * and alarms start all the same, and what it holds goes to the disk as soon as that can be opened. A folder that another
 * gateway uses, and a store that this one must not touch, are refused as ever.
 */
export async function openGround(options: StoreOptions): Promise<Ground> {
  const { folder, clock } = options;
  let left = shelterLeft(folder);
  const lock = left === undefined ? undefined : lockShelter(left);
  const [opening, began] = [knock(folder), clock.monotonic()];
  let door: Door | undefined;
  try {
    door = await within(PATIENCE + 3 * opensIn(left), opening.door, clock);
    if (left !== undefined) {
      await endOf(left, options, door);
      left = undefined;
      door = await within(PATIENCE, openedAgain(folder, door), clock);
    }
    const store = await openStore(options, door);
    lock?.release();
    return { store, folder, standIn: undefined };
  } catch (error) {
    lock?.release();
    void door?.writer.end();
    if (!isDisk(error)) throw error;
    return standIn(options, { error, opening: error instanceof Stalled && !door ? opening : undefined, began, left });
  }
}

/** The stand-in of an earlier start has done its work. One that cannot be taken over does not keep the gateway from the disk. */
async function endOf(place: string, options: StoreOptions, door: Door): Promise<void> {
  const { folder, clock, say } = options;
  try {
    tell(options, await homeFrom(place, folder, door, clock));
    for (const made of MADE) await copied(join(place, made), join(folder, made));
    // A disk that is new does not know by what the page is known; one that is not knows better.
    for (const known of KNOWN_BY)
      if (!existsSync(join(folder, known))) await copied(join(place, known), join(folder, known));
    await copied(join(place, "audit"), join(folder, "audit", `from-memory-${clock.now()}`));
  } catch (error) {
    if (isDisk(error)) throw error;
    const aside = join(folder, "damaged", `from-memory-${clock.now()}`);
    say.error(`what was kept in memory cannot be taken over (${messageOf(error)}); it is in ${aside}`);
    await copied(place, aside);
  }
  removeShelter(place);
}

interface Trouble {
  error: StoreTrouble;
  /** The disk may still answer. */
  opening: Knock | undefined;
  began: Ms;
  /** Where a stand-in of an earlier start is, which goes on. */
  left: string | undefined;
}

async function standIn(options: StoreOptions, { error, opening, began, left }: Trouble): Promise<Ground> {
  const { folder, clock, meters, say } = options;
  const place = left ?? makeShelter(folder);
  if (place === undefined) throw error;
  say.error(`the data folder ${folder} cannot be used (${error.message}); going on from memory`);
  if (left === undefined) await plant(place, options, opening ? undefined : await peeked(folder, clock));
  const settings = bounded(options.settings ?? storeSettings.parse(undefined));
  const store = await openStore({ ...options, folder: place, settings });
  const degraded = meters.gauge("log_degraded", "");
  meters.probe(() => {
    degraded.value = 1;
  });
  const [own, places] = await Promise.all([store.cells.load(STAND_IN), store.cells.load("cursor")]);
  const first = (own.get("seed") as Seed).seq;
  const { seq } = (places.get(KEPT_FOR) ?? { seq: first.readings - 1 }) as Place;
  store.readings.hold?.(KEPT_FOR, { seq, backlog: [] });
  const run = async (signal: AbortSignal, change: () => void) => {
    let tried = opening;
    signal.addEventListener("abort", () => void tried?.end(), { once: true });
    for (let said = ""; !signal.aborted; ) {
      await clock.sleep(KNOCK_EVERY, signal).catch(() => undefined);
      if (signal.aborted) break;
      try {
        const since = tried ? began : clock.monotonic();
        tried ??= knock(folder);
        const door = await tried.door;
        const took = clock.monotonic() - since;
        await homeFrom(place, folder, door, clock);
        await closeDoor(door);
        writeFileSync(join(place, OPENS_IN), String(took));
        say.info(`the data folder ${folder} can be used again: going over to it`);
        return change();
      } catch (problem) {
        if (signal.aborted) break;
        tried = undefined;
        const why = messageOf(problem);
        // Not for the disk's sake: a start sets aside what cannot be taken over.
        if (!isDisk(problem) && !isRefusal(problem)) return change();
        if (why !== said && why !== error.message) say.error(`the data folder ${folder} cannot be used yet: ${why}`);
        said = why;
      }
    }
    // The next gateway finds the folder free, and goes on from what is over by now.
    await tried?.end();
  };
  const logs = {
    readings: seen(store.readings, "readings", store.cells, first.readings),
    notices: seen(store.notices, "notices", store.cells, first.notices),
    bursts: seen(store.bursts, "bursts", store.cells, first.bursts),
  };
  const shown = { ...store, ...logs, state: () => "degraded" as const };
  return { store: shown, folder: place, standIn: { text: words(folder, error), run } };
}

/** Everything that the stand-in has by now goes through the door. */
async function homeFrom(place: string, folder: string, door: Door, clock: Clock): Promise<Carried> {
  try {
    return await within(MINUTE, carry(place, folder, door, clock), clock);
  } catch (error) {
    // A disk that hangs holds its thread; the rest must not wait for that.
    void door.writer.end();
    throw error;
  }
}

function tell({ meters, say }: StoreOptions, { count, lost }: Carried): void {
  for (const log of logNames)
    meters.counter("store_carried_total", "Entries that waited in memory for a data folder that could not be opened", {
      log,
    }).value = count[log];
  meters.counter("store_carry_lost_total", "Readings that were too many to wait in memory for the data folder").value =
    lost;
  say.info(`${count.readings} readings and ${count.notices} notices from memory are in the store, ${lost} were lost`);
}

/** Its first numbers, and a copy of the small state and of the newest readings where the disk can still be read. */
async function plant(place: string, { folder, clock }: StoreOptions, disk: Peeked | undefined): Promise<void> {
  for (const known of disk ? KNOWN_BY : [])
    await copied(join(folder, known), join(place, known)).catch(() => undefined);
  const kernel = await kernelBoot();
  const [t, monotonic] = [clock.now(), clock.monotonic()];
  const before = disk && firstBoot({ clock: { now: () => t, monotonic: () => monotonic }, kernel, opened: disk });
  const next = (log: LogName) => (disk ? nextSeq(disk, log) : 1);
  const seq = { readings: next("readings"), notices: next("notices"), bursts: next("bursts") };
  // The disk cannot remember which numbers were shown: the clock makes sure that none is shown twice.
  const boot = Math.max(before?.boot ?? 1, Math.floor((t - BUILT) / (10 * MINUTE)));
  const offset = before?.offset ?? 0;
  const after = (before?.boot ?? 1) - 1;
  const seed: Seed = { id: randomUUID(), seq, boot, offset, t, monotonic, peeked: disk !== undefined, after };
  const first = { boot, kernel, offset, wall: t - monotonic, shift: null, tq: "unsynced" as const };
  const door = await openDoor(place);
  const meta = Object.fromEntries(logNames.map((log) => [`reserved:${log}`, String(seq[log])]));
  const { tail: rows, names, boots, gaps } = disk ?? { tail: [], names: [], boots: [], gaps: [] };
  const cells = cellsFor(seed, disk);
  const none = { rows: [], names: [], cells: [], boots: [], meta: {}, cursors: null };
  const all = { rows, names, cells, gaps: [], boots: [...boots, first], meta, cursors: cursorsFor(seed, disk) };
  await door.writer.ask({ call: "commit", commit: all });
  // The boots move the gaps that are written beside them, and the disk's have moved already.
  await door.writer.ask({ call: "commit", commit: { ...none, gaps } });
  await closeDoor(door);
  shelterReady(place);
}

/** What can be read of a store that cannot be opened; undefined where that is nothing. */
async function peeked(folder: string, clock: Clock): Promise<Peeked | undefined> {
  const line = new Line<ReaderCall, ReaderAnswers>(new URL("./reader.ts", import.meta.url), "reader");
  try {
    return await within(PATIENCE, line.ask({ call: "peek", file: join(folder, STORE_FILE), tail: true }), clock);
  } catch {
    return undefined; // Not there, damaged, or on a disk that gives nothing: the stand-in begins with nothing then.
  } finally {
    void line.end();
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const opensIn = (left: string | undefined): Ms =>
  left !== undefined && existsSync(join(left, OPENS_IN)) ? Number(readFileSync(join(left, OPENS_IN), "utf8")) || 0 : 0;

const bounded = (settings: StoreSettings): StoreSettings => ({ ...settings, keep: { ...settings.keep, ...BOUND } });

const isRefusal = (error: unknown) => error instanceof StoreTrouble && error.trouble === "refused";
const isDisk = (error: unknown): error is StoreTrouble => error instanceof StoreTrouble && error.trouble === "disk";

class Stalled extends StoreTrouble {}

async function within<T>(ms: Ms, work: Promise<T>, clock: Clock): Promise<T> {
  const enough = new AbortController();
  const late = clock.sleep(ms, enough.signal).then(
    () => Promise.reject(new Stalled("disk", `the disk has not answered for ${Math.round(ms / SECOND)} s`)),
    () => work,
  );
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => enough.abort());
}

/** What is there stays. A disk that refuses is one that refuses. */
async function copied(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await cp(from, to, { recursive: true, force: false }).catch((error: unknown) => {
    throw new StoreTrouble("disk", messageOf(error));
  });
}

const words = (folder: string, { message }: StoreTrouble): Text => ({
  fr: `Le dossier de données ${folder} ne peut pas servir (${message}).
  Vigie tourne quand même, en mémoire : il lit, surveille et alerte. Une coupure de courant perdrait ces mesures.
  À vérifier : la carte ou le disque est-il plein, protégé en écriture, en panne, non monté, ou à un autre utilisateur (df -h, mount, dmesg) ?
  Dès que le dossier sert à nouveau, tout y est rangé tout seul en moins de 30 s. D'ici là, aucun premier compte ne peut être créé.`,
  en: `The data folder ${folder} cannot be used (${message}).
  Vigie runs all the same, from memory: it reads, judges and warns. A power cut would lose these readings.
  To check: is the card or disk full, write-protected, failing, not mounted, or another user's (df -h, mount, dmesg)?
  Once the folder can be used again, everything goes there by itself within 30 s. Until then no first account can be made.`,
});
