import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { judge } from "../../wire/watch.ts";

const sniffer = pathToFileURL(join(import.meta.dirname, "../../wire/sniff.mjs")).href;

/** What the sniffer says of a process of its own that does this. */
function sniffed(program: string, testFile: string) {
  const folder = mkdtempSync(join(tmpdir(), "vigie-sniff-"));
  const file = join(folder, "program.mjs");
  const log = join(folder, "wire.jsonl");
  writeFileSync(file, program);
  const env = { ...process.env, NODE_OPTIONS: `--import ${sniffer}`, VIGIE_WIRE_LOG: log, VIGIE_TEST_FILE: testFile };
  execFileSync(process.execPath, [file], { env });
  return judge(log);
}

const overTcp = (hex: string) => `
import net from "node:net";
const server = net.createServer((socket) => socket.resume().on("end", () => process.exit())).listen(0, "127.0.0.1", () => {
  const socket = net.connect(server.address().port, "127.0.0.1", () => socket.end(Buffer.from("${hex}", "hex")));
});`;

const overSerial = (hex: string) => `
import fs from "node:fs";
fs.open("/dev/null", "w", (_, fd) => fs.write(fd, Buffer.from("${hex}", "hex"), () => process.exit()));`;

const elsewhere = join(import.meta.dirname, "../../unit/other.test.ts");

test.each([
  ["a coil over TCP", overTcp("000200000006010500 03ff00".replaceAll(" ", "")), 5],
  ["registers over TCP", overTcp("00010000000b0110000a0002040001 0002".replaceAll(" ", "")), 16],
  ["a register over RTU", overSerial("010600010003980b"), 6],
])("%s written by any process of a test is found", (_, program, code) => {
  const { undeclared } = sniffed(program, elsewhere);
  expect(undeclared.length).toBe(1);
  expect(undeclared[0]).toContain(`code ${code}`);
});

test("what reads is counted and allowed; a damaged frame, an answer and other bytes are nothing", () => {
  expect(sniffed(overTcp("000100000006010300000002"), elsewhere)).toEqual({ reads: 1, undeclared: [] });
  expect(sniffed(overSerial("010300000002c40b"), elsewhere)).toEqual({ reads: 1, undeclared: [] });
  expect(sniffed(overSerial("010600010003980c"), elsewhere)).toEqual({ reads: 0, undeclared: [] });
  expect(sniffed(overTcp("0001000000070103040102 0304".replaceAll(" ", "")), elsewhere).reads).toBe(0);
});

test("a test that has declared its output may write", () => {
  const declared = join(import.meta.dirname, "../notifiers/stacklight.test.ts");
  expect(sniffed(overTcp("00020000000601050003ff00"), declared).undeclared).toEqual([]);
});
