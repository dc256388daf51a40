import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { carry } from "../../../gateway/log/carry.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { peek } from "../../../gateway/log/peek.ts";
import { closeDoor, openDoor, STORE_FILE, type Store } from "../../../gateway/log/store.ts";
import { eventually } from "../../sim/gateway.ts";
import { everything, type House, openHouse, spoiled, valuesOf } from "../../sim/house.ts";
import { memoryLogger, temporaryFolder } from "../../sim/store.ts";

const DAYS = 86_400_000;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

const append = (store: Store, count: number, now = clock.now()) =>
  store.readings.append(upTo(count).map((value) => good("m/n", now, value)));

test("a sink that somebody has called disk takes nothing from what waits for the disk", async () => {
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  const { readings, cells } = during.store;
  const ending = new AbortController();
  const options = { cells, clock, say: memoryLogger([]), meters: during.meters, signal: ending.signal, drain: 100 };
  const taken: number[] = [];
  const sink = {
    name: "disk",
    apply: async (batch: Parameters<typeof valuesOf>[0]) => void taken.push(...valuesOf(batch)),
  };
  const following = follow(readings, sink, options);
  // A row each: only the newest 500 stay for their own sake.
  for (const value of upTo(600)) {
    void readings.append([good("m/n", clock.now(), value)]);
    await cells.commit({});
  }
  ending.abort();
  await following;
  expect(taken).toEqual(upTo(600));
  await readings.trim();
  await during.close();
  heal();

  const after = await openHouse(folder);
  expect(valuesOf(await everything(after.store))).toEqual(upTo(600));
}, 30_000);

/** Every gap of the file whose times are not those of this test, in words. */
function wrongGaps(folder: string, began: number): string[] {
  const db = new DatabaseSync(join(folder, STORE_FILE), { readOnly: true });
  try {
    const now = clock.now() + 1_000;
    const rows = db.prepare("SELECT log, why, from_t, to_t FROM gap").all();
    expect(rows.map(({ why }) => why)).toEqual(expect.arrayContaining(["gateway_off", "lost"]));
    const wrong = rows.filter(({ from_t, to_t }) => [from_t, to_t].some((t) => Number(t) < began || Number(t) > now));
    const day = (t: unknown) => new Date(Number(t)).toISOString();
    return wrong.map(({ log, why, from_t, to_t }) => `${log}: ${why} from ${day(from_t)} to ${day(to_t)}`);
  } finally {
    db.close();
  }
}

test.for([
  "in memory",
  "after a first try at the disk",
  "on the disk",
])("a wrong clock, put right %s: the history says truly when there was no gateway, and what is lost", {
  timeout: 30_000,
}, async (known) => {
  const began = clock.now() - 1_000;
  let late = known === "on the disk" ? 100 * DAYS : 0;
  const how = {
    clock: { ...clock, now: () => epochMs(clock.now() - late) },
    evidence: async () => (late === 0 ? ("ntp" as const) : ("none" as const)),
  };
  const putRight = (house: House) => house.store.time.set(clock.now(), "somebody");
  const folder = temporaryFolder();
  const before = await openHouse(folder, how);
  await append(before.store, 20, how.clock.now());
  await before.close();
  late = 100 * DAYS;
  const heal = spoiled(folder);
  const first = await openHouse(folder, how);
  for (let i = 0; i < 2; i++) await append(first.store, 1_000, how.clock.now());
  await first.close();
  const during = await openHouse(folder, how);
  await append(during.store, 5, how.clock.now());
  // The second thousand: what is before the first entry is the pause.
  const db = new DatabaseSync(join(during.folder, STORE_FILE));
  db.exec("DELETE FROM readings WHERE first = (SELECT max(first) FROM readings WHERE n = 1000)");
  db.close();
  if (known === "in memory") putRight(during);
  heal();
  if (known !== "on the disk") await carriedOnce(during, folder);
  if (known === "after a first try at the disk") putRight(during);
  await append(during.store, 5, how.clock.now());
  await during.close();

  const after = await openHouse(folder, how);
  putRight(after);
  await append(after.store, 5, how.clock.now());
  await after.close();
  late = 0;
  expect(wrongGaps(folder, began)).toEqual([]);
});

async function carriedOnce({ folder: from }: House, to: string): Promise<void> {
  const door = await openDoor(to);
  await carry(from, to, door, clock);
  await closeDoor(door);
}

test("a disk that fails again just when everything is on it: a new stand-in, and nothing is left of the old one", async () => {
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  await append(during.store, 100);
  await during.close();
  heal();
  let again: (() => void) | undefined;
  const say = memoryLogger([]);
  // The lock that is held needs its name no more; the store does.
  Object.assign(say, {
    info: (line: string) => {
      if (line.includes("from memory are in the store")) again = withoutStore(folder);
    },
  });
  const second = await openHouse(folder, { say });
  expect(again).toBeDefined();
  expect(second.standIn).toBeDefined();
  await second.store.readings.append([good("m/n", clock.now(), 100)]);
  expect(statSync(second.folder).mode & 0o077).toBe(0);
  await second.close();
  again?.();

  const after = await openHouse(folder);
  expect(after.standIn).toBeUndefined();
  expect(valuesOf(await everything(after.store))).toEqual(upTo(101));
  expect(existsSync(second.folder)).toBe(false);
}, 30_000);

