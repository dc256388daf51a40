import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { carry } from "../../../gateway/log/carry.ts";
import { follow } from "../../../gateway/log/follow.ts";
import type { WriterCall } from "../../../gateway/log/protocol.ts";
import { type Door, openDoor, STORE_FILE, type Store } from "../../../gateway/log/store.ts";
import { eventually } from "../../sim/gateway.ts";
import { everything, goneOver, type House, openHouse, spoiled, valuesOf } from "../../sim/house.ts";
import { ledgerOf } from "../../sim/ledger.ts";
import { memoryLogger, temporaryFolder } from "../../sim/store.ts";

let next = 0;
const append = (store: Store, count: number) =>
  store.readings.append(Array.from({ length: count }, () => good("m/n", clock.now(), next++)));

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

function inOrder(entries: readonly Entry<Reading>[]): boolean {
  return entries.every(({ boot, seq, steady }, i) => {
    const before = entries[i - 1];
    return !before || (seq > before.seq && boot >= before.boot && steady >= before.steady);
  });
}

/** A follower that takes `count` entries and then nothing more. */
async function takes(house: House, count: number): Promise<number[]> {
  const [taken, ending]: [number[], AbortController] = [[], new AbortController()];
  const follower = {
    ...{ name: "sink", batch: 10, from: "oldest" as const },
    apply: async (batch: readonly Entry<Reading>[]) => {
      if (taken.length >= count) return new Promise<void>(() => undefined);
      taken.push(...valuesOf(batch));
    },
  };
  const { cells, readings } = house.store;
  const options = { cells, clock, say: memoryLogger([]), meters: house.meters, signal: ending.signal, drain: 1 };
  const done = follow(readings, follower, options);
  await eventually(() => (taken.length >= count ? true : undefined), 10_000);
  ending.abort();
  await Promise.race([done, sleep(200)]);
  await cells.commit({});
  return taken;
}

test("what came while the disk could not be opened goes there once, in order, with its times; followers go on", async () => {
  next = 0;
  const folder = temporaryFolder();
  const before = await openHouse(folder);
  await append(before.store, 50);
  expect(await takes(before, 30)).toEqual(upTo(30));
  await before.store.cells.commit({
    cells: [
      { kind: "k", key: "kept", value: 1 },
      { kind: "k", key: "gone", value: 1 },
    ],
  });
  await before.close();

  const heal = spoiled(folder);
  const during = await openHouse(folder);
  expect(during.store.state()).toBe("degraded");
  expect(during.meters.all().find(({ name }) => name === "log_degraded")?.value).toBe(1);
  await append(during.store, 100);
  expect(await takes(during, 40)).toEqual(upTo(90).slice(50));
  const change = [
    { kind: "k", key: "gone", value: null },
    { kind: "k", key: "new", value: 2 },
  ];
  await during.store.cells.commit({ cells: change });
  const shown = await everything(during.store);
  heal();
  await goneOver(during);
  await append(during.store, 10);
  await during.close();
  expect(existsSync(during.folder)).toBe(true);

  const after = await openHouse(folder);
  expect(after.standIn).toBeUndefined();
  expect(existsSync(during.folder)).toBe(false);
  const entries = await everything(after.store);
  expect(valuesOf(entries)).toEqual(upTo(160));
  expect(inOrder(entries)).toBe(true);
  // Boot, number, time and quality of time are those under which it was shown.
  expect(entries.slice(0, shown.length)).toEqual(shown);
  expect([...(await after.store.cells.load("k"))]).toEqual([
    ["kept", 1],
    ["new", 2],
  ]);
  const rest = await takes(after, 90);
  expect(rest.sort((a, b) => a - b)).toEqual([...upTo(50).slice(30), ...upTo(160).slice(90)]);
  expect(ledgerOf(after.meters.all()).off).toEqual([]);
  const carried = after.meters.all().filter(({ name }) => name === "store_carried_total");
  expect(carried.find(({ labels }) => labels.log === "readings")?.value).toBe(110);
}, 30_000);

