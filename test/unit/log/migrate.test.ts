import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { good } from "../../../gateway/core/reading.ts";
import { openForReading, openForWriting, troubleOf } from "../../../gateway/log/database.ts";
import { steps, versionOf } from "../../../gateway/log/schema.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { Writing } from "../../../gateway/log/writing.ts";
import { checkNumbers } from "../../kill/damage.ts";
import { script } from "../../kill/migrating.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

const COUNT = 5_000;

/** A store of today with numbered readings, half of them in the history already. */
async function storeOfToday(): Promise<string> {
  const t = await openTestStore();
  for (let n = 0; n < COUNT; ) {
    const items = Array.from({ length: 500 }, () => good(`m/s${n % 5}`, t.clock.now(), n++));
    await running(t.clock, t.store.readings.append(items));
    if (n === COUNT / 2) await running(t.clock, t.store.readings.trim());
  }
  await t.close();
  return join(t.folder, STORE_FILE);
}

test("a store of every earlier version is brought to the newest with all that is in it, and says so", async () => {
  const today = await storeOfToday();
  for (let version = steps.length; version < script.length; version++) {
    const file = join(temporaryFolder(), STORE_FILE);
    copyFileSync(today, file);
    openForWriting(file, script.slice(0, version)).db.close();
    const writing = new Writing(file, script);
    expect(writing.open().remarks).toEqual([`store brought from version ${version} to ${script.length}`]);
    writing.close({});
    expect(checkNumbers(file, COUNT, script)).toEqual({ missing: 0, wrong: 0, recovered: false });
    const db = openForReading(file);
    expect(versionOf(db)).toBe(script.length);
    expect(db.prepare("SELECT id FROM later").get()).toEqual({ id: 7 });
    db.close();
  }
});

test("a step that fails leaves the store as it was, also what the steps before it did", async () => {
  const file = await storeOfToday();
  const broken = [...script, "INSERT INTO nowhere VALUES (1)"];
  expect(() => openForWriting(file, broken)).toThrow(/nowhere/);
  const db = new DatabaseSync(file);
  expect(versionOf(db)).toBe(steps.length);
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'later'").get()).toEqual({ n: 0 });
  db.close();
  expect(checkNumbers(file, COUNT)).toEqual({ missing: 0, wrong: 0, recovered: false });
});

test("a store that went on to a later version is refused by the Vigie of before, byte for byte untouched", async () => {
  const file = await storeOfToday();
  openForWriting(file, script).db.close();
  const before = readFileSync(file);
  const older = new Writing(file);
  expect(() => older.open()).toThrow(/written by a newer Vigie \(version 3, this one knows 1\)/);
  older.close({});
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.runIf(process.getuid?.() === 0)(
  "a migration on a full disk leaves the store as it was, however often it is tried; with room it is done (needs root)",
  async () => {
    const today = await storeOfToday();
    const mount = temporaryFolder();
    const { size } = statSync(today);
    // Room for the store, and for the beginning of what a step wants to write.
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size + 300_000}`, "tmpfs", mount]);
    onTestFinished(() => void execFileSync("umount", ["-l", mount]));
    const file = join(mount, STORE_FILE);
    copyFileSync(today, file);
    const large = [
      ...script,
      "CREATE TABLE large AS SELECT first, body FROM readings; INSERT INTO large SELECT 1, randomblob(4000000)",
    ];
    for (let i = 0; i < 3; i++) {
      // The disk's own words: then everything goes on from memory meanwhile, as with any full disk.
      expect(troubleThrown(() => openForWriting(file, large))).toBe("disk");
      const db = openForReading(file);
      expect(versionOf(db)).toBe(steps.length);
      db.close();
    }
    expect(checkNumbers(file, COUNT)).toEqual({ missing: 0, wrong: 0, recovered: false });
    execFileSync("mount", ["-o", "remount,size=64m", mount]);
    const { db, migrated } = openForWriting(file, large);
    expect(migrated).toEqual({ from: 1, to: large.length });
    expect(db.prepare("SELECT count(*) AS n FROM large").get()?.n).toBeGreaterThan(1);
    db.close();
    expect(checkNumbers(file, COUNT, large)).toEqual({ missing: 0, wrong: 0, recovered: false });
  },
);

function troubleThrown(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return troubleOf(error);
  }
}
