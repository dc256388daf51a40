import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const summary = {
  fr: "compile tout une fois, pour que les démarrages soient rapides (fait par l'installation)",
  en: "compiles everything once, so that starts are quick (done by the installation)",
};

/** Long enough for a first reading, a burst and a page; short enough for an installation. */
const PLAYS = 6_000;

/**
 * Plays the demonstration for a moment, in a folder that is thrown away. Node keeps the compiled code of what was loaded in
 * node_modules/.cache/vigie; one module that is missing there costs every later start the whole TypeScript stripper (20 MB).
 */
export async function run(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), "vigie-warm-"));
  const program = join(import.meta.dirname, "../bin.mjs");
  const flags = ["--data", data, "--port", "0", "--mqtt-port", "0"];
  const demo = spawn(process.execPath, [program, "demo", ...flags], { stdio: "ignore" });
  const stop = setTimeout(() => demo.kill("SIGINT"), PLAYS);
  try {
    await once(demo, "exit");
  } finally {
    clearTimeout(stop);
    await rm(data, { recursive: true, force: true });
  }
  return 0;
}
