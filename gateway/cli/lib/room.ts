import { join } from "node:path";

/** Readings per second from which speed is worth more than memory. */
const LARGE = 2_000;

/**
 * V8's memory can only be laid out at the start of a process, and the site file is not read until then: a large site starts
 * the same process anew, once, with a young generation that its readings fit into (`bin.mjs` holds both sets of flags).
 */
export function makeRoom(readingsPerSecond: number): void {
  if (readingsPerSecond < LARGE || process.env.VIGIE_SITE === "large" || !process.execve) return;
  const program = [process.execPath, join(import.meta.dirname, "../../bin.mjs"), ...process.argv.slice(2)];
  process.execve(process.execPath, program, { ...process.env, VIGIE_SITE: "large" });
}
