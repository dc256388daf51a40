import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import type { AuditAnswer } from "../../../gateway/core/api.ts";
import type { Cells } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { openGround } from "../../../gateway/log/stand-in.ts";
import { Audit, readChain } from "../../../gateway/web/access/audit.ts";
import { MemoryCells, quiet } from "../../sim/peers/kit.ts";
import { temporaryFolder } from "../../sim/store.ts";
import { anAlarm, world } from "./world.ts";

const opened = async (folder = mkdtempSync(join(tmpdir(), "vigie-audit-")), cells: Cells = new MemoryCells()) => {
  const meters = new Meters();
  const audit = await Audit.open({ folder, cells, clock, meters, say: quiet });
  const at = (name: string) => join(folder, "audit", name);
  return { audit, folder, cells, meters, at, chain: () => readChain(readFileSync(at("audit.jsonl"), "utf8")) };
};
const update = { who: "root", from: "", what: "update-refused", detail: "x.tar.gz: its signature is not ours" };
const visit = { who: "Claire", from: "10.0.0.7", what: "sign-in", detail: "" };

test("what an update laid down stands in the chain before the next line, once", async () => {
  const { audit, at, chain } = await opened();
  appendFileSync(at("inbox.jsonl"), `${JSON.stringify(update)}\n`);
  await audit.note(visit);
  await audit.note({ ...visit, what: "sign-out" });
  const { lines, broken } = chain();
  expect(broken).toBeUndefined();
  expect(lines.map(({ who, what }) => `${who}: ${what}`)).toEqual([
    "root: update-refused",
    "Claire: sign-in",
    "Claire: sign-out",
  ]);
  expect(existsSync(at("inbox.jsonl"))).toBe(false);
});

test("what was laid down before a start is taken in at the start, behind what is there", async () => {
  const first = await opened();
  await first.audit.note(visit);
  appendFileSync(first.at("inbox.jsonl"), `${JSON.stringify(update)}\n`);
  const second = await opened(first.folder);
  expect(second.audit.recent(1)[0]?.what).toBe("update-refused");
  expect(second.chain()).toMatchObject({ lines: { length: 2 } });
});

test("what is no note, says too much, or brings a number of its own is left out; a flood is cut off", async () => {
  const { audit, at, chain } = await opened();
  const rows = [
    "nonsense",
    JSON.stringify({ ...update, n: 7 }),
    JSON.stringify({ ...update, detail: "x".repeat(301) }),
  ];
  appendFileSync(at("inbox.jsonl"), `${rows.join("\n")}\n${`${JSON.stringify(update)}\n`.repeat(200)}`);
  await audit.note(visit);
  expect(chain().lines.length).toBe(98);
  expect(chain().broken).toBeUndefined();
});

/** A list of so many lines, and what the store knows of it. */
const listOf = async (count: number) => {
  const list = await opened();
  for (let i = 0; i < count; i++) await list.audit.note(visit);
  const rows = readFileSync(list.at("audit.jsonl"), "utf8").split("\n").filter(Boolean);
  const write = (some: readonly string[]) =>
    writeFileSync(list.at("audit.jsonl"), some.map((row) => `${row}\n`).join(""));
  return { ...list, rows, write, again: () => opened(list.folder, list.cells) };
};

test.each([
  ["its last lines are cut off", 3, "its end is missing: lines 4 to 5"],
  ["it is emptied", 0, "its end is missing: lines 1 to 5"],
])("a list is said to be damaged at the next start when %s, and once only", async (_, left, finding) => {
  const list = await listOf(5);
  list.write(list.rows.slice(0, left));
  const next = await list.again();
  expect(next.audit.recent(1)[0]).toMatchObject({ n: 6, who: "system", what: "audit-damaged", detail: finding });
  expect(next.chain()).toMatchObject({ lines: { length: 1 } });
  const after = await list.again();
  expect(after.audit.recent(9).map(({ what }) => what)).toEqual(["audit-damaged"]);
});

test("a list that was taken away altogether is said to be damaged at the next start", async () => {
  const list = await listOf(2);
  rmSync(list.at("audit.jsonl"));
  expect((await list.again()).audit.recent(1)[0]).toMatchObject({ n: 3, what: "audit-damaged" });
});

test("a list that was written anew, with a chain that fits, is not the one that the store knows", async () => {
  const [list, forged] = [await listOf(3), await listOf(4)];
  list.write(forged.rows);
  expect((await list.again()).audit.recent(1)[0]).toMatchObject({ detail: "line 3 is not the one that was written" });
});

test("a crash between a line and what the store knows of it is no damage", async () => {
  const list = await listOf(2);
  const known = (await list.cells.load("audit")).get("end");
  await list.audit.note(visit);
  await list.audit.note(visit);
  await list.cells.commit({ cells: [{ kind: "audit", key: "end", value: known }] });
  const next = await list.again();
  expect(next.audit.recent(9).map(({ n, what }) => [n, what])).toEqual([4, 3, 2, 1].map((n) => [n, "sign-in"]));
  expect((await list.cells.load("audit")).get("end")).toMatchObject({ n: 4 });
});

test("a crash between a file put aside and the first line of the next one is no damage", async () => {
  const list = await listOf(2);
  renameSync(list.at("audit.jsonl"), list.at("audit-2.jsonl"));
  const next = await list.again();
  await next.audit.note(visit);
  expect(next.chain().lines.map(({ n, what }) => [n, what])).toEqual([[3, "sign-in"]]);
  expect((await list.again()).audit.recent(9)).toHaveLength(1);
});

