import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, expect, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { SCHEMA_VERSION } from "../../../gateway/log/schema.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { checkNumbers, flipsSeeded } from "../../kill/damage.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

const COUNT = 20_000;
let sound: Buffer;

beforeAll(async () => {
  const ends: (() => void | Promise<void>)[] = [];
  const t = await openTestStore({ afterwards: (end) => void ends.push(end) });
  // Half of it in chunks, half in the log, cut into batches as they come at 20 a second or in a flood.
  for (let i = 0; i < COUNT; ) {
    const size = i % 3 === 0 ? 23 : 200;
    const items = Array.from({ length: Math.min(size, COUNT - i) }, () => good(`m/s${i % 5}`, t.clock.now(), i++));
    await running(t.clock, t.store.readings.append(items));
    if (i > COUNT / 2 && i <= COUNT / 2 + size) await running(t.clock, t.store.readings.trim());
  }
  await t.close();
  sound = readFileSync(join(t.folder, STORE_FILE));
  for (const end of ends.reverse()) await end();
});

function folderWith(file: Uint8Array): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, STORE_FILE), file);
  return folder;
}

test("a sound file gives every number", () => {
  expect(checkNumbers(join(folderWith(sound), STORE_FILE), COUNT)).toEqual({ missing: 0, wrong: 0, recovered: false });
});

test("forty flipped bits, one at a time: the gateway starts, no wrong value, at most a batch is lost", () => {
  for (const { file, at } of flipsSeeded(sound, 40, 7)) {
    const found = checkNumbers(join(folderWith(file), STORE_FILE), COUNT);
    expect({ at, ...found }).toMatchObject({ wrong: 0 });
    expect(found.missing).toBeLessThanOrEqual(1_000);
  }
});

test("a truncated file gives what was before the cut, and the gateway goes on", async () => {
  const folder = folderWith(sound);
  truncateSync(join(folder, STORE_FILE), Math.floor(sound.length / 2));
  const { store, clock, said } = await openTestStore({ folder });
  expect(said.join("\n")).toMatch(/the store was damaged; \d+ rows that are sound were carried into a new one/);
  const before = store.readings.head().newest;
  expect(await running(clock, store.readings.append([good("m/s1", clock.now(), 1)]))).toBeGreaterThan(before);
});

test("a file that is no store at all is set aside, and a new one begun", async () => {
  const folder = folderWith(Buffer.from("this is not a database, whatever its name says. ".repeat(200)));
  const { store, clock } = await openTestStore({ folder });
  expect(await running(clock, store.readings.append([good("m/s1", clock.now(), 1)]))).toBeGreaterThan(0);
});

test("a store from a newer Vigie is refused and left untouched", async () => {
  const file = Buffer.from(sound);
  file.writeUInt32BE(SCHEMA_VERSION + 1, 60);
  const folder = folderWith(file);
  await expect(openTestStore({ folder })).rejects.toThrow(
    /written by a newer Vigie \(version \d+, this one knows \d+\)/,
  );
  expect(readFileSync(join(folder, STORE_FILE)).equals(file)).toBe(true);
});

test("a store deleted while Vigie runs is put back with all that was saved", async () => {
  const { store, clock, folder, said } = await openTestStore();
  await running(clock, store.readings.append([good("m/s1", clock.now(), 1)]));
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, STORE_FILE + end), { force: true });
  await running(clock, store.readings.trim());
  expect(said.join("\n")).toMatch(/the store was deleted while running; it is back/);
  await running(clock, store.readings.append([good("m/s1", clock.now(), 2)]));
  const values: unknown[] = [];
  for await (const { value } of store.history.samples("m/s1", epochMs(0), epochMs(clock.now() + 1))) values.push(value);
  expect(values).toEqual([1, 2]);
});

test("an older copy put in place of the store is noticed at the next start, and no number is used twice", async () => {
  const folder = temporaryFolder();
  const first = await openTestStore({ folder });
  await running(first.clock, first.store.readings.append([good("m/s1", first.clock.now(), 1)]));
  await first.close();
  const old = readFileSync(join(folder, STORE_FILE));
  const second = await openTestStore({ folder });
  const newest = await running(second.clock, second.store.readings.append([good("m/s1", second.clock.now(), 2)]));
  await second.close();
  writeFileSync(join(folder, STORE_FILE), old);
  const third = await openTestStore({ folder });
  expect(third.said.join("\n")).toMatch(/the store is an older copy \(start 1 of 2\)/);
  expect(third.store.time.boot).toBe(3);
  expect(await running(third.clock, third.store.readings.append([good("m/s1", third.clock.now(), 3)]))).toBeGreaterThan(
    newest,
  );
});

