import { appendFileSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { Audit, readChain } from "../../../gateway/web/access/audit.ts";
import { quiet } from "../../sim/peers/kit.ts";

const opened = async (folder = mkdtempSync(join(tmpdir(), "vigie-audit-"))) => {
  const audit = await Audit.open({ folder, clock, meters: new Meters(), say: quiet });
  const at = (name: string) => join(folder, "audit", name);
  return { audit, folder, at, chain: () => readChain(readFileSync(at("audit.jsonl"), "utf8")) };
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
