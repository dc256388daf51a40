import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pino from "pino";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { openStore } from "../../../gateway/log/store.ts";
import { supervise } from "../../../gateway/supervise.ts";
import { greedyDriver } from "../../sim/modbus/driver.ts";

/**
 * `line.ts PATH BAUD REGISTERS SECONDS`: one line read as fast as it goes, into a real store, in a process of its own, so that its
 * disk can be held up from outside. Prints one line of JSON.
 */
const [path = "", baud = 0, registers = 0, seconds = 0] = process.argv
  .slice(2)
  .map((given, i) => (i === 0 ? given : Number(given))) as [string, number, number, number];
const WARM_UP = 2_000;

const folder = mkdtempSync(join(tmpdir(), "vigie-bench-"));
const meters = new Meters();
const say = pino({ level: "silent" });
const store = await openStore({ folder, clock, meters, say });
const words = Array.from({ length: registers }, (_, at) => [
  `r${at}`,
  { at, table: "holding", type: "u16", unit: "1" },
]);
const device = { id: "d", slave: 1, every: "10ms", machine: "m", signals: Object.fromEntries(words) };
const driver = greedyDriver({ port: path, baud, devices: [device] });
const ending = new AbortController();
const wires = { readings: store.readings, bursts: store.bursts, clock, meters, say, signal: ending.signal };
const running = supervise("line", driver, wires);

const good = () => meters.sum("readings_good_total");
/** The moment of the next answer, so that no part of a cycle is counted. */
async function answer(): Promise<{ at: number; good: number }> {
  const before = good();
  while (good() === before) await pause(1);
  return { at: performance.now(), good: good() };
}

await pause(WARM_UP);
const begun = await answer();
const cpu = process.cpuUsage();
await pause(1_000 * seconds);
const ended = await answer();
const { user, system } = process.cpuUsage(cpu);
ending.abort();
await running.done;
await store.close();
rmSync(folder, { recursive: true });
const taken = ended.good - begun.good;
console.log(
  JSON.stringify({
    cyclesPerSecond: (1_000 * taken) / registers / (ended.at - begun.at),
    cpuPerReading: (user + system) / taken,
    bad: meters.sum("readings_bad_total"),
    stored: meters.sum("readings_stored_total"),
  }),
);
