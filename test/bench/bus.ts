import { parseArgs } from "node:util";
import { paceOf, TURNAROUND } from "../../gateway/drivers/modbus/copper.ts";
import { greedyDriver, modbusDriver, Running } from "../sim/modbus/driver.ts";
import { libmodbusTcp, pacedSlaves, stopPeers } from "../sim/modbus/peers.ts";

/**
 * `npm run bench -- bus [--seconds 10] [--part ceiling|devices|tcp]`: how much of a serial line's ceiling the driver uses, what it costs, how steady it is, and
 * what two dead slaves of ten do to the others. The slaves are `test/sim/modbus/pace.c` on a pseudo terminal: characters, silences and
 * a turnaround of 5 ms in real time.
 */
const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" }, part: { type: "string" } } });
const seconds = Number(values.seconds);
const WARM_UP = 2_000;
const BITS = 10;

const words = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`r${at}`, { at, table: "holding", type: "u16", unit: "1" }]),
  );

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One request as the copper allows it: characters, a silence before and behind the answer, the slave's own 5 ms. */
function ceilingCycle(baud: number, registers: number): number {
  const { char, gap } = paceOf({ port: "/dev/x", baud, parity: "none", stop_bits: 1 });
  return (8 + 5 + 2 * registers) * char + 2 * gap + TURNAROUND;
}

async function utilisation(baud: number, registers: number) {
  const slaves = await pacedSlaves({ baud, bits: BITS, turnaround: TURNAROUND, units: [1] });
  const signals = words(registers);
  const device = { id: "d", slave: 1, every: "10ms", machine: "m", signals };
  const running = new Running(greedyDriver({ port: slaves.path, baud, devices: [device] }), false);
  await running.until(() => running.batches > 2);
  await pause(WARM_UP);
  // From answer to answer, so that no part of a cycle is counted.
  const answer = async () => {
    const { good } = running;
    await running.until(() => running.good > good, 5_000);
  };
  await answer();
  const [from, begun, before] = [running.good, performance.now(), process.cpuUsage()];
  await pause(1_000 * seconds);
  await answer();
  const [taken, elapsed, cpu] = [running.good - from, performance.now() - begun, process.cpuUsage(before)];
  await running.stop();
  const counts = await slaves.stop();
  const cycles = taken / registers;
  const { gap } = paceOf({ port: "/dev/x", baud, parity: "none", stop_bits: 1 });
  return {
    baud,
    registers,
    "requests/s": round((cycles * 1_000) / elapsed),
    "ceiling/s": round(1_000 / ceilingCycle(baud, registers)),
    "of ceiling": `${round((100 * cycles * ceilingCycle(baud, registers)) / elapsed)} %`,
    "CPU µs/reading": round((cpu.user + cpu.system) / taken),
    "CPU %": round((cpu.user + cpu.system) / elapsed / 10),
    "silence µs": `${counts.mean_silence_us} (${counts.shortest_silence_us} to be kept: ${Math.round(1_000 * gap)})`,
    "hasty questions": counts.hasty,
    "bad readings": running.bad,
  };
}

/** Ten devices of ten registers, once a second each, `dead` of them silent from the start. */
async function ten(baud: number, dead: number) {
  const units = Array.from({ length: 10 }, (_, i) => i + 1);
  const slaves = await pacedSlaves({ baud, bits: BITS, turnaround: TURNAROUND, units: units.slice(dead) });
  const devices = units.map((slave) => ({
    id: `d${slave}`,
    slave,
    every: "1s",
    machine: `m${slave}`,
    signals: words(10),
  }));
  const running = new Running(modbusDriver({ port: slaves.path, baud, devices }));
  await running.until(() => running.of("m10/r0").length > 0);
  await pause(WARM_UP);
  const from = running.readings.length;
  await pause(1_000 * seconds);
  const window = running.readings.slice(from);
  await running.stop();
  await slaves.stop();
  const alive = units.slice(dead);
  const rates = alive.map(
    (unit) => window.filter((r) => r.point === `m${unit}/r0` && r.quality === "good").length / seconds,
  );
  const late = alive.flatMap((unit) => {
    const times = window.filter((r) => r.point === `m${unit}/r0`).map((r) => r.t);
    return times.slice(1).map((t, i) => Math.abs(t - (times[i] ?? t) - 1_000));
  });
  late.sort((a, b) => a - b);
  return {
    baud,
    dead,
    "slowest of the others": `${round(100 * Math.min(...rates))} %`,
    "bad of the others":
      window.filter((r) => r.quality === "bad" && !r.point.match(dead ? /^m[12]\// : /^$/)).length / 10,
    "bad readings/s of a dead one": dead
      ? window.filter((r) => r.point === "m1/r0" && r.quality === "bad").length / seconds
      : "",
    "jitter p50 ms": late[Math.floor(late.length / 2)],
    "jitter p99 ms": late[Math.floor(late.length * 0.99)],
  };
}

/** Ten Modbus TCP slaves (libmodbus) of a hundred registers, ten times a second: what the driver alone costs. */
async function tcp() {
  const ports = await Promise.all(Array.from({ length: 10 }, libmodbusTcp));
  const running = ports.map((port, i) => {
    const device = { id: "d", slave: 1, every: "100ms", machine: `m${i}`, signals: words(100) };
    return new Running(modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [device] }), false);
  });
  const taken = () => running.reduce((sum, { good }) => sum + good, 0);
  await pause(WARM_UP);
  const [from, before] = [taken(), process.cpuUsage()];
  await pause(1_000 * seconds);
  const [count, cpu] = [taken() - from, process.cpuUsage(before)];
  await Promise.all(running.map((one) => one.stop()));
  return {
    "readings/s": round(count / seconds),
    "CPU µs/reading, driver alone": Math.round((100 * (cpu.user + cpu.system)) / count) / 100,
    "RSS MB": Math.round(process.memoryUsage.rss() / 1e6),
  };
}

const round = (n: number) => Math.round(10 * n) / 10;

try {
  const wants = (part: string) => values.part === undefined || values.part === part;
  if (wants("ceiling")) {
    const lines = [];
    for (const registers of [125, 10])
      for (const baud of [9_600, 19_200, 115_200]) lines.push(await utilisation(baud, registers));
    console.table(lines);
  }
  if (wants("devices")) console.table([await ten(9_600, 0), await ten(9_600, 2), await ten(19_200, 0)]);
  if (wants("tcp")) console.table([await tcp()]);
} finally {
  stopPeers();
}
