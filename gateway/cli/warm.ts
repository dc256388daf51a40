import { glob } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const summary = {
  fr: "compile tout une fois, pour que les démarrages soient rapides (fait par l'installation)",
  en: "compiles everything once, so that starts are quick (done by the installation)",
};

export const usage = {
  fr: "Usage : vigie warm",
  en: "Usage: vigie warm",
};

const PROGRAM = join(import.meta.dirname, "../..");

/**
 * Loads every module there is; Node keeps the compiled code in node_modules/.cache/vigie. One that is missing there costs
 * every start the TypeScript stripper: 20 MB.
 */
export async function run(): Promise<number> {
  for await (const file of glob(["gateway/**/*.ts", "firmware-bridge/**/*.ts"], { cwd: PROGRAM }))
    await import(pathToFileURL(join(PROGRAM, file)).href);
  return 0;
}
