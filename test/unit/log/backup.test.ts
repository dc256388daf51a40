import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { run as exportReadings } from "../../../gateway/cli/export.ts";
import { main } from "../../../gateway/cli.ts";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { bad, good } from "../../../gateway/core/reading.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { backUp, restore } from "../../../gateway/log/backup.ts";
import { Audit } from "../../../gateway/web/access/audit.ts";
import { quiet } from "../../sim/peers/kit.ts";
import { openTestStore, running, type TestStore, temporaryFolder } from "../../sim/store.ts";

const T = Date.UTC(2026, 2, 2, 8);

test("a backup taken while the gateway runs, put back after everything was lost, has all that was saved", async () => {
  const [folder, place] = [temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  const t = await openTestStore({ folder });
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 1), good("m/s", t.clock.now(), 2)]));
  await backUp(folder, file, clock);
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 3)]));
  await t.close();

  const fresh = temporaryFolder();
  expect(await restore(fresh, file, clock)).toBeUndefined();
  const again = await openTestStore({ folder: fresh });
  expect((await again.store.readings.after(0, 10)).map((entry) => entry.item)).toMatchObject([
    { value: 1 },
    { value: 2 },
  ]);
});

test("the store that a restore replaces is kept, and numbers given out since the backup are not given out again", async () => {
  const [folder, place] = [temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  const t = await openTestStore({ folder });
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 1)]));
  await t.store.backup(file);
  const newest = await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 2)]));
  await expect(restore(folder, file, clock)).rejects.toThrow(/another Vigie/);
  await t.close();

  const aside = await restore(folder, file, clock);
  expect(readFileSync(join(aside ?? "", "vigie.db")).length).toBeGreaterThan(0);
  const again = await openTestStore({ folder });
  expect(await running(again.clock, again.store.readings.append([good("m/s", again.clock.now(), 3)]))).toBeGreaterThan(
    newest,
  );
});

test("a damaged backup, and a file that is no backup, are refused and nothing is touched", async () => {
  const [folder, place] = [temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  const t = await openTestStore({ folder });
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 1)]));
  await backUp(folder, file, clock);
  await t.close();
  const before = readFileSync(join(folder, "vigie.db"));
  const damaged = readFileSync(file);
  damaged[5_000] = (damaged[5_000] ?? 0) ^ 1;
  writeFileSync(file, damaged);
  await expect(restore(folder, file, clock)).rejects.toThrow(/is damaged: its checksum/);
  writeFileSync(join(place, "letter.txt"), "Bonjour");
  await expect(restore(folder, join(place, "letter.txt"), clock)).rejects.toThrow(/is not a/);
  expect(readFileSync(join(folder, "vigie.db")).equals(before)).toBe(true);
});

test("photographs and the audit list come back with the store; what is there already is never overwritten", async () => {
  const [folder, place, fresh] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  const t = await openTestStore({ folder });
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 1)]));
  const photo = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
  const put = (at: string, name: string, body: string | Buffer) => {
    mkdirSync(join(at, dirname(name)), { recursive: true });
    writeFileSync(join(at, name), body);
  };
  put(folder, "photos/ab12", photo);
  put(folder, "photos/half.new", "a photograph that was never whole");
  put(folder, "audit/audit.jsonl", "old list\n");
  put(folder, "audit/audit-400.jsonl", "older list\n");
  await t.store.backup(file);
  await t.close();

  put(fresh, "audit/audit.jsonl", "what was done here since\n");
  await restore(fresh, file, clock);
  expect(readFileSync(join(fresh, "photos/ab12")).equals(photo)).toBe(true);
  expect(readdirSync(join(fresh, "photos"))).toEqual(["ab12"]);
  const audit = readdirSync(join(fresh, "audit")).sort();
  expect(audit).toEqual(["audit-400.jsonl", "audit.jsonl", expect.stringMatching(/^from-backup-\d+-audit\.jsonl$/)]);
  const read = audit.map((name) => readFileSync(join(fresh, "audit", name), "utf8"));
  expect(read).toEqual(["older list\n", "what was done here since\n", "old list\n"]);
  const again = await openTestStore({ folder: fresh });
  expect(await again.store.readings.after(0, 10)).toHaveLength(1);
  await again.close();
  // The photographs do not lie in the store for ever after.
  expect(readFileSync(join(fresh, "vigie.db")).includes(photo.subarray(0, 64))).toBe(false);
});

