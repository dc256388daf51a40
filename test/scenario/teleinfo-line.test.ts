import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import plugin from "../../gateway/drivers/teleinfo.ts";
import { describeWith } from "../need.ts";
import { driverContext, Running } from "../sim/modbus/driver.ts";
import { ptyLine, stopPeers } from "../sim/modbus/peers.ts";
import { historique, standard } from "../sim/teleinfo.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  stopPeers();
});

/** A meter on a serial line: whoever listens at its rate hears frames, at another one noise. The rates that were tried, in order. */
async function meter(rate: number, frame: Buffer): Promise<{ port: string; tried: number[] }> {
  const line = await ptyLine();
  const far = openSync(line.slave, "w");
  const tried: number[] = [];
  const timer = setInterval(() => {
    const heard = Number(execFileSync("stty", ["-F", line.master, "speed"], { encoding: "utf8" }));
    if (heard !== tried.at(-1)) tried.push(heard);
    writeSync(far, heard === rate ? frame : frame.map((byte, i) => (byte * 31 + i) & 0x7f));
  }, 250);
  closing.push(
    () => clearInterval(timer),
    () => closeSync(far),
  );
  return { port: line.master, tried };
}

describeWith(["socat"], "a meter on a serial port", () => {
  test.each([
    ["historique", 1_200, historique, 2587.174],
    ["standard", 9_600, standard, 4815.162],
  ] as const)(
    "whose mode nobody told is heard at its own rate: %s",
    { timeout: 30_000 },
    async (_, rate, frame, energy) => {
      const { port, tried } = await meter(rate, frame);
      const context = driverContext("linky");
      const options = plugin.options.parse({ port, machine: "site", every: "1s", signals: ["energy_import"] });
      const running = new Running(plugin.create(options, context));
      closing.unshift(() => running.stop());
      await running.until(() => running.latest["site/energy_import"] === energy, 25_000);
      expect(tried.at(-1)).toBe(rate);
      if (rate === 1_200) {
        expect(tried).toContain(9_600);
        expect(context.lines.some((said) => said.includes("1200"))).toBe(true);
      }
      await running.stop();
    },
  );
});
