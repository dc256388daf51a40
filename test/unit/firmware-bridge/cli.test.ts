import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const vigie = (...args: string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, "../../../gateway/bin.mjs"), ...args], {
    env: { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "" },
  });

test("`vigie node dump` shows what the node of `vigie node fake` says", async () => {
  const fake = vigie("node", "fake");
  const lines: string[] = [];
  try {
    const [address] = await new Promise<string[]>((resolve) =>
      fake.stdout.once("data", (d) => resolve(String(d).split("\n"))),
    );
    const dump = vigie("node", "dump", address ?? "");
    try {
      for await (const line of createInterface(dump.stdout)) {
        lines.push(line);
        if (line.includes("probe = ") && lines.some((l) => l.includes("temp = "))) break;
      }
    } finally {
      dump.kill();
    }
  } finally {
    fake.kill();
  }
  const text = lines.join("\n");
  expect(text).toMatch(/^hello .*"id":"fake-node"/m);
  expect(text).toMatch(/^channel .*"name":"z".*"unit":"\[g\]"/m);
  expect(text).toMatch(/s {2}temp = 4\d\.?\d* Cel/);
  expect(text).toMatch(/s {2}probe = sensor_open/);
});

test("without a port it says how it is used", async () => {
  const told = vigie("node", "dump");
  const text = await new Promise<string>((resolve) => told.stderr.once("data", (d) => resolve(String(d))));
  expect(text).toContain("Usage: vigie node dump PORT");
  expect(await new Promise((resolve) => told.once("exit", resolve))).toBe(2);
});
