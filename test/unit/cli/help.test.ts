import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Command } from "../../../gateway/cli.ts";

const folder = join(import.meta.dirname, "../../../gateway/cli");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));

const vigie = (language: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [join(folder, "../bin.mjs"), ...args], {
    env: { ...process.env, LC_ALL: "", LC_MESSAGES: "", LANG: `${language}.UTF-8` },
  });

describe.each(names)("vigie %s", (name) => {
  test("--help names what it does and each of its options, in French and in English", async () => {
    const command = (await import(join(folder, `${name}.ts`))) as Command;
    for (const text of [command.usage.fr, command.usage.en]) {
      expect(text).toMatch(/^Usage ?:/);
      expect(text).toContain(`vigie ${name}`);
      for (const option of optionsOf(name)) expect(text).toContain(`--${option}`);
    }
    expect(command.usage.fr).toMatch(/^Usage :/);
  });
});

/** The options that the source itself hands to `parseArgs`. */
function optionsOf(name: string): string[] {
  const source = readFileSync(join(folder, `${name}.ts`), "utf8");
  return [...source.matchAll(/"?([a-z][a-z-]*)"?: \{ type: "(?:string|boolean)"/g)].map(([, option = ""]) => option);
}

test("the program answers --help, and shows the way after a wrong option", async () => {
  const { stdout } = await vigie("en_GB", "simulate", "--help");
  expect(stdout).toMatch(/^vigie simulate: plays the sensors/);
  expect(stdout).toContain("--json");
  const french = await vigie("fr_FR", "scan", "-h");
  expect(french.stdout).toContain("Changer l'adresse d'un appareil");
  await expect(vigie("en_GB", "ports", "--jsn")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Unknown option '--jsn'[\s\S]*Usage: vigie ports/),
  });
});
