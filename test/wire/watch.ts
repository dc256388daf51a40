import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

/**
 * Tests that let something be written, and why. In every other one a Modbus write on a wire fails the whole run: a gateway
 * without a declared output, and without a person's own command, only ever asks.
 */
const declared: Readonly<Record<string, string>> = {
  "test/scenario/modbus-outputs.test.ts": "a stack light: a declared output",
  "test/scenario/modbus-commissioning.test.ts": "a person's own command: vigie scan --write-id",
  "test/unit/notifiers/stacklight.test.ts": "a stack light: declared coils",
};

const line = z.object({
  test: z.string(),
  program: z.string(),
  reads: z.number().optional(),
  code: z.number().optional(),
  frame: z.string().optional(),
});

/** Around a whole run of vitest: every process that a test starts is sniffed, and what was seen is judged at the end. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "vigie-wire-"));
  const log = join(folder, "wire.jsonl");
  const sniffer = pathToFileURL(join(import.meta.dirname, "sniff.mjs")).href;
  process.env.VIGIE_WIRE_LOG = log;
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import ${sniffer}`.trim();
  return () => {
    const { reads, undeclared } = judge(log);
    rmSync(folder, { recursive: true, force: true });
    console.log(`Modbus on every wire of this run: ${reads} questions seen, ${undeclared.length} undeclared writes`);
    if (undeclared.length > 0) throw new Error(`Modbus writes nobody declared:\n${undeclared.join("\n")}`);
  };
}

/** How many questions were seen, and each write in a test that has declared none. */
export function judge(log: string): { reads: number; undeclared: string[] } {
  const text = existsSync(log) ? readFileSync(log, "utf8") : "";
  const lines = text
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => line.parse(JSON.parse(row)));
  const undeclared = lines
    .map((row) => ({ ...row, file: relative(join(import.meta.dirname, "../.."), row.test) }))
    .filter(({ code, file }) => code !== undefined && !(file in declared))
    .map(({ file, program, code, frame }) => `${file}: code ${code}, ${frame}, by ${program}`);
  return { reads: lines.reduce((sum, { reads = 0 }) => sum + reads, 0), undeclared };
}