/** The store is away, and nothing can be put in its place. */
function withoutStore(folder: string): () => void {
  const file = join(folder, STORE_FILE);
  for (const end of ["", "-wal", "-shm"]) if (existsSync(file + end)) renameSync(file + end, `${file}.away${end}`);
  mkdirSync(file);
  return () => {
    rmdirSync(file);
    for (const end of ["", "-wal", "-shm"])
      if (existsSync(`${file}.away${end}`)) renameSync(`${file}.away${end}`, file + end);
  };
}

test("stopped while it carries everything over: the next start is not refused, and everything is there once", async () => {
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  for (let i = 0; i < 10; i++) await append(during.store, 20_000);
  heal();
  const ending = new AbortController();
  const changed: string[] = [];
  const running = during.standIn?.run(ending.signal, () => changed.push("changed"));
  await eventually(() => (someIn(folder) ? true : undefined), 15_000);
  ending.abort();
  await running;
  expect(changed).toEqual([]);
  await during.close();

  const after = await openHouse(folder);
  expect(after.standIn).toBeUndefined();
  expect((await everything(after.store)).length).toBe(200_000);
}, 60_000);

function someIn(folder: string): boolean {
  const db = new DatabaseSync(join(folder, STORE_FILE), { readOnly: true });
  try {
    return db.prepare("SELECT 1 FROM readings LIMIT 1").get() !== undefined;
  } finally {
    db.close();
  }
}

test("steady time stays as it was shown where the disk has known earlier starts of the machine, and a clock was put right", async () => {
  let early = 10 * 60_000;
  const how = { clock: { ...clock, now: () => epochMs(clock.now() - early) } };
  const folder = temporaryFolder();
  const first = await openHouse(folder, { ...how, kernel: "an earlier start of the machine" });
  await append(first.store, 1, how.clock.now());
  await first.close();
  const second = await openHouse(folder, how);
  await append(second.store, 1, how.clock.now());
  await second.close();
  early = 0;
  const heal = spoiled(folder);
  const during = await openHouse(folder, how);
  await append(during.store, 1);
  const shown = (await everything(during.store)).at(-1);
  await during.close();
  heal();

  const after = await openHouse(folder, how);
  expect((await everything(after.store)).at(-1)).toEqual(shown);
}, 30_000);

test("where the numbers of a disk that can be read leap, the stand-in counts entries, and knows of the same gaps", async () => {
  let late = 100 * DAYS;
  const how = {
    clock: { ...clock, now: () => epochMs(clock.now() - late) },
    evidence: async () => (late === 0 ? ("ntp" as const) : ("none" as const)),
  };
  const [crashing, folder] = [temporaryFolder(), temporaryFolder()];
  const first = await openHouse(crashing, how);
  await append(first.store, 100, how.clock.now());
  // As a power cut leaves it: numbers that were reserved are not given back.
  for (const end of ["", "-wal"]) cpSync(join(crashing, STORE_FILE + end), join(folder, STORE_FILE + end));
  const second = await openHouse(folder, how);
  await append(second.store, 100, how.clock.now());
  second.store.time.set(clock.now(), "somebody");
  late = 0;
  await second.close();
  const gaps = gapsIn(folder);
  expect(gaps).toHaveLength(1);

  spoiled(folder);
  const during = await openHouse(folder, how);
  await append(during.store, 100);
  const { readings } = during.store;
  expect((await everything(during.store)).length).toBe(300);
  expect(readings.count?.(0, readings.head().newest)).toBe(300);
  expect(gapsIn(during.folder).slice(0, 1)).toEqual(gaps);
}, 30_000);

function gapsIn(folder: string): object[] {
  const db = new DatabaseSync(join(folder, STORE_FILE), { readOnly: true });
  try {
    return db.prepare("SELECT * FROM gap WHERE log = 'readings' ORDER BY first").all();
  } finally {
    db.close();
  }
}

test("a disk after a power cut whose index of the write-ahead log is missing is read, and not a byte is written", async () => {
  const [crashing, folder] = [temporaryFolder(), temporaryFolder()];
  const running = await openHouse(crashing);
  await append(running.store, 100);
  await running.store.cells.commit({ cells: [{ kind: "account", key: "me", value: "mine" }] });
  for (const end of ["", "-wal"]) cpSync(join(crashing, STORE_FILE + end), join(folder, STORE_FILE + end));
  const file = join(folder, STORE_FILE);
  const before = bytesIn(folder);
  const { cells, heads, tail } = peek(file, true);
  expect(cells).toContainEqual({ kind: "account", key: "me", value: '"mine"' });
  expect(heads.readings.newest).toBe(100);
  expect(tail.map(({ n }) => n)).toEqual([100]);
  expect(bytesIn(folder)).toEqual(before);
});

const bytesIn = (folder: string) => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "hex")]);
