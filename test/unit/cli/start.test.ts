import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, type RunningGateway } from "../../sim/gateway.ts";

const BIN = join(import.meta.dirname, "../../../gateway/bin.mjs");
const folder = mkdtempSync(join(tmpdir(), "vigie-start-"));
const site = join(folder, "site.yaml");
let running: RunningGateway;

beforeAll(async () => {
  writeFileSync(site, "site: { id: s, name: S, timezone: Europe/Paris }\nweb: { open: true }\n");
  running = await launch(["run", "--config", site], { data: join(folder, "first") });
});
afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true });
});

/** Runs the real program to its end. */
async function vigie(args: readonly string[], language: string): Promise<{ code: number; said: string }> {
  const env = { ...process.env, LANG: language, LC_ALL: "" };
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "pipe"], env, timeout: 20_000 });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  const [code] = await once(child, "close");
  return { code, said };
}

const free = ["--port", "0", "--mqtt-port", "0"];
const run = (name: string, more: readonly string[]) => ["run", "--config", site, "--data", join(folder, name), ...more];

test.each([
  ["a data folder that another one uses", () => run("first", free), 1, /another Vigie .*--data/],
  ["a page port that is taken", () => run("a", ["--port", portOf(running.url)]), 1, /Another program has this port/],
  ["an open page on the whole network", () => run("b", [...free, "--host", "0.0.0.0"]), 1, /this machine only/],
  ["a data folder that is a file", () => ["run", "--config", site, "--data", site, ...free], 1, /cannot be used/],
  ["no site file", () => ["run"], 1, /vigie demo/],
  ["a site file that is not there", () => ["run", "--config", "/none.yaml"], 1, /there is no such file/],
  ["a port that is no number", () => run("c", ["--port", "eighty"]), 2, /whole number/],
  ["an option that does not exist", () => run("d", ["--prot", "1"]), 2, /--prot/],
  ["a command that does not exist", () => ["rum"], 2, /run/],
])("%s: told in a few lines, with what to do, and without a stack", async (_, args, code, words) => {
  const { code: ended, said } = await vigie(args(), "en_US.UTF-8");
  expect(said).toMatch(words);
  expect(said).not.toMatch(/^\s+at .*[(:]\d+/m);
  expect(said.trim().split("\n").length).toBeLessThan(50);
  expect(ended).toBe(code);
});

test("a point that nobody knows is no empty table: exit code 1, nothing written, the nearest one named", async () => {
  const args = ["export", "--data", join(folder, "first"), "--point", "gateway/hartbeat"];
  const { code, said } = await vigie(args, "en_US.UTF-8");
  expect(said.trim()).toBe("gateway/hartbeat: no such point – did you mean gateway/heartbeat?");
  expect(code).toBe(1);
});

test("an open page on the whole network is refused in French, too", async () => {
  const { said } = await vigie(run("e", [...free, "--host", "0.0.0.0"]), "fr_FR.UTF-8");
  expect(said).toContain("sans compte");
});

const portOf = (url: string): string => new URL(url).port;