const COMMITS = 100;
/** What is lost is in the last commits, of 20 readings each; the frames of the write-ahead log are of 2,072 bytes. */
const LAST = 100;

/** A folder as a power cut leaves it, with its write-ahead log, and one that was closed, in which everything is in the store itself. */
const left = { "-wal": new Map<string, Buffer>(), "": new Map<string, Buffer>() };
let newest = 0;

beforeAll(async () => {
  const ends: (() => void | Promise<void>)[] = [];
  const t = await openTestStore({ afterwards: (end) => void ends.push(end) });
  for (let n = 0; n < 20 * COMMITS; ) {
    const items = Array.from({ length: 20 }, () => good(`m/s${n % 5}`, t.clock.now(), n++));
    await running(t.clock, t.store.readings.append(items));
  }
  newest = t.store.readings.head().newest;
  const keep = (names: string[], into: Map<string, Buffer>) => {
    for (const name of names) into.set(name, readFileSync(join(t.folder, name)));
  };
  const beside = [STORE_FILE, "numbers.json", "names.json"];
  keep([...beside, `${STORE_FILE}-wal`], left["-wal"]);
  await t.close();
  keep(beside, left[""]);
  for (const end of ends.reverse()) await end();
});

test.each<[string, file: "-wal" | "", spoil: (bytes: Buffer) => Uint8Array, lost: number]>([
  ["the write-ahead log ends in zeros", "-wal", (wal) => wal.fill(0, wal.length - 3 * 2_072), LAST],
  ["its last page is half written", "-wal", (wal) => wal.fill(0xa5, wal.length - 1_000), LAST],
  ["it breaks off within a page", "-wal", (wal) => wal.subarray(0, wal.length - 1_000), LAST],
  ["zeros follow that were never written", "-wal", (wal) => Buffer.concat([wal, Buffer.alloc(50_000)]), 0],
  ["the last page of the store is zeros", "", (db) => db.fill(0, db.length - 2_048), 1_000],
  ["the last page of the store is half written", "", (db) => db.fill(0, db.length - 1_024), 1_000],
])("%s: it starts, no value is wrong, only what was last is lost, and no number comes twice", async (_, end, spoil, lost) => {
  const folder = temporaryFolder();
  for (const [name, bytes] of left[end]) {
    const spoilt = name === STORE_FILE + end ? spoil(Buffer.from(bytes)) : bytes;
    writeFileSync(join(folder, name), spoilt);
  }
  const found = checkNumbers(join(folder, STORE_FILE), 20 * COMMITS);
  expect(found.wrong).toBe(0);
  expect(found.missing).toBeLessThanOrEqual(lost);
  if (lost === LAST) expect(found.missing).toBeGreaterThan(0);
  const { store, clock } = await openTestStore({ folder });
  expect(await running(clock, store.readings.append([good("m/s0", clock.now(), 5)]))).toBeGreaterThan(newest);
});

test("the first batch after a restart, damaged: what it held is counted as gone, though the pause begins with the same number", async () => {
  const folder = temporaryFolder();
  for (const count of [20, 30, 40]) {
    const { store, clock, close } = await openTestStore({ folder });
    const items = Array.from({ length: count }, (_, i) => good("m/s1", clock.now(), i));
    await running(clock, store.readings.append(items));
    await close();
  }
  const db = new DatabaseSync(join(folder, STORE_FILE));
  expect(db.prepare("SELECT first, last FROM gap WHERE log = 'readings' AND first = 21").get()).toMatchObject({
    last: 20,
  });
  db.exec("UPDATE readings SET body = zeroblob(length(body)) WHERE first = 21");
  db.close();
  const { store, clock, meters } = await openTestStore({ folder });
  const found = await running(clock, store.readings.after(0, 1_000));
  expect(found.length).toBe(60);
  expect(meters.sum("store_damaged_total")).toBe(30);
  expect(store.readings.count?.(0, 90)).toBe(60);
});
