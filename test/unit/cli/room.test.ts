import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { launch } from "../../sim/gateway.ts";

/** A site of 100 registers, each read every `every` ms from a port where nobody answers. */
const site = (every: number): string =>
  JSON.stringify({
    site: { id: "s", name: "S", timezone: "Europe/Paris", language: "en" },
    machines: [{ id: "m", name: "M" }],
    web: { open: true },
    drivers: [
      {
        id: "line",
        type: "modbus",
        port: "tcp://127.0.0.1:9",
        devices: [{ id: "d", slave: 1, every: `${every}ms`, machine: "m", signals: registers }],
      },
    ],
  });
const registers = Object.fromEntries(
  Array.from({ length: 100 }, (_, at) => [`r${at}`, { at, table: "holding", type: "u16", unit: "1" }]),
);

test.each([
  [1_000, "--max-semi-space-size=2"],
  [20, "--max-semi-space-size=16"],
])("a reading of 100 registers every %d ms runs with %s, under the pid that was started", async (every, flag) => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-room-"));
  writeFileSync(join(folder, "site.yaml"), site(every));
  const gateway = await launch(["run", "--config", join(folder, "site.yaml")], { data: join(folder, "data") });
  const command = readFileSync(`/proc/${gateway.process.pid}/cmdline`, "utf8").split("\0");
  expect(await gateway.stop()).toBe(0);
  rmSync(folder, { recursive: true });
  expect(command).toContain(flag);
  expect(command.filter((word) => word.startsWith("--max-semi"))).toHaveLength(1);
});