test("a disk that nobody could read: numbers and steady time go on from its own, and shown numbers are no other reading's", async () => {
  next = 0;
  const folder = temporaryFolder();
  const [disk, data] = [join(folder, "disk"), join(folder, "data")];
  mkdirSync(disk);
  symlinkSync(disk, data);
  const before = await openHouse(data);
  await append(before.store, 50);
  const timers = { on: 5 };
  const alarm = (process: string, more: object) => ({ life: { process, shelf: "none" }, timers, ...more });
  const cell = (key: string, value: unknown) => ({ kind: "alarm", key, value });
  await before.store.cells.commit({
    cells: [cell("a", alarm("acked", {})), { kind: "account", key: "me", value: "mine" }],
  });
  await before.close();
  renameSync(disk, `${disk}.away`);

  const during = await openHouse(data);
  await append(during.store, 100);
  expect((await during.store.cells.load("account")).size).toBe(1);
  await during.store.cells.commit({
    cells: [cell("a", alarm("unacked", {})), cell("b", alarm("acked", { frozenAt: 7 }))],
  });
  const shown = await everything(during.store);
  await during.close();
  renameSync(`${disk}.away`, disk);

  const after = await openHouse(data);
  const entries = await everything(after.store);
  expect(valuesOf(entries)).toEqual(upTo(150));
  expect(inOrder(entries)).toBe(true);
  const numbers = new Map(shown.map(({ boot, seq, item }) => [`${boot} ${seq}`, item]));
  expect(entries.filter(({ boot, seq }) => numbers.has(`${boot} ${seq}`))).toEqual([]);
  const by = (entries.at(-1)?.steady ?? 0) - (shown.at(-1)?.steady ?? 0);
  const alarms = await after.store.cells.load("alarm");
  // Acknowledged before, or meanwhile: acknowledged.
  expect(alarms.get("a")).toEqual(alarm("acked", {}));
  expect(alarms.get("b")).toEqual(alarm("acked", { timers: { on: 5 + by }, frozenAt: 7 + by }));
  expect([...(await after.store.cells.load("account"))]).toEqual([["me", "mine"]]);
}, 30_000);

test("what was too much for the memory is a gap with its cause, and counted", async () => {
  next = 0;
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  for (let i = 0; i < 5; i++) await append(during.store, 1_000);
  await during.close();
  // As retention by size does it: the oldest rows go.
  const db = new DatabaseSync(join(during.folder, STORE_FILE));
  db.exec("DELETE FROM readings WHERE first IN (SELECT first FROM readings ORDER BY first LIMIT 2)");
  db.close();
  heal();

  const after = await openHouse(folder);
  const entries = await everything(after.store);
  const lost = 5_000 - entries.length;
  expect(lost).toBeGreaterThan(0);
  expect(valuesOf(entries)).toEqual(upTo(5_000).slice(lost));
  expect(after.meters.all().find(({ name }) => name === "store_carry_lost_total")?.value).toBe(lost);
  const first = entries[0]?.seq ?? 0;
  expect(after.store.readings.count?.(first - lost - 1, entries.at(-1)?.seq ?? 0)).toBe(5_000 - lost);
}, 30_000);

test("a disk that fails again half-way: nothing is lost, and nothing comes over twice", async () => {
  next = 0;
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder);
  for (let i = 0; i < 6; i++) await append(during.store, 20_000);
  await during.close();
  heal();
  const door = await openDoor(folder);
  failAfter(2, door);
  await expect(carry(during.folder, folder, door, clock)).rejects.toThrow(/thread has ended/);
  expect(rowsIn(folder)).toBeGreaterThan(0);
  expect(rowsIn(folder)).toBeLessThan(120_000);

  const after = await openHouse(folder);
  expect(valuesOf(await everything(after.store))).toEqual(upTo(120_000));
}, 60_000);

/** The writer behind the door ends once it has taken so many commits with rows. */
function failAfter(commits: number, { writer }: Door): void {
  const ask: (call: WriterCall) => Promise<unknown> = writer.ask.bind(writer);
  const counted = async (call: WriterCall) => {
    const answer = await ask(call);
    if (call.call === "commit" && call.commit.rows.length > 0 && --commits === 0) await writer.end();
    return answer;
  };
  Object.assign(writer, { ask: counted });
}

function rowsIn(folder: string): number {
  const db = new DatabaseSync(join(folder, STORE_FILE), { readOnly: true });
  try {
    return Number(db.prepare("SELECT coalesce(sum(n), 0) AS n FROM readings").get()?.n ?? 0);
  } finally {
    db.close();
  }
}

test("a second gateway on the same folder is refused, whether the first is on the disk or in memory", async () => {
  const folder = temporaryFolder();
  const first = await openHouse(folder);
  await expect(openHouse(folder)).rejects.toThrow(/another Vigie \(process \d+\) already uses this data folder/);
  await first.close();
  const heal = spoiled(folder);
  const second = await openHouse(folder);
  expect(second.standIn).toBeDefined();
  await expect(openHouse(folder)).rejects.toThrow(/another Vigie/);
  heal();
  // Also once the disk is good again: what the first one has must come over first.
  await expect(openHouse(folder)).rejects.toThrow(/another Vigie/);
  await second.close();
  await openHouse(folder);
}, 30_000);

test("a store from a newer Vigie, and a file in the place of the folder, are refused, and nothing goes on from memory", async () => {
  const folder = temporaryFolder();
  await (await openHouse(folder)).close();
  const file = join(folder, STORE_FILE);
  const db = new DatabaseSync(file);
  db.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const before = readFileSync(file);
  await expect(openHouse(folder)).rejects.toThrow(/newer Vigie/);
  await expect(openHouse(file)).rejects.toThrow(/is a file, not a folder/);
  expect(readFileSync(file).equals(before)).toBe(true);
});