test("a list from before the store knew its end is taken as it is", async () => {
  const list = await listOf(2);
  const next = await opened(list.folder);
  expect(next.audit.recent(9)).toHaveLength(2);
  expect((await next.cells.load("audit")).get("end")).toMatchObject({ n: 2 });
});

test("a time on memory, with a list of its own, makes neither list look cut off", async () => {
  const folder = temporaryFolder();
  const lock = join(folder, "lock");
  const listed = async (lines: number) => {
    const ground = await openGround({ folder, clock, meters: new Meters(), say: quiet, evidence: async () => "ntp" });
    const { audit } = await opened(ground.folder, ground.store.cells);
    for (let i = 0; i < lines; i++) await audit.note(visit);
    await ground.store.cells.commit({});
    const said = audit.recent(9).map(({ n, what }) => `${n} ${what}`);
    await ground.store.close();
    return said;
  };
  await listed(3);
  renameSync(lock, `${lock}.away`);
  mkdirSync(lock);
  expect(await listed(1)).toEqual(["1 sign-in"]);
  rmdirSync(lock);
  renameSync(`${lock}.away`, lock);
  expect(await listed(1)).toEqual([4, 3, 2, 1].map((n) => `${n} sign-in`));
});

/** The list's place, as it is with a full disk: ENOSPC at every write, from the kernel. Gives back what was there. */
function fill(file: string): () => void {
  renameSync(file, `${file}.away`);
  symlinkSync("/dev/full", file);
  return () => {
    rmSync(file);
    renameSync(`${file}.away`, file);
  };
}

test("while a disk is full, lines wait and nobody is kept from working; with room they are written, and the chain is whole", async () => {
  const w = await world({ open: true });
  onTestFinished(() => w.web.close());
  const counted = (name: string) => w.parts.meters.sum(name, {});
  const silence = () => fetch(w.api("/alarms/a1/ack"), { method: "POST" });
  w.alarms.all.set("a1", anAlarm("a1"));
  await w.web.audit("updated", "before");
  const mend = fill(join(w.folder, "audit", "audit.jsonl"));
  expect((await silence()).status).toBe(200);
  expect(w.alarms.acts).toMatchObject([{ id: "a1", action: { kind: "ack" } }]);
  await w.web.audit("updated", "meanwhile");
  expect([counted("audit_waiting"), counted("audit_lost_total")]).toEqual([2, 0]);
  expect(await (await fetch(`${w.web.url}/metrics`)).text()).toContain("vigie_audit_waiting 2");
  const shown = (await (await fetch(w.api("/audit"))).json()) as AuditAnswer[];
  expect(shown.map(({ what }) => what)).toEqual(["updated", "alarm-ack", "updated"]);
  expect((await w.cells.load("audit")).get("end")).toMatchObject({ n: 1 });

  mend();
  await w.web.audit("updated", "after");
  expect(counted("audit_waiting")).toBe(0);
  const next = await opened(w.folder, w.cells);
  expect(next.chain()).toMatchObject({ lines: [{ n: 1 }, { n: 2, what: "alarm-ack" }, { n: 3 }, { n: 4 }] });
  expect(next.audit.recent(1)[0]).toMatchObject({ n: 4, detail: "after" });
});

test("more lines than may wait are counted, and their number is a line of its own", async () => {
  const { audit, at, meters, chain } = await opened();
  await audit.note(visit);
  const mend = fill(at("audit.jsonl"));
  await Promise.all(Array.from({ length: 1_007 }, () => audit.note(visit)));
  expect([meters.sum("audit_waiting", {}), meters.sum("audit_lost_total", {})]).toEqual([1_000, 7]);
  mend();
  // The first one finds the room, and is itself one too many.
  await audit.note(visit);
  await expect
    .poll(() => chain().lines.at(-1))
    .toMatchObject({ n: 1_002, what: "audit-lost", detail: expect.stringMatching(/^8 lines/) });
  expect(chain().broken).toBeUndefined();
});

test("what a start finds on disk is whole where the program ended while lines waited", async () => {
  const list = await listOf(2);
  const mend = fill(list.at("audit.jsonl"));
  await list.audit.note(visit);
  mend();
  const next = await list.again();
  expect(next.audit.recent(9).map(({ what }) => what)).toEqual(["sign-in", "sign-in"]);
});

test.runIf(process.getuid?.() === 0)("half a line that a full disk has taken does not break the chain", async () => {
  const folder = temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", [folder]));
  const { audit, at, meters, chain } = await opened(folder);
  await audit.note(visit);
  const filler = join(folder, "readings");
  expect(() => writeFileSync(filler, Buffer.alloc(100_000))).toThrow(/ENOSPC/);
  for (let i = 0; i < 100 && meters.sum("audit_waiting", {}) === 0; i++) await audit.note(visit);
  expect(readFileSync(at("audit.jsonl"), "utf8")).not.toMatch(/\n$/);
  rmSync(filler);
  await audit.note({ ...visit, what: "sign-out" });
  expect(chain()).not.toHaveProperty("broken");
  expect(chain().lines.at(-1)?.what).toBe("sign-out");
});