test("a backup that comes back leaves the audit list whole: on a fresh disk, over what is there, and where only the list is left", async () => {
  const [folder, place] = [temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  const noted = await listed(folder, 5, async ({ store }) => store.backup(file));
  expect(noted).toHaveLength(5);

  const fresh = temporaryFolder();
  await restore(fresh, file, clock);
  expect(await listed(fresh, 1)).toEqual([6, 5, 4, 3, 2, 1].map((n) => `${n} backup`));
  // Another box, or the same one set up anew: its own list is shorter than the backup's, and stays.
  const other = temporaryFolder();
  await listed(other, 2);
  await restore(other, file, clock);
  expect(await listed(other, 1)).toEqual(["3 backup", "2 backup", "1 backup"]);
  const bare = temporaryFolder();
  await listed(bare, 1);
  rmSync(join(bare, "vigie.db"));
  await restore(bare, file, clock);
  expect(await listed(bare, 0)).toEqual(["1 backup"]);
  // Cut off before the restore, which hides nothing.
  writeFileSync(join(other, "audit/audit.jsonl"), "");
  await restore(other, file, clock);
  expect(await listed(other, 0)).toEqual(["4 audit-damaged"]);
});

/** A gateway for a while, with so many new lines in its audit list: what the list says then, newest first. */
async function listed(folder: string, lines: number, more?: (t: TestStore) => Promise<void>): Promise<string[]> {
  const t = await openTestStore({ folder });
  const { cells } = t.store;
  const audit = await Audit.open({ folder, cells, clock, meters: new Meters(), say: quiet });
  for (let i = 0; i < lines; i++) await audit.note({ who: "Claire", from: "", what: "backup", detail: "" });
  await running(t.clock, cells.commit({}));
  await more?.(t);
  await t.close();
  return audit.recent(99).map(({ n, what }) => `${n} ${what}`);
}

test("what root puts back belongs to the user of the folder, who is to write on", async () => {
  const [folder, place] = [temporaryFolder(), temporaryFolder()];
  const file = join(place, "vigie.backup");
  mkdirSync(join(folder, "photos"));
  writeFileSync(join(folder, "photos", "1.jpg"), "a photograph");
  const t = await openTestStore({ folder });
  await running(t.clock, t.store.readings.append([good("m/s", t.clock.now(), 1)]));
  await t.store.backup(file);
  await t.close();

  const fresh = temporaryFolder();
  const user = process.getuid?.() === 0 ? 12_345 : (process.getuid?.() ?? 0);
  chownSync(fresh, user, process.getgid?.() ?? 0);
  for (let again = 0; again < 2; again++) await restore(fresh, file, clock);
  const left = readdirSync(fresh, { recursive: true, encoding: "utf8" });
  expect(left).toEqual(expect.arrayContaining(["vigie.db", "photos/1.jpg"]));
  expect(left.filter((name) => lstatSync(join(fresh, name)).uid !== user)).toEqual([]);
});

test.each([
  ["backup"],
  ["restore"],
] as const)("vigie %s without a file, or with two, says how it is used", async (command) => {
  const complaint = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect([await main([command]), await main([command, "a", "b"])]).toEqual([2, 2]);
  expect(complaint.mock.calls.every(([words]) => new RegExp(`vigie ${command} (FILE|FICHIER)`).test(words))).toBe(true);
  complaint.mockRestore();
});

test.each([
  [["--format", "csv"], "time,m/s,why\r\n2026-03-02T08:00:00.000Z,1.5,\r\n2026-03-02T08:00:01.000Z,,timeout\r\n"],
  [
    ["--decimal-comma", "--unit", "Cel"],
    "\ufefftime;m/s [Cel];why\r\n2026-03-02T08:00:00.000Z;1,5;\r\n2026-03-02T08:00:01.000Z;;timeout\r\n",
  ],
  [["--format", "json"], `[\n{"t":${T},"value":1.5},\n{"t":${T + 1_000},"value":null,"why":"timeout"}\n]\n`],
  [
    ["--format", "line-protocol"],
    `reading,machine=m,signal=s value=1.5,quality="good" ${T}000000\nreading,machine=m,signal=s quality="bad",why="timeout" ${T + 1_000}000000\n`,
  ],
])("vigie export %j", async (flags, wanted) => {
  const [folder, out] = [temporaryFolder(), join(temporaryFolder(), "out")];
  const t = await openTestStore({ folder });
  expect(t.clock.now()).toBeGreaterThanOrEqual(T);
  const readings = [good("m/s", epochMs(T), 1.5), bad("m/s", epochMs(T + 1_000), "timeout")];
  await running(t.clock, t.store.readings.append(readings));
  const span = ["--from", "2026-03-02T08:00:00Z", "--to", "2026-03-02T09:00:00Z"];
  expect(await exportReadings(["--point", "m/s", "--data", folder, "--out", out, ...span, ...flags])).toBe(0);
  expect(readFileSync(out, "utf8")).toBe(wanted);
});

test("an export without a store says so", async () => {
  await expect(exportReadings(["--point", "m/s", "--data", temporaryFolder()])).rejects.toThrow(/holds no store/);
});
